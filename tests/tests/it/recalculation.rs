//! Giving clocks of requests and incidents what the catalog promises now.

use jiff::SignedDuration;
use kundig_tests::{Answer, Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{OFFERING, SERVICE, changes_after, list, newest_change, text};
use crate::requests::clocks::{CLOCKS, assert_adds_up, instant, promise, target};
use crate::requests::{submit, take};
use crate::support::{eventually, mutate};

/// Something that has clocks, and what it is of.
struct World {
    server: Server,
    service: Value,
    offering: Value,
}

impl World {
    async fn new(database: &Database) -> Self {
        let server = Settings::new(database).start().await;
        let service = SERVICE.create_plain(&server, "Beds").await["id"].clone();
        let offering = json!({"name": "A bed", "serviceId": service});
        let offering = OFFERING.create(&server, offering).await["id"].clone();
        Self {
            server,
            service,
            offering,
        }
    }

    async fn request(&self) -> Value {
        submit(&self.server, json!({ "offeringId": self.offering })).await
    }

    /// An outage that began at an instant.
    async fn incident(&self, started_at: &str) -> Value {
        let input = json!({"title": "No beds", "severity": "OUTAGE", "serviceIds": [self.service], "startedAt": started_at});
        let answer = mutate(
            &self.server,
            "reportIncident",
            "incident { id startedAt version }",
            input,
        );
        answer.await.expect_payload()["incident"].clone()
    }

    async fn step(&self, mutation: &str, incident: &Value) {
        let document = format!(
            "mutation ($input: IncidentStepInput!) {{ {mutation}(input: $input) {{ incident {{ id }} userErrors {{ message }} }} }}"
        );
        let query = self.server.query(document);
        let input = json!({ "input": { "id": incident["id"] } });
        query.variables(input).send().await.expect_payload();
    }

    async fn edit(&self, agreement: &Value, targets: Value) {
        let input = json!({"id": agreement, "targets": targets});
        let selection = "serviceLevelAgreement { id }";
        let answer = mutate(
            &self.server,
            "updateServiceLevelAgreement",
            selection,
            input,
        );
        answer.await.expect_payload();
    }

    async fn try_recalculate(&self, subjects: &[&Value]) -> Answer {
        let ids: Vec<&Value> = subjects.iter().map(|subject| &subject["id"]).collect();
        let selection = format!(
            "results {{ changed subject {{ id ... on Incident {{ version {CLOCKS} }} ... on ServiceRequest {{ version {CLOCKS} }} }}
                userErrors {{ field message code }} }}"
        );
        let input = json!({ "subjectIds": ids });
        mutate(&self.server, "recalculateSlaClocks", &selection, input).await
    }

    /// Whether anything changed, and the clocks as they are then.
    async fn recalculate(&self, subject: &Value) -> (bool, Vec<Value>) {
        let answer = self.try_recalculate(&[subject]).await;
        let result = &answer.expect_payload()["results"][0];
        assert_eq!(result["userErrors"], json!([]));
        let clocks = list(&result["subject"]["slaClocks"]).to_vec();
        clocks.iter().for_each(assert_adds_up);
        assert_eq!(
            self.clocks(subject).await,
            states(&clocks),
            "as they are stored"
        );
        (result["changed"] == true, clocks)
    }

    /// The states of clocks as somebody else sees them.
    async fn clocks(&self, subject: &Value) -> Vec<String> {
        let document = format!(
            "query ($id: ID!) {{ node(id: $id) {{ ... on Incident {{ {CLOCKS} }} ... on ServiceRequest {{ {CLOCKS} }} }} }}"
        );
        let query = self.server.query(document);
        let answer = query.variables(json!({"id": subject["id"]})).send().await;
        states(list(&answer.expect_data()["node"]["slaClocks"]))
    }
}

fn states(clocks: &[Value]) -> Vec<String> {
    clocks.iter().map(|clock| text(&clock["state"])).collect()
}

fn within(clocks: &[Value]) -> Vec<String> {
    let lengths = clocks.iter().map(|clock| text(&clock["target"]["within"]));
    lengths.collect()
}

async fn what_runs_is_measured_by_what_is_promised_now(database: Database) {
    let world = World::new(&database).await;
    let both = |response, resolution| {
        json!([
            target("RESPONSE_TIME", None, response),
            target("RESOLUTION_TIME", None, resolution)
        ])
    };
    let agreement = promise(&world.server, &world.service, None, both("PT4H", "PT40H")).await;
    let request = world.request().await;
    let request = take(&world.server, "start", &request, json!({})).await;
    let incident = world.incident(&text(&request["createdAt"])).await;
    world.edit(&agreement, both("PT2H", "PT20H")).await;
    for (subject, start, responded) in [
        (&request, &request["createdAt"], true),
        (&incident, &incident["startedAt"], false),
    ] {
        let before = newest_change(&world.server).await;
        let (changed, clocks) = world.recalculate(subject).await;
        assert!(changed);
        let expected = if responded {
            ["PT4H", "PT20H"]
        } else {
            ["PT2H", "PT20H"]
        };
        assert_eq!(
            within(&clocks),
            expected,
            "what has ended stays as it was judged"
        );
        let due = instant(start) + SignedDuration::from_hours(20);
        assert_eq!(instant(&clocks[1]["dueAt"]), due);
        assert_eq!(clocks[1]["startedAt"], *start);

        let found = eventually("the feed has it", async || {
            let found = changes_after(&world.server, &before).await;
            (!found.is_empty()).then_some(found)
        })
        .await;
        assert_eq!(found.len(), 1);
        let diff = &found[0]["diff"]["slaClocks"];
        assert_eq!(diff["from"]["1"]["within"], "PT40H");
        assert_eq!(diff["to"]["1"]["within"], "PT20H");
        assert_eq!(diff["to"]["0"].is_null(), responded);

        let (changed, again) = world.recalculate(subject).await;
        assert!(!changed, "nothing else is promised than before");
        assert_eq!(within(&again), expected);
        assert!(
            changes_after(&world.server, &text(&found[0]["sequence"]))
                .await
                .is_empty()
        );
    }
    // It goes on as any other.
    take(&world.server, "fulfil", &request, json!({})).await;
    assert_eq!(world.clocks(&request).await, ["MET", "MET"]);
    world.step("resolveIncident", &incident).await;
    assert_eq!(world.clocks(&incident).await, ["MET", "MET"]);
    world.edit(&agreement, both("PT1S", "PT1S")).await;
    for subject in [&request, &incident] {
        let (changed, clocks) = world.recalculate(subject).await;
        assert!(!changed, "it is over");
        assert_eq!(states(&clocks), ["MET", "MET"]);
    }
}

async fn what_should_have_been_missed_was_missed_when_it_should_have_been(database: Database) {
    let world = World::new(&database).await;
    let of = |length| json!([target("RESOLUTION_TIME", None, length)]);
    let agreement = promise(&world.server, &world.service, None, of("PT80000H")).await;
    let incident = world.incident("2026-01-05T08:00:00Z").await;
    let before = newest_change(&world.server).await;
    world.edit(&agreement, of("PT10H")).await;
    let (_, clocks) = world.recalculate(&incident).await;
    assert_eq!(clocks[0]["state"], "MISSED");
    assert_eq!(clocks[0]["breachedAt"], "2026-01-05T18:00:00Z");
    let told = eventually("the feed has the warnings", async || {
        let mut changes = changes_after(&world.server, &before).await;
        changes.retain(|change| change["type"] == "Incident" && change["kind"] == "UPDATED");
        (changes.len() == 3).then_some(changes)
    })
    .await;
    let warning = |place: usize| &told[place]["diff"]["slaClocks.RESOLUTION_TIME"];
    assert_eq!(warning(0)["at"], "2026-01-05T16:00:00Z");
    assert_eq!(warning(1)["at"], "2026-01-05T18:00:00Z");

    // A breach is never undone, whatever is promised later, and whatever happens then.
    world.edit(&agreement, of("PT80000H")).await;
    let (changed, clocks) = world.recalculate(&incident).await;
    assert!(changed);
    assert_eq!(within(&clocks), ["PT80000H"]);
    assert_eq!(clocks[0]["state"], "MISSED");
    assert_eq!(clocks[0]["breachedAt"], "2026-01-05T18:00:00Z");
    world.step("acknowledgeIncident", &incident).await;
    world.step("resolveIncident", &incident).await;
    let (_, clocks) = world.recalculate(&incident).await;
    assert_eq!(clocks[0]["state"], "MISSED");
    assert_eq!(clocks[0]["breachedAt"], "2026-01-05T18:00:00Z");
}

async fn another_calendar_counts_another_time(database: Database) {
    let world = World::new(&database).await;
    let targets = json!([target("RESOLUTION_TIME", None, "PT8H")]);
    promise(&world.server, &world.service, None, targets).await;
    let calendar = world.server.query("{ supportCalendars { nodes { id } } }");
    let calendar =
        calendar.send().await.expect_data()["supportCalendars"]["nodes"][0]["id"].clone();
    let request = world.request().await;
    let created = instant(&request["createdAt"]);
    let today = created.in_tz("Europe/Berlin").expect("a zone").date();
    let holidays = json!([
        {"date": today.to_string(), "name": "Today"},
        {"date": today.tomorrow().expect("a day").to_string(), "name": "Tomorrow"},
    ]);
    let input = json!({"id": calendar, "holidays": holidays});
    let answer = mutate(
        &world.server,
        "updateSupportCalendar",
        "supportCalendar { id }",
        input,
    );
    answer.await.expect_payload();
    let (changed, clocks) = world.recalculate(&request).await;
    assert!(changed);
    assert_eq!(clocks[0]["elapsed"], "PT0S");
    let after = today
        .tomorrow()
        .and_then(jiff::civil::Date::tomorrow)
        .expect("a day");
    let opens = after.in_tz("Europe/Berlin").expect("midnight").timestamp();
    assert_eq!(
        instant(&clocks[0]["dueAt"]),
        opens + SignedDuration::from_hours(8)
    );
}

async fn what_is_promised_comes_and_goes(database: Database) {
    let world = World::new(&database).await;
    let (request, incident) = (
        world.request().await,
        world.incident("2026-01-05T08:00:00Z").await,
    );
    let both = json!([
        target("RESPONSE_TIME", None, "PT4H"),
        target("RESOLUTION_TIME", None, "PT80000H")
    ]);
    let agreement = promise(&world.server, &world.service, None, both).await;
    for (subject, response) in [(&request, "RUNNING"), (&incident, "MISSED")] {
        let (changed, clocks) = world.recalculate(subject).await;
        assert!(changed);
        assert_eq!(states(&clocks), [response, "RUNNING"], "from the start");
    }
    let input = json!({ "id": agreement });
    let answer = mutate(
        &world.server,
        "deleteServiceLevelAgreement",
        "deletedId",
        input,
    );
    answer.await.expect_payload();
    for (subject, response) in [(&request, "CANCELLED"), (&incident, "MISSED")] {
        let (changed, clocks) = world.recalculate(subject).await;
        assert!(changed);
        assert_eq!(states(&clocks), [response, "CANCELLED"]);
        let (changed, _) = world.recalculate(subject).await;
        assert!(!changed);
    }
    take(&world.server, "start", &request, json!({})).await;
    assert_eq!(world.clocks(&request).await, ["CANCELLED", "CANCELLED"]);
}

async fn what_has_ended_is_judged_by_what_held_at_its_end(database: Database) {
    let world = World::new(&database).await;
    let first = |within| target("RESPONSE_TIME", Some("P1"), within);
    let agreement = promise(&world.server, &world.service, None, json!([first("PT1H")])).await;
    let input = json!({"offeringId": world.offering, "priority": "P1"});
    let request = submit(&world.server, input).await;
    let request = take(&world.server, "start", &request, json!({})).await;
    // Nothing is promised for these, after the end of what was.
    for priority in ["P4", "P3"] {
        let input = json!({ "priority": priority });
        take(&world.server, "reprioritise", &request, input).await;
    }
    let targets = json!([first("PT1H"), target("RESPONSE_TIME", Some("P3"), "PT2H")]);
    world.edit(&agreement, targets).await;
    let (changed, clocks) = world.recalculate(&request).await;
    assert!(!changed, "it was judged when the request was started");
    assert_eq!(states(&clocks), ["MET"]);
    assert_eq!(within(&clocks), ["PT1H"]);
}

async fn what_was_withdrawn_twice_can_be_promised_again(database: Database) {
    let world = World::new(&database).await;
    let first = target("RESOLUTION_TIME", Some("P1"), "PT1H");
    let agreement = promise(&world.server, &world.service, None, json!([first])).await;
    let input = json!({"offeringId": world.offering, "priority": "P1"});
    let request = submit(&world.server, input).await;
    for priority in ["P4", "P3"] {
        let input = json!({ "priority": priority });
        take(&world.server, "reprioritise", &request, input).await;
    }
    assert_eq!(world.clocks(&request).await, ["CANCELLED"]);
    let targets = json!([first, target("RESOLUTION_TIME", Some("P3"), "PT2H")]);
    world.edit(&agreement, targets).await;
    let (changed, clocks) = world.recalculate(&request).await;
    assert!(changed);
    assert_eq!(states(&clocks), ["RUNNING"]);
    assert_eq!(within(&clocks), ["PT2H"]);
}

async fn each_of_several_has_its_own_result(database: Database) {
    let world = World::new(&database).await;
    let request = world.request().await;
    let targets = json!([target("RESOLUTION_TIME", None, "PT8H")]);
    promise(&world.server, &world.service, None, targets).await;
    let nobody = json!({"id": "inci_00000000000000000000000000000000"});
    let service = json!({ "id": world.service });
    let answer = world
        .try_recalculate(&[&nobody, &request, &service, &request])
        .await;
    let results = list(&answer.expect_payload()["results"]);
    let changed: Vec<bool> = results.iter().map(|it| it["changed"] == true).collect();
    assert_eq!(changed, [false, true, false, false]);
    for place in [0, 2] {
        let error = &results[place]["userErrors"][0];
        assert_eq!(error["code"], "NOT_FOUND");
        assert_eq!(error["field"], json!(["subjectIds", place.to_string()]));
        assert_eq!(results[place]["subject"], Value::Null);
    }
    assert_eq!(results[3]["subject"]["version"], 2);
    let stale = json!({"expectedVersion": 1});
    let refused = crate::requests::try_step(&world.server, "start", &request, stale).await;
    refused.expect_user_error(&["expectedVersion"], "STALE_VERSION");
    let many: Vec<&Value> = vec![&request; 101];
    let refused = world.try_recalculate(&many).await;
    refused.expect_error_code("BAD_USER_INPUT");
}

on_both_databases!(
    what_runs_is_measured_by_what_is_promised_now,
    what_should_have_been_missed_was_missed_when_it_should_have_been,
    another_calendar_counts_another_time,
    what_is_promised_comes_and_goes,
    what_has_ended_is_judged_by_what_held_at_its_end,
    what_was_withdrawn_twice_can_be_promised_again,
    each_of_several_has_its_own_result,
);
