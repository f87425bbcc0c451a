use kundig_tests::{Database, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{kinds, report, seen, service, step, take, try_step};
use crate::objects::{changes_after, newest_change, text};
use crate::support::eventually;

/// The states an incident can be in, each with the steps that lead there.
const STATES: [(&str, &[&str]); 4] = [
    ("OPEN", &[]),
    ("ACKNOWLEDGED", &["acknowledge"]),
    ("RESOLVED", &["acknowledge", "resolve"]),
    ("RESOLVED", &["resolve"]),
];

/// Where each step leads, and from where it may be taken.
const STEPS: [(&str, &str, &[&str]); 2] = [
    ("acknowledge", "ACKNOWLEDGED", &["OPEN"]),
    ("resolve", "RESOLVED", &["OPEN", "ACKNOWLEDGED"]),
];

async fn every_step_is_taken_from_where_it_may_be_and_refused_elsewhere(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    for (state, way) in STATES {
        for (verb, leads_to, from) in STEPS {
            let mut incident = report(&server, &[&beds]).await;
            for verb in way {
                incident = take(&server, verb, &incident, json!({})).await;
            }
            assert_eq!(incident["status"], state);
            let answer = try_step(&server, verb, &incident, json!({"comment": " Why. "})).await;
            if from.contains(&state) {
                let after = &answer.expect_payload()["incident"];
                assert_eq!(after["status"], leads_to, "{verb} from {state}");
                assert_eq!(after["version"], json!(way.len() + 2));
                let at = if verb == "resolve" {
                    &after["resolvedAt"]
                } else {
                    &after["acknowledgedAt"]
                };
                assert_eq!(*at, after["updatedAt"]);
                let events = after["events"]["nodes"].as_array().expect("events");
                let last = events.last().expect("an event");
                assert_eq!(
                    (&last["from"], &last["to"]),
                    (&json!(state), &json!(leads_to))
                );
                assert_eq!(
                    (&last["comment"], &last["actor"]),
                    (&json!("Why."), &json!("tests"))
                );
                assert_eq!(seen(&server, &after["number"]).await, *after);
            } else {
                let error = answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
                let message = text(&error["message"]);
                for (legal, _, from) in STEPS {
                    let list = message.split("what can be done: ").nth(1);
                    let named = list.is_some_and(|it| it.contains(&format!("{legal}Incident")));
                    assert_eq!(
                        named,
                        from.contains(&state),
                        "{legal} from {state}: {message}"
                    );
                }
            }
        }
    }
}

async fn a_comment_is_part_of_the_history_and_nothing_else(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let incident = report(&server, &[&beds]).await;
    let incident = take(
        &server,
        "comment",
        &incident,
        json!({"comment": "It is the disk."}),
    )
    .await;
    let incident = take(&server, "resolve", &incident, json!({})).await;
    let incident = take(
        &server,
        "comment",
        &incident,
        json!({"comment": "Replaced."}),
    )
    .await;
    assert_eq!(incident["status"], "RESOLVED");
    assert_eq!(incident["version"], 4);
    assert_eq!(
        kinds(&incident),
        ["REPORTED", "COMMENTED", "RESOLVED", "COMMENTED"]
    );
    let last = &incident["events"]["nodes"][3];
    assert_eq!((&last["from"], &last["to"]), (&Value::Null, &Value::Null));
    assert_eq!(last["comment"], "Replaced.");
    for wrong in [
        json!({}),
        json!({"comment": " "}),
        json!({"comment": "\u{7}"}),
        json!({"comment": "x".repeat(20_001)}),
    ] {
        let refused = try_step(&server, "comment", &incident, wrong).await;
        refused.expect_user_error(&["comment"], "INVALID");
    }
}

async fn who_is_behind_is_told_so(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let incident = report(&server, &[&beds]).await;
    take(
        &server,
        "acknowledge",
        &incident,
        json!({"expectedVersion": 1}),
    )
    .await;
    let stale = try_step(&server, "resolve", &incident, json!({"expectedVersion": 1})).await;
    stale.expect_user_error(&["expectedVersion"], "STALE_VERSION");
    for id in [
        "none",
        &text(&beds),
        "inci_00000000000000000000000000000000",
    ] {
        let nobody = json!({ "id": id });
        let unknown = try_step(&server, "resolve", &nobody, json!({})).await;
        unknown.expect_user_error(&["id"], "NOT_FOUND");
    }
}

/// Of many who take it on at once one does; the others hear that it was done.
async fn of_many_at_once_one_takes_it_on(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    for _ in 0..5 {
        let incident = report(&server, &[&beds]).await;
        let before = newest_change(&server).await;
        let (document, input) = step("acknowledge", &incident, &json!({}));
        let running: Vec<_> = (0..8)
            .map(|_| {
                let query = server.query(&document);
                tokio::spawn(query.variables(json!({ "input": input })).send())
            })
            .collect();
        let mut done = 0;
        for answer in running {
            let answer = answer.await.expect("an answer");
            let payload = &answer.expect_data()["acknowledgeIncident"];
            if payload["incident"].is_null() {
                answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
            } else {
                done += 1;
            }
        }
        assert_eq!(done, 1);
        let steps = eventually("the feed has the step", async || {
            let mut changes = changes_after(&server, &before).await;
            changes.retain(|change| change["kind"] == "UPDATED");
            (!changes.is_empty()).then_some(changes)
        })
        .await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert_eq!(
            steps[0]["diff"]["status"],
            json!({"from": "OPEN", "to": "ACKNOWLEDGED"})
        );
    }
}

on_both_databases!(
    every_step_is_taken_from_where_it_may_be_and_refused_elsewhere,
    a_comment_is_part_of_the_history_and_nothing_else,
    who_is_behind_is_told_so,
    of_many_at_once_one_takes_it_on,
);
