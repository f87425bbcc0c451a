//! What descriptors become.

use serde_json::json;

use super::{World, counted, folder, read_paths, told, told_once};
use crate::{
    catalog::services::rules::{Lifecycle, Service, ServiceKind},
    exchange::import::{Format, Reading},
};

/// One of everything, and every relation.
const ALL: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: care, title: Patient care}
spec: {owner: clinic}
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: admission}
spec: {owner: clinic, subdomainOf: care}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: beds, description: Knows which bed is free.}
spec: {owner: clinic, domain: admission, type: product}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: bed-board
  title: Bettenübersicht
  tags: [web, java]
  links:
    - {url: "https://runbook.example/beds", title: Runbook}
  labels: {tier: "1"}
  annotations: {github.com/project-slug: clinic/beds}
spec:
  type: website
  lifecycle: production
  owner: group:default/clinic
  system: beds
  dependsOn: ["resource:bed-db", component:ward-map]
  consumesApis: [patients]
  providesApis: [bed-api]
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ward-map}
spec:
  type: library
  lifecycle: experimental
  owner: user:ada
  subcomponentOf: bed-board
  dependencyOf: [resource:bed-db]
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: bed-api}
spec: {type: openapi, lifecycle: deprecated, owner: clinic, definition: "openapi: 3.1.0"}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: patients}
spec: {type: openapi, lifecycle: production, owner: clinic, definition: {$text: 'a: b'}}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: bed-db}
spec: {type: database, owner: clinic}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: clinic}
spec:
  type: team
  profile: {displayName: Clinic IT, email: clinic@example.org, picture: "https://example.org/x.png"}
  children: [night-shift]
  members: [ada]
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: night-shift}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec:
  profile: {displayName: Ada Lovelace, email: ada@example.org}
  memberOf: [night-shift]
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: new-ward, title: A new ward}
spec:
  type: service
  owner: clinic
  system: beds
  parameters:
    - title: Ward
      required: [ward]
      properties: {ward: {type: string, ui:autofocus: true, default: '${{ user.ward }}'}}
  steps: [{id: one, action: 'fetch:template', input: {url: './${{ x }}'}}]
"#;

fn all() -> World {
    let mut world = World::default();
    let imported = world.backstage(ALL);
    // The definition of `patients` is a file that a text cannot bring.
    told_once(&imported, "warning", "`a: b` is a file");
    assert_eq!(imported.summary, counted(12, 0, 0));
    world
}

#[test]
fn kinds_become_services_of_their_kind() {
    let world = all();
    for (slug, kind) in [
        ("beds", ServiceKind::BusinessService),
        ("bed-board", ServiceKind::Application),
        ("bed-api", ServiceKind::Api),
        ("bed-db", ServiceKind::Resource),
    ] {
        assert_eq!(world.service(slug).kind, kind);
    }
    assert_eq!(world.service("bed-board").lifecycle, Lifecycle::Live);
    assert_eq!(world.service("ward-map").lifecycle, Lifecycle::Experimental);
    assert_eq!(world.service("bed-api").lifecycle, Lifecycle::Deprecated);
}

#[test]
fn what_people_read_is_taken_over() {
    let service = all().service("bed-board");
    assert_eq!(service.header.name, "Bettenübersicht");
    assert_eq!(service.tags, ["java", "web"]);
    assert_eq!(service.links[0].url, "https://runbook.example/beds");
    assert_eq!(service.links[0].title.as_deref(), Some("Runbook"));
    assert_eq!(
        service.header.origin.as_deref(),
        Some("backstage:component:default/bed-board")
    );
    let world = all();
    assert_eq!(
        world.service("beds").description.as_deref(),
        Some("Knows which bed is free.")
    );
    assert_eq!(world.team("clinic").header.name, "Clinic IT");
    assert_eq!(world.person("ada").header.name, "Ada Lovelace");
    assert_eq!(
        world.person("ada").email.as_deref(),
        Some("ada@example.org")
    );
}

#[test]
fn what_kundig_has_no_place_for_is_kept_as_annotations() {
    let world = all();
    let annotations = world.service("bed-board").header.annotations;
    assert_eq!(annotations["github.com/project-slug"], "clinic/beds");
    assert_eq!(annotations["backstage.io/spec.type"], "website");
    assert_eq!(
        annotations["backstage.io/metadata.labels"],
        json!({ "tier": "1" })
    );
    let group = world.team("clinic").header.annotations;
    assert_eq!(
        group["backstage.io/spec.profile.picture"],
        "https://example.org/x.png"
    );
    assert_eq!(
        group["backstage.io/spec.profile.email"],
        "clinic@example.org"
    );
    let api = world.service("bed-api").header.annotations;
    assert_eq!(api["backstage.io/spec.definition"], "openapi: 3.1.0");
    let template = world.offering("new-ward").header.annotations;
    assert_eq!(template["backstage.io/spec.steps"][0]["id"], "one");
}

#[test]
fn relations_become_dependencies() {
    let world = all();
    assert_eq!(
        world.needs("beds"),
        ["bed-board"],
        "a system needs its parts"
    );
    assert_eq!(
        world.needs("bed-board"),
        ["bed-db", "patients", "ward-map"],
        "dependsOn, consumesApis and subcomponents"
    );
    assert_eq!(
        world.needs("bed-api"),
        ["bed-board"],
        "an API needs its provider"
    );
    assert_eq!(world.needs("bed-db"), ["ward-map"], "dependencyOf");
    let part = world.service("ward-map");
    assert!(part.dependencies.is_empty());
    let stated =
        &world.service("bed-board").dependencies[&crate::shared::record::Record::id(&part)];
    assert_eq!(
        (stated.strength, stated.origin.as_deref()),
        (1.0, Some("backstage:component:default/bed-board"))
    );
}

#[test]
fn owners_capabilities_and_teams_are_linked() {
    let world = all();
    let board = world.service("bed-board");
    assert_eq!(world.slug(board.team_id).as_deref(), Some("clinic"));
    assert_eq!(
        board.capability_id, None,
        "a component is of its system's domain only through the system"
    );
    assert_eq!(
        world
            .slug(world.service("ward-map").service_owner_id)
            .as_deref(),
        Some("ada")
    );
    assert_eq!(
        world.slug(world.service("beds").capability_id).as_deref(),
        Some("admission")
    );
    assert_eq!(
        world
            .slug(world.capability("admission").parent_id)
            .as_deref(),
        Some("care")
    );
    assert_eq!(
        world.slug(world.team("night-shift").parent_id).as_deref(),
        Some("clinic")
    );
    let mut teams = world.teams("ada");
    teams.sort();
    assert_eq!(teams, ["clinic", "night-shift"]);
}

#[test]
fn a_template_becomes_an_offering_of_its_system() {
    let world = all();
    let offering = world.offering("new-ward");
    assert_eq!(world.slug(offering.service_id).as_deref(), Some("beds"));
    assert_eq!(offering.header.name, "A new ward");
    assert_eq!(offering.input_schema["required"], json!(["ward"]));
    assert_eq!(
        offering.input_schema["properties"]["ward"],
        json!({ "type": "string", "ui:autofocus": true, "default": "${{ user.ward }}" })
    );
    assert_eq!(
        offering.input_schema["x-pages"],
        json!([{ "title": "Ward", "properties": ["ward"] }])
    );
}

#[test]
fn templates_without_a_system_share_a_service() {
    let mut world = World::default();
    let template = |name: &str, system: &str| {
        format!(
            "---\napiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: {name}}}\nspec: {{type: x{system}}}\n"
        )
    };
    let text = template("one", "") + &template("two", ", system: elsewhere");
    let imported = world.backstage(&text);
    told_once(
        &imported,
        "warning",
        "`spec.system` names `system:default/elsewhere`",
    );
    assert_eq!(imported.summary, counted(3, 0, 0));
    for slug in ["one", "two"] {
        let service = world.offering(slug).service_id;
        assert_eq!(world.slug(service).as_deref(), Some("software-templates"));
    }
}

#[test]
fn services_of_one_name_get_slugs_that_tell_them_apart() {
    let text = |kind: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: Pay.Roll}}\nspec: {{owner: a, lifecycle: production}}\n"
        )
    };
    let kinds = ["Resource", "API", "System", "Component"];
    let mut exports = Vec::new();
    for turn in 0..kinds.len() {
        let mut world = World::default();
        let order = kinds.iter().cycle().skip(turn).take(kinds.len());
        world.backstage(&order.map(|kind| text(kind)).collect::<String>());
        for (slug, kind) in [
            ("pay-roll", ServiceKind::BusinessService),
            ("pay-roll-application", ServiceKind::Application),
            ("pay-roll-api", ServiceKind::Api),
            ("pay-roll-resource", ServiceKind::Resource),
        ] {
            assert_eq!(world.service(slug).kind, kind);
        }
        exports.push(world.export());
    }
    exports.dedup();
    assert_eq!(exports.len(), 1, "the order of the documents plays no part");
}

#[test]
fn another_namespace_stands_before_the_name() {
    let mut world = World::default();
    world.clean(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: Core, namespace: Ops}\nspec: {children: []}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: api, namespace: ops}\n\
         spec: {lifecycle: production, owner: core}\n",
    );
    let service = world.service("ops-api");
    assert_eq!(
        service.header.origin.as_deref(),
        Some("backstage:component:ops/api")
    );
    assert_eq!(
        world.slug(service.team_id).as_deref(),
        Some("ops-core"),
        "in the same namespace"
    );
}

#[test]
fn locations_are_followed_and_files_included() {
    let component = |name: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{lifecycle: production, owner: g}}\n"
        )
    };
    let folder = folder(&[
        (
            "all.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec:\n  target: ./parts/*.yaml\n  targets:\n    - groups/g.yaml\n    - all.yaml\n",
        ),
        ("parts/one.yaml", &component("one")),
        ("parts/two.yaml", &component("two")),
        ("parts/unrelated.yml", &component("unrelated")),
        (
            "groups/g.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: g}\nspec: {children: []}\n---\n\
             apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: shop}\n\
             spec: {lifecycle: production, owner: g, definition: {$text: ../spec.txt}}\n---\n\
             apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec:\n  parameters:\n    - $yaml: page.yaml\n",
        ),
        (
            "groups/page.yaml",
            "title: Page\nproperties: {a: {type: string}}\n",
        ),
        ("spec.txt", "a: definition\n"),
    ]);
    let mut world = World::default();
    let imported = world.take(&read_paths(&[&folder.path().join("all.yaml")]));
    assert_eq!(told(&imported), [""; 0]);
    assert_eq!(imported.summary, counted(6, 0, 0));
    let api = world.service("shop");
    assert_eq!(
        api.header.annotations["backstage.io/spec.definition"],
        "a: definition\n"
    );
    assert_eq!(
        world.offering("t").input_schema["properties"],
        json!({ "a": { "type": "string" } })
    );
}

#[test]
fn a_record_made_by_hand_is_adopted_if_it_could_be_the_entity() {
    let mut world = World::default();
    world.kundig(
        "apiVersion: kundig/v1\nkind: Service\nmetadata: {slug: shop, name: Shop}\nspec: {kind: APPLICATION, tier: TIER_1}\n---\n\
         apiVersion: kundig/v1\nkind: Service\nmetadata: {slug: till, name: Till}\nspec: {kind: BUSINESS_SERVICE}\n---\n\
         apiVersion: kundig/v1\nkind: Team\nmetadata: {slug: sales, name: Sales}\nspec: {}\n",
    );
    let component = |name: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{lifecycle: production, owner: sales}}\n"
        )
    };
    let summary = world.clean(&(component("shop") + &component("till")));
    assert_eq!(summary, counted(1, 1, 0));
    let shop: Service = world.service("shop");
    assert_eq!(
        shop.header.origin.as_deref(),
        Some("backstage:component:default/shop")
    );
    assert_eq!(shop.tier, crate::catalog::services::rules::Tier::One);
    assert_eq!(
        world.slug(shop.team_id).as_deref(),
        Some("sales"),
        "a team by its slug"
    );
    assert_eq!(world.service("till").header.origin, None);
    assert_eq!(
        world.service("till-application").kind,
        ServiceKind::Application
    );
}

#[test]
fn the_demo_and_descriptors_share_a_catalog() {
    let mut world = World::default();
    let demo = Reading::of_demo();
    let first = world.take(&demo);
    assert_eq!(told(&first), [""; 0]);
    assert!(first.summary.created > 150);
    let services = world.catalog.services.len();
    assert!((55..=80).contains(&services), "{services} services");
    assert_eq!(
        world.take(&demo).summary,
        counted(0, 0, first.summary.created)
    );
    let reading = Reading::of_text(Format::Backstage, ALL.to_owned());
    assert_eq!(world.take(&reading).summary, counted(12, 0, 0));
}
