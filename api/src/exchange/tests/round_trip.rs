//! Export and import are each other's reverse.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::select};

use super::{World, counted, told};
use crate::exchange::import::Reading;

/// Exports, imports into an empty catalog and exports again.
fn there_and_back(world: &World) -> (String, String) {
    let text = world.export();
    let mut other = World::default();
    let imported = other.kundig(&text);
    assert!(
        !imported.problems.has_errors(),
        "{:#?}\n{text}",
        told(&imported)
    );
    (text, other.export())
}

#[test]
fn the_demo_comes_back_byte_by_byte() {
    let mut world = World::default();
    world.take(&Reading::of_demo());
    let (before, after) = there_and_back(&world);
    assert_eq!(before, after);
    assert!(before.starts_with("---\napiVersion: kundig/v1\nkind: Team\nmetadata:\n  slug: "));
}

#[test]
fn an_export_reads_well() {
    let mut world = World::default();
    world.backstage(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  description: |\n    Two\n    lines\nspec:\n  type: 'yes'\n  lifecycle: production\n  owner: g\n  dependsOn: ['component:b', 'resource:c']\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: b}\nspec: {lifecycle: experimental, owner: g}\n",
    );
    assert_eq!(
        world.export(),
        "\
---
apiVersion: kundig/v1
kind: Service
metadata:
  slug: a
  name: a
  origin: backstage:component:default/a
  annotations:
    backstage.io/spec.type: \"yes\"
    kundig/from-backstage:
      - description
      - teamId
spec:
  description: |-
    Two
    lines
  kind: APPLICATION
  lifecycle: LIVE
  tier: TIER_3
  team: backstage:group:default/g
  dependencies:
    - service: b
      origin: backstage:component:default/a
    - service: backstage:resource:default/c
      origin: backstage:component:default/a
---
apiVersion: kundig/v1
kind: Service
metadata:
  slug: b
  name: b
  origin: backstage:component:default/b
  annotations:
    kundig/from-backstage:
      - teamId
spec:
  kind: APPLICATION
  lifecycle: EXPERIMENTAL
  tier: TIER_3
  team: backstage:group:default/g
"
    );
}

const KINDS: [&str; 8] = [
    "Domain",
    "System",
    "Component",
    "API",
    "Resource",
    "Group",
    "User",
    "Template",
];
const NAMES: [&str; 4] = ["a", "B", "c.d", "ops/a"];

fn reference() -> impl Strategy<Value = String> {
    (
        select(
            &[
                "component:",
                "api:",
                "resource:",
                "system:",
                "group:",
                "user:",
                "",
            ][..],
        ),
        select(&NAMES[..]),
    )
        .prop_map(|(kind, name)| format!("{kind}{name}"))
}

fn references() -> impl Strategy<Value = String> {
    proptest::collection::vec(reference(), 0..3).prop_map(|all| {
        format!(
            "{:?}",
            all.into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        )
    })
}

/// A descriptor of any kind with references that may lead anywhere.
fn descriptor() -> impl Strategy<Value = String> {
    (
        select(&KINDS[..]),
        select(&NAMES[..]),
        proptest::option::of(reference()),
        proptest::option::of(reference()),
        references(),
        references(),
        proptest::option::of(select(&["yes", "Süd: #1", "- x", "a\nb\n"][..])),
    )
        .prop_map(|(kind, name, one, other, some, more, text)| {
            let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
            let mut spec = vec![format!("type: {:?}", text.unwrap_or("service"))];
            let mut field = |name: &str, value: &Option<String>| {
                if let Some(value) = value {
                    spec.push(format!("{name}: {value:?}"));
                }
            };
            match kind {
                "Domain" => field("subdomainOf", &one),
                "System" => field("domain", &one),
                "Group" => field("parent", &one),
                "Template" => field("system", &one),
                "User" => {}
                _ => field("system", &one),
            }
            if kind != "User" && kind != "Group" {
                field("owner", &other);
            }
            match kind {
                "Component" => spec.push(format!("dependsOn: {some}, providesApis: {more}")),
                "API" | "Resource" | "System" => spec.push(format!("dependsOn: {some}, dependencyOf: {more}")),
                "Group" => spec.push(format!("children: {some}, members: {more}")),
                "User" => spec.push(format!("memberOf: {some}")),
                _ => {}
            }
            let description = text.map(|text| format!(", description: {text:?}")).unwrap_or_default();
            format!(
                "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}{description}}}\nspec: {{{}}}\n",
                spec.join(", ")
            )
        })
}

fn identity(descriptor: &str) -> String {
    let mut lines = descriptor.lines().skip(2);
    let kind = lines.next().unwrap();
    let metadata = lines.next().unwrap();
    let name = metadata
        .split(['{', ',', '}'])
        .skip(1)
        .take(2)
        .collect::<String>();
    format!("{kind} {name}").to_lowercase()
}

/// Descriptors of different entities.
fn descriptors() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(descriptor(), 0..8).prop_map(|all| {
        let mut seen = BTreeSet::new();
        all.into_iter()
            .filter(|descriptor| seen.insert(identity(descriptor)))
            .collect()
    })
}

proptest! {
    #[test]
    fn any_descriptors_can_be_repeated_reordered_and_exported(
        (ordered, shuffled) in descriptors().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let mut world = World::default();
        let first = world.backstage(&ordered.concat());
        prop_assert!(!first.problems.has_errors(), "{:#?}", told(&first));

        let again = world.backstage(&ordered.concat());
        prop_assert_eq!(again.summary, counted(0, 0, ordered.len()));

        let mut other = World::default();
        other.backstage(&shuffled.concat());
        prop_assert_eq!(world.export(), other.export());

        let (before, after) = there_and_back(&world);
        prop_assert_eq!(&before, &after);

        let mut restored = World::default();
        restored.kundig(&before);
        let repeated = restored.backstage(&ordered.concat());
        prop_assert_eq!(repeated.summary, counted(0, 0, ordered.len()));
    }

    #[test]
    fn descriptors_can_come_one_after_the_other(all in descriptors()) {
        let mut together = World::default();
        together.backstage(&all.concat());
        // Of what was brought apart everything is known after a last time.
        let mut apart = World::default();
        for one in &all {
            apart.backstage(one);
        }
        let last = apart.backstage(&all.concat());
        prop_assert!(!last.problems.has_errors());
        prop_assert_eq!(apart.backstage(&all.concat()).summary, counted(0, 0, all.len()));
    }
}
