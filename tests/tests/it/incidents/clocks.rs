use jiff::SignedDuration;
use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{report, service, take, try_report};
use crate::objects::{CUSTOMER, changes_after, list, newest_change, text};
use crate::requests::clocks::{CLOCKS, assert_adds_up, instant, promise, target};
use crate::support::{eventually, mutate};

async fn clocks(server: &Server, incident: &Value) -> Vec<Value> {
    let document =
        format!("query ($number: String!) {{ incident(number: $number) {{ {CLOCKS} }} }}");
    let query = server.query(document);
    let answer = query
        .variables(json!({"number": incident["number"]}))
        .send()
        .await;
    let clocks = list(&answer.expect_data()["incident"]["slaClocks"]).to_vec();
    for clock in &clocks {
        assert_adds_up(clock);
    }
    clocks
}

/// Which lengths are promised, sorted.
fn lengths(clocks: &[Value]) -> Vec<String> {
    let mut lengths: Vec<String> = clocks
        .iter()
        .map(|clock| text(&clock["target"]["within"]))
        .collect();
    lengths.sort();
    lengths
}

async fn every_agreement_about_its_services_gives_its_clocks(database: Database) {
    let server = Settings::new(&database).start().await;
    let (beds, labs) = (
        service(&server, "Beds").await,
        service(&server, "Labs").await,
    );
    let mail = service(&server, "Mail").await;
    assert!(
        clocks(&server, &report(&server, &[&beds]).await)
            .await
            .is_empty()
    );
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let targets = |lengths: [&str; 3]| {
        json!([
            target("RESPONSE_TIME", None, lengths[0]),
            target("RESOLUTION_TIME", Some("P1"), lengths[1]),
            target("RESOLUTION_TIME", Some("P2"), lengths[2]),
        ])
    };
    promise(&server, &beds, None, targets(["PT1H", "PT2H", "PT3H"])).await;
    promise(
        &server,
        &beds,
        Some(&ward["id"]),
        targets(["PT4H", "PT5H", "PT6H"]),
    )
    .await;
    promise(&server, &labs, None, targets(["PT7H", "PT8H", "PT9H"])).await;
    promise(&server, &mail, None, targets(["PT10H", "PT11H", "PT12H"])).await;
    // An agreement inside IT is no promise to a customer.
    let (name, field) = ("createServiceLevelAgreement", "serviceLevelAgreement");
    let calendar = server
        .query("{ supportCalendars(first: 1) { nodes { id } } }")
        .send()
        .await;
    let calendar = &calendar.expect_data()["supportCalendars"]["nodes"][0]["id"];
    let internal = json!({
        "name": "Inside", "serviceId": beds, "calendarId": calendar, "kind": "OLA", "validFrom": "2020-01-01",
        "targets": targets(["PT13H", "PT14H", "PT15H"]),
    });
    let answer = mutate(&server, name, &format!("{field} {{ id }}"), internal).await;
    answer.expect_payload();

    for (severity, expected) in [
        (
            "OUTAGE",
            &["PT1H", "PT2H", "PT4H", "PT5H", "PT7H", "PT8H"][..],
        ),
        (
            "DEGRADED",
            &["PT1H", "PT3H", "PT4H", "PT6H", "PT7H", "PT9H"],
        ),
        ("MINOR", &["PT1H", "PT4H", "PT7H"]),
    ] {
        let input = json!({"severity": severity, "serviceIds": [beds, labs]});
        let answer = try_report(&server, input).await;
        let incident = &answer.expect_payload()["incident"];
        let found = clocks(&server, incident).await;
        assert_eq!(lengths(&found), expected, "{severity}");
        for clock in &found {
            assert_eq!(clock["state"], "RUNNING");
            assert_eq!(clock["startedAt"], incident["startedAt"]);
            let within: SignedDuration =
                text(&clock["target"]["within"]).parse().expect("a length");
            assert_eq!(
                instant(&clock["dueAt"]),
                instant(&incident["startedAt"]) + within
            );
        }
    }
    // What was not promised on the day on which it began is not owed.
    let answer = try_report(
        &server,
        json!({"serviceIds": [beds], "startedAt": "2019-12-30T12:00:00Z"}),
    );
    let incident = answer.await.expect_payload()["incident"].clone();
    assert!(clocks(&server, &incident).await.is_empty());
}

async fn steps_end_the_clocks(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let both = json!([
        target("RESPONSE_TIME", None, "PT4H"),
        target("RESOLUTION_TIME", None, "PT40H")
    ]);
    promise(&server, &beds, None, both).await;
    let states = async |incident: &Value| {
        let clocks = clocks(&server, incident).await;
        let states: Vec<String> = clocks.iter().map(|clock| text(&clock["state"])).collect();
        states.join(" ")
    };
    let incident = report(&server, &[&beds]).await;
    assert_eq!(states(&incident).await, "RUNNING RUNNING");
    let incident = take(
        &server,
        "comment",
        &incident,
        json!({"comment": "We look."}),
    )
    .await;
    assert_eq!(
        states(&incident).await,
        "RUNNING RUNNING",
        "a comment is no response"
    );
    let incident = take(&server, "acknowledge", &incident, json!({})).await;
    assert_eq!(states(&incident).await, "MET RUNNING");
    assert_eq!(
        clocks(&server, &incident).await[0]["endedAt"],
        incident["acknowledgedAt"]
    );
    let incident = take(&server, "resolve", &incident, json!({})).await;
    assert_eq!(states(&incident).await, "MET MET");
    let ended = clocks(&server, &incident).await;
    assert_eq!(
        ended[0]["endedAt"], incident["acknowledgedAt"],
        "it ended before"
    );
    assert_eq!(ended[1]["endedAt"], incident["resolvedAt"]);
    let incident = report(&server, &[&beds]).await;
    let incident = take(&server, "resolve", &incident, json!({})).await;
    assert_eq!(states(&incident).await, "MET MET");
    assert_eq!(
        clocks(&server, &incident).await[0]["endedAt"],
        incident["resolvedAt"]
    );
}

async fn what_was_missed_before_the_report_is_told_with_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let both = json!([
        target("RESPONSE_TIME", None, "PT1H"),
        target("RESOLUTION_TIME", None, "PT80000H")
    ]);
    promise(&server, &beds, None, both).await;
    let before = newest_change(&server).await;
    let answer = try_report(
        &server,
        json!({"serviceIds": [beds], "startedAt": "2026-01-05T08:00:00Z"}),
    );
    let incident = answer.await.expect_payload()["incident"].clone();
    let found = clocks(&server, &incident).await;
    assert_eq!(
        (&found[0]["state"], &found[0]["breached"]),
        (&json!("MISSED"), &json!(true))
    );
    assert_eq!(found[0]["breachedAt"], "2026-01-05T09:00:00Z");
    assert_eq!(found[1]["state"], "RUNNING");
    let incident = take(&server, "resolve", &incident, json!({})).await;
    let changes = eventually("the feed has all four", async || {
        let changes = changes_after(&server, &before).await;
        (changes.len() >= 4).then_some(changes)
    })
    .await;
    let kinds: Vec<_> = changes.iter().map(|it| text(&it["kind"])).collect();
    assert_eq!(kinds, ["CREATED", "UPDATED", "UPDATED", "UPDATED"]);
    for (change, (to, at)) in changes[1..].iter().zip([
        ("AT_RISK", "2026-01-05T08:48:00Z"),
        ("MISSED", "2026-01-05T09:00:00Z"),
    ]) {
        let diff = &change["diff"]["slaClocks.RESPONSE_TIME"];
        assert_eq!((&diff["to"], &diff["at"]), (&json!(to), &json!(at)));
    }
    assert_eq!(
        changes[3]["diff"]["status"]["to"], "RESOLVED",
        "and nothing twice"
    );
    let found = clocks(&server, &incident).await;
    assert_eq!(
        found[0]["breachedAt"], "2026-01-05T09:00:00Z",
        "never undone"
    );
    assert_eq!(found[1]["state"], "MET");
}

on_both_databases!(
    every_agreement_about_its_services_gives_its_clocks,
    steps_end_the_clocks,
    what_was_missed_before_the_report_is_told_with_it,
);
