//! What real catalogs look like: each kind of untidiness is told, and what can be taken over is.

use serde_json::json;

use super::{World, counted, folder, read_paths, told, told_once};
use crate::{
    catalog::services::rules::Lifecycle,
    exchange::import::{Format, Reading},
    shared::{draft::Draft, write::now},
};

const COMPONENT: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\nspec:\n  lifecycle: production\n  owner: user:u\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: u}\nspec: {memberOf: []}\n";

/// Imports the component with something replaced.
fn with(from: &str, to: &str) -> (World, super::Imported) {
    assert!(COMPONENT.contains(from));
    let mut world = World::default();
    let imported = world.backstage(&COMPONENT.replacen(from, to, 1));
    (world, imported)
}

#[test]
fn of_an_entity_that_comes_twice_the_first_counts() {
    let twice = format!(
        "{COMPONENT}---\n{}",
        COMPONENT
            .replacen("  name: a", "  name: A\n  title: Other", 1)
            .split("---")
            .next()
            .unwrap()
    );
    let mut world = World::default();
    let imported = world.backstage(&twice);
    told_once(
        &imported,
        "warning",
        "`component:default/a` is described at line 4, column 9 already; this one has another `metadata.name`, `metadata.title`",
    );
    assert_eq!(world.service("a").header.name, "a");
}

#[test]
fn an_unknown_lifecycle_counts_as_live() {
    let (world, imported) = with("production", "stabil");
    told_once(
        &imported,
        "warning",
        "line 6, column 14: warning: the lifecycle `stabil`",
    );
    let service = world.service("a");
    assert_eq!(service.lifecycle, Lifecycle::Live);
    assert_eq!(
        service.header.annotations["backstage.io/spec.lifecycle"],
        "stabil"
    );
}

#[test]
fn a_link_that_leads_nowhere_is_kept_as_an_annotation() {
    let (world, imported) = with(
        "  name: a",
        "  name: a\n  links:\n    - url: 'javascript:alert(1)'\n    - {url: 'https://ok.example', icon: x}",
    );
    told_once(&imported, "warning", "line 6, column 12");
    let service = world.service("a");
    assert_eq!(service.links.len(), 1);
    assert_eq!(
        service.header.annotations["backstage.io/metadata.links"],
        json!([{ "url": "javascript:alert(1)" }, { "url": "https://ok.example", "icon": "x" }])
    );
}

#[test]
fn unknown_fields_survive_and_are_told() {
    let (world, imported) = with("  owner", "  onwer: {name: typo}\n  owner");
    told_once(
        &imported,
        "warning",
        "line 7, column 3: warning: Backstage knows no field `spec.onwer`",
    );
    assert_eq!(
        world.service("a").header.annotations["backstage.io/spec.onwer"],
        json!({ "name": "typo" })
    );
}

#[test]
fn references_that_cannot_be_are_kept_as_annotations() {
    for (spec, words) in [
        ("  owner: component:b", "no group or user"),
        ("  owner: 'a:b:c'", "no reference"),
        ("  owner: '${{ values.owner }}'", "no reference"),
    ] {
        let (world, imported) = with("  owner: user:u", spec);
        told_once(&imported, "warning", words);
        assert!(
            world
                .service("a")
                .header
                .annotations
                .contains_key("backstage.io/spec.owner")
        );
    }
    let (world, imported) = with(
        "  owner: user:u",
        "  owner: user:u\n  dependsOn: ['group:g', 'x y', 'component:a']",
    );
    assert_eq!(
        imported.problems.warnings().count(),
        3,
        "{:#?}",
        told(&imported)
    );
    assert_eq!(
        world.service("a").header.annotations["backstage.io/spec.dependsOn"],
        json!(["x y", "group:default/g"])
    );
}

#[test]
fn a_missing_owner_or_lifecycle_is_told() {
    let (_, imported) = with("  owner: user:u\n", "");
    told_once(
        &imported,
        "warning",
        "`component:default/a` has no `spec.owner`",
    );
    let (world, imported) = with("  lifecycle: production\n", "");
    told_once(&imported, "warning", "has no `spec.lifecycle`");
    assert_eq!(world.service("a").lifecycle, Lifecycle::Live);
}

#[test]
fn what_the_rules_refuse_is_left_out_and_told() {
    let (world, imported) = with("  name: a", "  name: a\n  tags: ['two words']");
    told_once(&imported, "warning", "line 5, column 9: warning: tags");
    assert!(world.service("a").tags.is_empty());
    let (world, imported) = with(
        "  name: a",
        &format!("  name: a\n  title: {}", "x".repeat(300)),
    );
    told_once(&imported, "warning", "it is called a");
    assert_eq!(world.service("a").header.name, "a");
}

#[test]
fn unknown_kinds_and_other_documents_are_left_out() {
    for (from, to, words) in [
        (
            "kind: Component",
            "kind: Playlist",
            "line 2, column 7: warning: Kundig has nothing",
        ),
        ("backstage.io/v1alpha1", "apps/v1", "of `apps/v1`"),
        (
            "apiVersion: backstage.io/v1alpha1\n",
            "",
            "no catalog entity",
        ),
    ] {
        let (world, imported) = with(from, to);
        told_once(&imported, "warning", words);
        assert_eq!(imported.summary, counted(1, 0, 0));
        assert_eq!(world.catalog.services.len(), 0);
    }
}

#[test]
fn a_descriptor_that_is_to_be_filled_in_is_left_out() {
    let (world, imported) = with("name: a", "name: ${{ values.name | dump }}");
    told_once(&imported, "warning", "to be filled in by a template");
    assert_eq!(world.catalog.services.len(), 0);
}

#[test]
fn wrong_types_are_errors_and_told_all_at_once() {
    let mut world = World::default();
    let imported = world.backstage(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: 5}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {title: x}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ok, tags: [1, {a: b}], links: nope}\nspec: {owner: 5, lifecycle: [x], dependsOn: x}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: [1]\n---\n\
         a: [1\n",
    );
    let errors: Vec<_> = told(&imported)
        .into_iter()
        .filter(|line| line.contains(": error: "))
        .collect();
    let expected = [
        "line 3, column 18: error: `metadata.name` must be a string, not a number; put it in quotes",
        "line 7, column 11: error: `metadata.name` is missing",
        "line 11, column 29: error: `metadata.tags` has an item that must be a string, not a number; put it in quotes",
        "line 11, column 32: error: `metadata.tags` has an item that must be a string, not a mapping",
        "line 11, column 48: error: `metadata.links` must be a list of mappings, not a string",
        "line 12, column 15: error: `spec.owner` must be a string, not a number; put it in quotes",
        "line 12, column 29: error: `spec.lifecycle` must be a string, not a list",
        "line 12, column 45: error: `spec.dependsOn` must be a list of strings, not a string",
        "line 16, column 11: error: `metadata` must be a mapping, not a list",
    ];
    for line in expected {
        assert!(
            errors.iter().any(|told| told == line),
            "{line}\n{errors:#?}"
        );
    }
    assert!(
        errors
            .iter()
            .any(|line| line.starts_with("line 18") || line.starts_with("line 19")),
        "{errors:#?}"
    );
    assert!(world.catalog.is_empty(), "nothing is taken over");
}

#[test]
fn files_in_a_folder_are_told_apart() {
    let folder = folder(&[
        ("catalog-info.yaml", COMPONENT),
        (
            "chart/templates/deployment.yaml",
            "{{- if .Values.x }}\nkind: Deployment\n{{- end }}\n",
        ),
        (
            "deploy/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: {{ name }}}\n",
        ),
        ("deploy/config.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
        ("mkdocs.yml", "site_name: x\n"),
    ]);
    let mut world = World::default();
    let imported = world.take(&read_paths(&[folder.path()]));
    let told = told(&imported);
    assert_eq!(imported.summary, counted(2, 0, 0));
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(
        told.iter().all(|line| line.contains(": warning: ")),
        "{told:#?}"
    );
    assert_eq!(
        told.iter()
            .filter(|line| line.contains("template of a file"))
            .count(),
        2
    );

    std::fs::write(folder.path().join("broken.yaml"), "a: [1\n").unwrap();
    let imported = world.take(&read_paths(&[folder.path()]));
    assert_eq!(
        imported.problems.errors().count(),
        1,
        "a file that is no template is broken wherever it lies"
    );
}

#[test]
fn a_text_of_a_mutation_is_no_template_of_a_file() {
    let mut world = World::default();
    let imported = world.backstage("apiVersion: {{ version }}\n");
    assert!(imported.problems.has_errors());
}

#[test]
fn web_addresses_are_never_fetched() {
    let mut world = World::default();
    let imported = world.backstage(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec:\n  parameters:\n    - $yaml: https://example.org/page.yaml\n    - properties: {a: {}}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec:\n  targets:\n    - https://example.org/all.yaml\n    - ./beside.yaml\n",
    );
    let told = told(&imported);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(
        told[0].starts_with(
            "line 6, column 7: warning: $yaml: `https://example.org/page.yaml` is a web address"
        ),
        "{told:#?}"
    );
    assert!(
        told[1].starts_with(
            "line 14, column 7: warning: `https://example.org/all.yaml` is a web address"
        ),
        "{told:#?}"
    );
    assert!(
        told[2].starts_with("line 15, column 7: warning: `./beside.yaml` is a file"),
        "{told:#?}"
    );
    let offering = world.offering("t");
    assert_eq!(offering.input_schema["properties"], json!({ "a": {} }));
    assert_eq!(
        offering.header.annotations["backstage.io/spec.parameters"][0],
        json!({ "$yaml": "https://example.org/page.yaml" })
    );
}

#[test]
fn strict_makes_untidiness_an_error() {
    let reading = Reading::of_text(Format::Backstage, COMPONENT.replace("production", "stabil"));
    let mut draft = Draft::new(World::default().catalog, now());
    assert!(reading.plan(&mut draft, true).problems.has_errors());
    let tidy = Reading::of_text(Format::Backstage, COMPONENT.to_owned());
    assert!(!tidy.plan(&mut draft, true).problems.has_errors());
}

#[test]
fn what_cannot_be_remembered_is_an_error() {
    let long = "x".repeat(600);
    let mut world = World::default();
    let imported = world.backstage(&format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {long}}}\nspec: {{type: team, parent: \"a\\0b\"}}\n"
    ));
    assert!(imported.problems.has_errors());
    let imported = world.kundig(&format!(
        "apiVersion: kundig/v1\nkind: Team\nmetadata: {{slug: a, name: A, origin: {long}}}\nspec: {{parent: {long}}}\n"
    ));
    assert_eq!(
        imported.problems.errors().count(),
        2,
        "{:#?}",
        told(&imported)
    );
    assert!(world.catalog.is_empty());
}
