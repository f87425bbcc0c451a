//! The questions that a catalog must answer, asked of the demo.

mod worth;

use std::collections::HashMap;

use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use crate::objects::{list, text, until_shown};
use crate::support::changes_without_clocks;

on_both_databases!(
    question_2_what_is_this_service_for,
    question_3_whom_do_i_ask,
    question_4_what_was_promised_and_was_it_kept,
    question_8_why_was_it_declined_and_what_is_the_other_way,
    a_quarter_of_work_is_there_in_every_state,
    question_10_what_changed_and_who_did_it,
    question_10_the_feed_tells_who_did_which_step_and_when,
    a_catalog_that_somebody_has_begun_is_left_alone,
);

async fn demo(database: &Database) -> Server {
    Settings::new(database).arg("--demo").start().await
}

async fn ask(server: &Server, query: &str) -> Value {
    server.query(query).send().await.expect_data().clone()
}

/// Whose outcome, worth what, and through which chain.
async fn question_2_what_is_this_service_for(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        r#"{ service(slug: "patient-index") {
          contributions { outcome { slug } }
          dependents(first: 50) { nodes { strength dependent {
            slug
            contributions { share outcome { slug valuePerHour { amount currency } customer { slug parent { slug } } } }
          } } }
        } }"#,
    )
    .await;
    let dependents = data["service"]["dependents"]["nodes"].as_array().cloned();
    let beds = dependents
        .into_iter()
        .flatten()
        .find(|edge| edge["dependent"]["slug"] == "bed-management");
    assert_eq!(
        beds,
        Some(json!({
            "strength": 0.9,
            "dependent": {
                "slug": "bed-management",
                "contributions": [
                    {"share": 0.3, "outcome": {
                        "slug": "emergency-admission",
                        "valuePerHour": {"amount": "18900.00", "currency": "EUR"},
                        "customer": {"slug": "notaufnahme", "parent": {"slug": "klinikum-aurora"}},
                    }},
                    {"share": 0.8, "outcome": {
                        "slug": "patient-discharge",
                        "valuePerHour": {"amount": "12400.00", "currency": "EUR"},
                        "customer": {"slug": "klinikum-aurora", "parent": null},
                    }},
                ],
            },
        })),
        "the patient index is for discharge, by way of bed management"
    );
}

/// Who answers for it to the business, who delivers it.
async fn question_3_whom_do_i_ask(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        r#"{ service(slug: "bed-management") {
          businessOwner { name email customer { name } }
          serviceOwner { name email }
          team { name parent { name } members { name } }
        } }"#,
    )
    .await;
    assert_eq!(
        data["service"],
        json!({
            "businessOwner": {
                "name": "Jörg Weiß",
                "email": "joerg.weiss@klinikum-aurora.example",
                "customer": {"name": "Klinikum Aurora"},
            },
            "serviceOwner": {"name": "Dieter Köhler", "email": "dieter.koehler@querbund.example"},
            "team": {
                "name": "Health applications",
                "parent": {"name": "Business applications"},
                "members": [{"name": "Dieter Köhler"}, {"name": "Ines Müller"}],
            },
        })
    );
}

/// And what happens right now.
async fn question_10_what_changed_and_who_did_it(database: Database) {
    let server = demo(&database).await;
    let service = ask(
        &server,
        r#"{ service(slug: "bed-management") { id version } }"#,
    )
    .await;
    let id = service["service"]["id"].clone();
    server
        .query("mutation($input: UpdateServiceInput!) { updateService(input: $input) { userErrors { message } } }")
        .variables(json!({"input": {"id": id, "tier": "TIER_4", "expectedVersion": 1}}))
        .send()
        .await
        .expect_data();
    until_shown(&server).await;
    let data = server
        .query("query($ids: [ID!]) { changes(filter: {subjectIds: $ids}) { totalCount nodes { actor kind type subject { id } diff } } }")
        .variables(json!({"ids": [id]}))
        .send()
        .await
        .expect_data()
        .clone();
    let changes = &data["changes"];
    assert_eq!(changes["totalCount"], 3);
    assert_eq!(changes["nodes"][0]["actor"], "kundig serve --demo");
    assert_eq!(changes["nodes"][0]["kind"], "CREATED");
    let measured = &changes["nodes"][1]["diff"]["availability"]["to"];
    assert!(measured["measurements"].as_i64() > Some(80), "{measured}");
    assert_eq!(
        changes["nodes"][2],
        json!({
            "actor": tokens::SUBJECT,
            "kind": "UPDATED",
            "type": "Service",
            "subject": {"id": id},
            "diff": {"tier": {"from": "TIER_1", "to": "TIER_4"}},
        })
    );
}

/// All that the feed has of work.
async fn changes_of_work(server: &Server) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = json!(null);
    loop {
        let answer = server
            .query(
                r#"query($after: String) { changes(after: $after, first: 100,
                  filter: {types: ["ServiceRequest", "Incident", "Demand", "Feedback"]}) {
                  pageInfo { hasNextPage endCursor } nodes { sequence at actor kind type subjectId diff } } }"#,
            )
            .variables(json!({ "after": after }))
            .send()
            .await;
        let page = &answer.expect_data()["changes"];
        all.extend_from_slice(list(&page["nodes"]));
        let Some(last) = all
            .last()
            .filter(|_| page["pageInfo"]["hasNextPage"] == true)
        else {
            return all;
        };
        after = last["sequence"].clone();
    }
}

/// Each piece of work has a life: who asked for it, who took which step, and when its promises were broken.
async fn question_10_the_feed_tells_who_did_which_step_and_when(database: Database) {
    let server = demo(&database).await;
    until_shown(&server).await;
    let changes = changes_of_work(&server).await;
    let instant =
        |change: &Value| -> jiff::Timestamp { text(&change["at"]).parse().expect("an instant") };
    assert!(changes.is_sorted_by_key(instant), "in the order of time");
    let mut lives: HashMap<String, Vec<&Value>> = HashMap::new();
    for change in &changes {
        assert_ne!(change["actor"], "kundig serve --demo", "somebody did it");
        let life = lives.entry(text(&change["subjectId"])).or_default();
        let kind = if life.is_empty() {
            "CREATED"
        } else {
            "UPDATED"
        };
        assert_eq!(change["kind"], kind, "{change}");
        life.push(change);
    }
    let data = ask(
        &server,
        "{ serviceRequests(first: 100) { nodes { id version status events(first: 50) { nodes { at actor } } } }
           incidents(first: 100) { nodes { id version status events(first: 50) { nodes { at actor } } } }
           demands(first: 100) { nodes { id version status supporterCount createdAt updatedAt } } }",
    )
    .await;
    for kind in ["serviceRequests", "incidents", "demands"] {
        for work in list(&data[kind]["nodes"]) {
            let life = &lives[&text(&work["id"])];
            let (steps, warnings): (Vec<&Value>, Vec<&Value>) =
                life.iter().partition(|change| change["actor"] != "kundig");
            assert_eq!(json!(steps.len()), work["version"], "{work}: {life:#?}");
            if let Some(events) = work["events"]["nodes"].as_array() {
                let told = |it: &Value| (it["at"].clone(), it["actor"].clone());
                let steps: Vec<_> = steps.iter().map(|step| told(step)).collect();
                assert_eq!(steps, events.iter().map(told).collect::<Vec<_>>());
            }
            let status = steps
                .iter()
                .rev()
                .find_map(|it| it["diff"]["status"].get("to"));
            assert_eq!(status, Some(&work["status"]), "{work}: {life:#?}");
            assert!(
                warnings
                    .iter()
                    .all(|it| it["diff"].to_string().contains("slaClocks.")),
                "{warnings:#?}"
            );
        }
    }
    let missed = |it: &&Value| it["diff"]["slaClocks.RESOLUTION_TIME"]["to"] == "MISSED";
    assert!(
        changes.iter().filter(missed).count() > 5,
        "promises were broken"
    );
}

async fn a_catalog_that_somebody_has_begun_is_left_alone(database: Database) {
    let server = demo(&database).await;
    let first = ask(&server, "{ services { totalCount } }").await;
    assert_eq!(first["services"]["totalCount"], 69);
    drop(server);
    let written = changes_without_clocks(&database).await;
    assert!(written > 69, "{written} changes");
    let server = demo(&database).await;
    assert_eq!(ask(&server, "{ services { totalCount } }").await, first);
    assert_eq!(changes_without_clocks(&database).await, written);
}

/// The agreement, its hours and targets, how they were kept in the quarter, and the clocks of single requests.
async fn question_4_what_was_promised_and_was_it_kept(database: Database) {
    let server = demo(&database).await;
    let now = jiff::Timestamp::now();
    let since = now - jiff::SignedDuration::from_hours(91 * 24);
    let answer = server
        .query(
            r#"query ($from: DateTime!, $until: DateTime!) {
          customer(slug: "notaufnahme") { slas { nodes {
            name kind validFrom validUntil service { name } calendar { name timeZone hours { opens } }
            targets { metric priority within objective }
            attainment(from: $from, until: $until) { target { metric } total good attained errorBudgetLeft met }
          } } }
          serviceLevelAgreements(first: 100) { nodes {
            name kind attainment(from: $from, until: $until) { target { metric } total good attained met }
          } }
          serviceRequests(first: 100) { nodes { title slaClocks {
            state dueAt elapsed remaining target { metric within agreement { name } }
          } } }
        }"#,
        )
        .variables(json!({"from": since.to_string(), "until": now.to_string()}))
        .send()
        .await;
    let data = answer.expect_data();
    let promised = &data["customer"]["slas"]["nodes"][0];
    assert_eq!(
        promised["name"],
        "Bed management for the emergency department"
    );
    assert_eq!(promised["kind"], "SLA");
    assert_eq!(promised["service"]["name"], "Bed management");
    assert_eq!(promised["calendar"]["hours"], json!([]), "around the clock");
    assert_eq!(
        promised["targets"][0],
        json!({"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT10M", "objective": "98"})
    );
    let availability = promised["attainment"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|kept| kept["target"]["metric"] == "AVAILABILITY");
    let availability = availability.expect("its availability was promised");
    let days = availability["total"].as_i64().unwrap_or_default() / 86_400;
    assert!((89..=91).contains(&days), "{days} days were measured");
    assert!(availability["met"].is_boolean() && availability["attained"].is_string());

    let all = data["serviceLevelAgreements"]["nodes"].as_array();
    let kept: Vec<&Value> = all
        .into_iter()
        .flatten()
        .flat_map(|agreement| agreement["attainment"].as_array().into_iter().flatten())
        .collect();
    for metric in ["RESPONSE_TIME", "RESOLUTION_TIME", "AVAILABILITY"] {
        for met in [true, false] {
            let any = kept
                .iter()
                .any(|kept| kept["target"]["metric"] == metric && kept["met"] == met);
            assert!(any, "{metric}: {met} nowhere");
        }
    }
    let requests = data["serviceRequests"]["nodes"].as_array();
    let clocks: Vec<&Value> = requests
        .into_iter()
        .flatten()
        .flat_map(|request| request["slaClocks"].as_array().into_iter().flatten())
        .collect();
    for state in ["RUNNING", "MET", "MISSED"] {
        assert!(
            clocks.iter().any(|clock| clock["state"] == state),
            "{state} nowhere"
        );
    }
    assert!(
        clocks
            .iter()
            .all(|clock| clock["target"]["agreement"]["name"].is_string())
    );
}

/// The reason in a word and in words, who said so, when it is worth asking again, and what else there is.
async fn question_8_why_was_it_declined_and_what_is_the_other_way(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        "{ serviceRequests(filter: {statuses: [DECLINED]}, first: 100) { nodes {
          title requester { name } decline {
            reason explanation declinedBy declinedAt revisitOn
            alternative { name active service { name businessOwner { name } } }
          }
          events(last: 1) { nodes { kind comment } }
        } } }",
    )
    .await;
    let declined = data["serviceRequests"]["nodes"].as_array().cloned();
    let declined = declined.unwrap_or_default();
    assert!(declined.len() >= 4, "{declined:#?}");
    for request in &declined {
        let explanation = request["decline"]["explanation"].as_str();
        assert!(explanation.is_some_and(|it| it.len() >= 20), "{request}");
        assert!(request["decline"]["declinedBy"].is_string(), "{request}");
    }
    let homework = declined
        .iter()
        .find(|request| request["title"] == "Sign-on for a homework service from overseas")
        .expect("it is declined every time");
    let decline = &homework["decline"];
    assert_eq!(decline["reason"], "COVERED_BY_ALTERNATIVE");
    assert_eq!(decline["alternative"]["name"], "Storage bucket");
    assert_eq!(decline["alternative"]["active"], true);
    assert!(decline["alternative"]["service"]["name"].is_string());
    let put_off = declined
        .iter()
        .filter(|it| it["decline"]["revisitOn"].is_string());
    assert!(
        put_off.count() >= 1,
        "some things are worth asking for again later"
    );
}

async fn a_quarter_of_work_is_there_in_every_state(database: Database) {
    let server = demo(&database).await;
    let total = async |filter: &str| {
        let query = format!("{{ serviceRequests(filter: {{{filter}}}) {{ totalCount }} }}");
        ask(&server, &query).await["serviceRequests"]["totalCount"]
            .as_i64()
            .unwrap_or_default()
    };
    for status in [
        "SUBMITTED",
        "APPROVED",
        "IN_PROGRESS",
        "WAITING_ON_CUSTOMER",
        "FULFILLED",
        "DECLINED",
        "CANCELLED",
    ] {
        assert!(
            total(&format!("statuses: [{status}]")).await > 0,
            "{status}"
        );
    }
    let all = total("").await;
    let incidents = ask(
        &server,
        "{ incidents(first: 50) { nodes { status slaClocks { state } services { slug } } } }",
    )
    .await;
    let incidents = incidents["incidents"]["nodes"].as_array().cloned();
    let incidents = incidents.unwrap_or_default();
    for status in ["OPEN", "ACKNOWLEDGED", "RESOLVED"] {
        assert!(
            incidents.iter().any(|it| it["status"] == status),
            "{status}"
        );
    }
    assert!(incidents.iter().all(|it| it["slaClocks"] != json!([])));
    assert!((200..600).contains(&all), "{all} requests");
    let breached = total("breached: true").await;
    assert!(
        (10..all / 2).contains(&breached),
        "{breached} of {all} promises were broken"
    );
}
