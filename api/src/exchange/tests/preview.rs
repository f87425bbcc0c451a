//! What a dry run shows.

use super::World;
use crate::exchange::import::{Format, Reading};

/// What importing this into the world would show.
fn shown(world: &World, format: Format, text: &str) -> String {
    let (imported, changes) =
        Reading::of_text(format, text.to_owned()).try_on(&world.catalog, false);
    assert!(!imported.problems.has_errors());
    changes
}

const BEFORE: &str = "\
apiVersion: kundig/v1
kind: Team
metadata: {slug: core, name: Core}
---
apiVersion: kundig/v1
kind: Service
metadata: {slug: till, name: Till, annotations: {room: '1', floor: '2'}}
spec: {tier: TIER_2, dependencies: [{service: ledger, strength: 0.5}]}
---
apiVersion: kundig/v1
kind: Service
metadata: {slug: ledger, name: Ledger}
";

#[test]
fn new_objects_have_a_line_by_type_and_slug() {
    assert_eq!(
        shown(&World::default(), Format::Kundig, BEFORE),
        "+ team core (Core)\n+ service ledger (Ledger)\n+ service till (Till)\n"
    );
}

#[test]
fn changed_fields_are_shown_from_and_to_with_slugs_for_ids() {
    let mut world = World::default();
    world.kundig(BEFORE);
    let after = "\
apiVersion: kundig/v1
kind: Service
metadata: {slug: till, name: Cash desk, annotations: {room: '3', floor: '2'}}
spec: {tier: TIER_2, team: core, dependencies: [{service: ledger, strength: 0.75}], tags: [till]}
";
    assert_eq!(
        shown(&world, Format::Kundig, after),
        "\
~ service till (Cash desk)
    annotations.room: \"1\" → \"3\"
    dependencies.ledger.strength: 0.5 → 0.75
    name: \"Till\" → \"Cash desk\"
    tags: nothing → [\"till\"]
    teamId: nothing → core
"
    );
}

#[test]
fn of_a_list_of_objects_those_that_come_and_go_are_shown() {
    let mut world = World::default();
    let calendar = |holidays: &str| {
        format!(
            "apiVersion: kundig/v1\nkind: SupportCalendar\nmetadata: {{slug: c, name: C}}\n\
             spec: {{timeZone: UTC, holidays: [{holidays}]}}\n"
        )
    };
    world.kundig(&calendar(
        "{date: 2026-01-01, name: A}, {date: 2026-01-06, name: B}",
    ));
    assert_eq!(
        shown(
            &world,
            Format::Kundig,
            &calendar("{date: 2026-01-01, name: A}, {date: 2026-05-01, name: C}")
        ),
        "\
~ support calendar c (C)
    holidays: - {\"date\":\"2026-01-06\",\"name\":\"B\"}
    holidays: + {\"date\":\"2026-05-01\",\"name\":\"C\"}
"
    );
}

#[test]
fn what_changes_nothing_shows_nothing() {
    let mut world = World::default();
    world.kundig(BEFORE);
    assert_eq!(shown(&world, Format::Kundig, BEFORE), "");
}

#[test]
fn long_values_are_cut() {
    let mut world = World::default();
    world.kundig(BEFORE);
    let after = format!(
        "apiVersion: kundig/v1\nkind: Team\nmetadata: {{slug: core, name: Core}}\nspec: {{description: {}}}\n",
        "ä".repeat(500)
    );
    let text = shown(&world, Format::Kundig, &after);
    assert!(
        text.lines().all(|line| line.chars().count() < 120),
        "{text}"
    );
    assert!(text.ends_with("…\n"), "{text}");
}
