//! Importing again: what changed in the descriptors changes, everything else stays.

use super::{World, counted, told, told_once};
use crate::{
    catalog::{
        offerings::rules::Offering,
        people::rules::Person,
        services::rules::{Dependency, Service, Tier},
        teams::rules::Team,
    },
    shared::{draft::Draft, edit::Editable, record::Record, write::now},
};

fn component(name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}{metadata}}}\nspec: {{lifecycle: production, owner: g{spec}}}\n"
    )
}

fn group(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{type: team{spec}}}\n"
    )
}

fn user(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn what_is_wanted_is_linked_when_a_later_import_brings_it() {
    let mut world = World::default();
    let first = component(
        "a",
        "",
        ", system: s, dependsOn: ['resource:db'], providesApis: [p]",
    ) + &group("h", ", parent: g, members: [u]");
    let imported = world.backstage(&first);
    assert_eq!(
        imported.problems.warnings().count(),
        6,
        "{:#?}",
        told(&imported)
    );
    assert_eq!(world.service("a").header.unresolved.len(), 4);
    assert_eq!(world.service("a").team_id, None);

    let later = group("g", "")
        + &user("u", "")
        + "---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: s}\nspec: {owner: g}\n"
        + "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: p}\nspec: {owner: g, lifecycle: production}\n"
        + "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: db}\nspec: {owner: g}\n";
    assert_eq!(world.clean(&later), counted(5, 2, 0));
    assert_eq!(world.slug(world.service("a").team_id).as_deref(), Some("g"));
    assert_eq!(world.needs("a"), ["db"]);
    assert_eq!(world.needs("s"), ["a"]);
    assert_eq!(world.needs("p"), ["a"]);
    assert_eq!(world.teams("u"), ["h"]);
    assert_eq!(world.slug(world.team("h").parent_id).as_deref(), Some("g"));
    assert!(world.service("a").header.unresolved.is_empty());

    let everything = first + &later;
    assert_eq!(world.clean(&everything), counted(0, 0, 7));
}

#[test]
fn files_may_come_in_any_order() {
    let parts = [
        component("a", "", ", dependsOn: ['component:b']"),
        component("b", "", ", subcomponentOf: a"),
        group("g", ", children: [h], members: [u]"),
        group("h", ", parent: g"),
        user("u", "memberOf: [h]"),
    ];
    let mut together = World::default();
    together.clean(&parts.concat());
    let mut apart = World::default();
    for part in parts.iter().rev() {
        apart.backstage(part);
    }
    assert_eq!(apart.export(), together.export());
}

#[test]
fn what_backstage_does_not_know_is_left_alone() {
    let mut world = World::default();
    let text = group("g", "")
        + &component("a", "", ", dependsOn: ['component:b']")
        + &component("b", "", "")
        + &component("c", "", "");
    world.clean(&text);
    world.kundig(
        "apiVersion: kundig/v1\nkind: Person\nmetadata: {slug: boss, name: Boss}\nspec: {}\n",
    );
    let (boss, b, c) = (
        world.person("boss").id(),
        world.service("b").id(),
        world.service("c").id(),
    );
    world.by_hand("a", |service: &mut Service| {
        service.business_owner_id = Some(boss);
        service.service_owner_id = Some(boss);
        service.tier = Tier::One;
        service.description = Some("Written by hand".to_owned());
        service
            .header
            .annotations
            .insert("note".to_owned(), "mine".into());
        service.dependencies.get_mut(&b).unwrap().strength = 0.25;
        service.dependencies.insert(
            c,
            Dependency {
                strength: 0.5,
                origin: None,
            },
        );
    });
    let by_hand = world.export();
    assert_eq!(world.clean(&text), counted(0, 0, 4));
    assert_eq!(world.export(), by_hand);
}

#[test]
fn what_backstage_says_follows_the_descriptor() {
    let mut world = World::default();
    let others = group("g", "")
        + &group("h", "")
        + &user("u", "")
        + &component("b", "", "")
        + &component("c", "", "");
    world.clean(
        &(others.clone()
            + &component(
                "a",
                ", title: One, description: Old, tags: [x, y]",
                ", dependsOn: ['component:b'], dependencyOf: ['component:c']",
            )),
    );
    let after = component("a", ", title: Two", ", dependsOn: ['component:c']")
        .replace("owner: g", "owner: user:u");
    assert_eq!(world.clean(&after), counted(0, 2, 0));
    let service = world.service("a");
    assert_eq!(service.header.name, "Two");
    assert_eq!(
        service.description, None,
        "the descriptor had one and has none now"
    );
    assert!(service.tags.is_empty());
    assert_eq!(service.team_id, None);
    assert_eq!(world.slug(service.service_owner_id).as_deref(), Some("u"));
    assert_eq!(world.needs("a"), ["c"]);
    assert!(world.needs("c").is_empty());
    assert_eq!(world.clean(&(others + &after)), counted(0, 0, 6));
}

#[test]
fn a_dependency_that_two_descriptors_state_outlives_one_of_them() {
    let mut world = World::default();
    let system = |spec: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: s}}\nspec: {{owner: g{spec}}}\n"
        )
    };
    let both = group("g", "")
        + &component("a", "", ", system: s")
        + &system(", dependsOn: ['component:a']");
    world.clean(&both);
    assert_eq!(world.clean(&both), counted(0, 0, 3));
    world.clean(&(component("a", "", "") + &system(", dependsOn: ['component:a']")));
    assert_eq!(world.needs("s"), ["a"]);
    world.clean(&(component("a", "", "") + &system("")));
    assert!(world.needs("s").is_empty());
}

#[test]
fn members_and_children_follow_the_group() {
    let mut world = World::default();
    let people =
        user("u", "") + &user("v", "memberOf: [g]") + &group("h", "") + &group("i", ", parent: g");
    world.clean(&(people.clone() + &group("g", ", members: [u, v], children: [h, i]")));
    assert_eq!(world.teams("u"), ["g"]);
    world.clean(&group("g", ", members: [], children: []"));
    assert!(world.teams("u").is_empty());
    assert_eq!(
        world.teams("v"),
        ["g"],
        "the user's own descriptor says so too"
    );
    assert_eq!(world.team("h").parent_id, None);
    assert_eq!(
        world.slug(world.team("i").parent_id).as_deref(),
        Some("g"),
        "its own descriptor says so"
    );
    world.clean(&user("v", "memberOf: []"));
    assert!(world.teams("v").is_empty());
}

#[test]
fn a_team_that_somebody_was_put_into_by_hand_stays() {
    let mut world = World::default();
    let text = user("u", "memberOf: [g]") + &group("g", "") + &group("h", "");
    world.clean(&text);
    let h = world.team("h").id();
    world.by_hand("u", |person: &mut Person| {
        person.team_ids.insert(h);
    });
    assert_eq!(world.clean(&text), counted(0, 0, 3));
    world.clean(&user("u", "memberOf: []"));
    assert_eq!(world.teams("u"), ["h"]);
}

#[test]
fn the_slug_that_somebody_chose_stays() {
    let mut world = World::default();
    let text = group("g", "");
    world.clean(&text);
    world.by_hand("g", |team: &mut Team| team.header.slug = "gamma".to_owned());
    assert_eq!(
        world.clean(&(text + &component("a", "", ""))),
        counted(1, 0, 1)
    );
    assert_eq!(
        world.slug(world.service("a").team_id).as_deref(),
        Some("gamma")
    );
}

#[test]
fn an_offering_goes_to_its_system_when_that_comes() {
    let mut world = World::default();
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec: {system: s}\n";
    told_once(&world.backstage(template), "warning", "system:default/s");
    let system = "---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: s}\nspec: {owner: g}\n";
    world.clean(&(group("g", "") + system));
    assert_eq!(
        world.slug(world.offering("t").service_id).as_deref(),
        Some("s")
    );
    assert_eq!(world.clean(template), counted(0, 0, 1));
}

#[test]
fn an_offering_that_somebody_moved_stays_where_the_template_names_no_system() {
    let mut world = World::default();
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec: {}\n";
    world.clean(template);
    world.clean(&(group("g", "") + &component("a", "", "")));
    let a = world.service("a").id();
    world.by_hand("t", |offering: &mut Offering| offering.service_id = a);
    assert_eq!(world.clean(template), counted(0, 0, 1));
}

#[test]
fn a_circle_of_parents_is_cut_and_told() {
    let mut world = World::default();
    let text = group("a", ", parent: b") + &group("b", ", parent: a") + &group("c", ", parent: b");
    let imported = world.backstage(&text);
    told_once(&imported, "warning", "below itself");
    assert_eq!(world.slug(world.team("c").parent_id).as_deref(), Some("b"));
    let again = world.backstage(&text);
    assert_eq!(again.summary, counted(0, 0, 3));
}

#[test]
fn a_blank_record_is_what_a_merge_starts_from() {
    let mut world = World::default();
    world.clean(&group("g", ""));
    let header = world.team("g").header;
    assert_eq!(
        Team::blank(header.clone()).fields(),
        world.team("g").fields()
    );
    assert_eq!(header.origin.as_deref(), Some("backstage:group:default/g"));
}

#[test]
fn what_is_linked_later_closes_no_circle() {
    let mut world = World::default();
    world.backstage(&group("platform", ", children: [billing]"));
    // By hand, so that nothing is linked yet: billing comes, and platform is put below it.
    let mut draft = Draft::new(world.catalog.clone(), now());
    let mut billing = Team::blank(draft.new_header());
    billing.header.slug = "billing".to_owned();
    billing.header.name = "Billing".to_owned();
    let id = billing.id();
    draft.put(billing);
    world.catalog = draft.catalog().clone();
    world.by_hand("platform", |team: &mut Team| team.parent_id = Some(id));

    let imported = world.backstage(&user("somebody", ""));
    told_once(&imported, "warning", "below itself");
    assert_eq!(world.team("billing").parent_id, None);
    assert_eq!(world.team("platform").parent_id, Some(id));
}
