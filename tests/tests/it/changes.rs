//! The change feed: what changed, who did it, what it was before.

use kundig_tests::{Answer, Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use crate::objects::{
    ALL, CUSTOMER, OUTCOME, SERVICE, TEAM, changes_after, list, newest_change, text,
};
use crate::support::mutate;

/// Who acts where nobody is signed in.
const ACTOR: &str = tokens::SUBJECT;

async fn creating_changing_and_deleting_leave_a_change_each(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let mut input = ty.least_input(&server).await;
        input["name"] = json!("Watched");
        let start = newest_change(&server).await;
        let object = ty.create(&server, input).await;
        ty.update(&server, json!({"id": object["id"], "name": "Watched well"}))
            .await;
        let seen = changes_after(&server, &start).await;
        assert_eq!(
            seen[0]["subject"],
            json!({"id": object["id"]}),
            "the object as it is now"
        );
        ty.delete(&server, &object).await;

        let changes = changes_after(&server, &start).await;
        let kinds: Vec<&Value> = changes.iter().map(|change| &change["kind"]).collect();
        assert_eq!(
            json!(kinds),
            json!(["CREATED", "UPDATED", "DELETED"]),
            "{}",
            ty.name
        );
        for change in &changes {
            assert_eq!(change["type"], ty.name);
            assert_eq!(change["subjectId"], object["id"]);
            assert_eq!(change["actor"], ACTOR);
            assert_eq!(change["subject"], Value::Null, "it is gone");
            assert!(change["at"].is_string(), "{change}");
        }
        assert_eq!(changes[0]["at"], object["createdAt"]);
        assert_eq!(
            changes[0]["diff"][ty.name_field()],
            json!({"from": null, "to": "Watched"})
        );
        assert_eq!(
            changes[1]["diff"],
            json!({ty.name_field(): {"from": "Watched", "to": "Watched well"}})
        );
        assert_eq!(
            changes[2]["diff"][ty.name_field()],
            json!({"from": "Watched well", "to": null})
        );
        expect_growing(&changes);
    }
}

#[track_caller]
fn expect_growing(changes: &[Value]) {
    let sequences: Vec<i64> = changes
        .iter()
        .map(|change| text(&change["sequence"]).parse().unwrap_or(-1))
        .collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
}

async fn a_diff_says_what_each_changed_field_was(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let start = newest_change(&server).await;
    let team = TEAM
        .create(
            &server,
            json!({"name": "Nächte", "annotations": {"a": 1, "b": [2]}}),
        )
        .await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "12400.5"});
    let outcome = OUTCOME.create(&server, input).await;
    let input = json!({"name": "Beds", "tags": ["b", "a"], "links": [{"url": "https://example.org/"}], "teamId": team["id"]});
    let beds = SERVICE.create(&server, input).await;

    let input =
        json!({"id": team["id"], "annotations": {"a": 1, "c": null}, "description": "Late"});
    TEAM.update(&server, input).await;
    let input = json!({"id": outcome["id"], "valuePerHour": "12400.0001"});
    OUTCOME.update(&server, input).await;
    let input = json!({"id": beds["id"], "tags": ["a", "c"], "tier": "TIER_1", "links": null, "teamId": null});
    SERVICE.update(&server, input).await;
    let confirm = json!({"serviceId": beds["id"]});
    let answer = mutate(
        &server,
        "confirmOwnership",
        "service { ownershipConfirmedAt }",
        confirm,
    )
    .await;
    let confirmed = &answer.expect_payload()["service"]["ownershipConfirmedAt"];
    TEAM.delete(&server, &team).await;

    let changes = changes_after(&server, &start).await;
    expect_diffs(
        &changes,
        &[
            json!(["CREATED", "Team", {"name": new("Nächte"), "slug": new("naechte"), "annotations": new(json!({"a": 1, "b": [2]}))}]),
            json!(["CREATED", "Customer", {"name": new("Ward"), "slug": new("ward")}]),
            json!(["CREATED", "BusinessOutcome", {"name": new("Discharge"), "slug": new("discharge"),
                "customerId": new(&*text(&ward["id"])), "valuePerHour": new("12400.50")}]),
            json!(["CREATED", "Service", {"name": new("Beds"), "slug": new("beds"), "kind": new("BUSINESS_SERVICE"),
                "lifecycle": new("LIVE"), "tier": new("TIER_3"), "tags": new(json!(["a", "b"])),
                "links": new(json!([{"url": "https://example.org/"}])), "teamId": new(&*text(&team["id"]))}]),
            json!(["UPDATED", "Team", {"annotations": {"from": {"b": [2]}, "to": {"c": null}}, "description": new("Late")}]),
            json!(["UPDATED", "BusinessOutcome", {"valuePerHour": {"from": "12400.50", "to": "12400.0001"}}]),
            json!(["UPDATED", "Service", {"tags": {"from": ["a", "b"], "to": ["a", "c"]}, "tier": {"from": "TIER_3", "to": "TIER_1"},
                "links": {"from": [{"url": "https://example.org/"}], "to": null}, "teamId": {"from": team["id"], "to": null}}]),
            json!(["UPDATED", "Service", {"ownershipConfirmedAt": new(&*text(confirmed))}]),
            json!(["DELETED", "Team", {"name": {"from": "Nächte", "to": null}, "slug": {"from": "naechte", "to": null},
                "annotations": {"from": {"a": 1, "c": null}, "to": null}, "description": {"from": "Late", "to": null}}]),
        ],
    );

    drop(server);
    let server = settings.start().await;
    assert_eq!(
        changes_after(&server, &start).await,
        changes,
        "the feed is in the database"
    );
}

async fn a_diff_names_the_edges_that_changed(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1"});
    let outcome = text(&OUTCOME.create(&server, input).await["id"]);
    let index = text(&SERVICE.create(&server, json!({"name": "Index"})).await["id"]);
    let queue = text(&SERVICE.create(&server, json!({"name": "Queue"})).await["id"]);
    let beds = text(&SERVICE.create(&server, json!({"name": "Beds"})).await["id"]);
    let start = newest_change(&server).await;
    for (mutation, selection, input) in [
        (
            "setDependency",
            "dependency { strength }",
            json!({"dependentId": beds, "dependencyId": index}),
        ),
        (
            "setDependency",
            "dependency { strength }",
            json!({"dependentId": beds, "dependencyId": queue}),
        ),
        (
            "setDependency",
            "dependency { strength }",
            json!({"dependentId": beds, "dependencyId": index, "strength": 0.5}),
        ),
        (
            "removeDependency",
            "dependent { id }",
            json!({"dependentId": beds, "dependencyId": queue}),
        ),
        (
            "removeDependency",
            "dependent { id }",
            json!({"dependentId": beds, "dependencyId": index}),
        ),
        (
            "setContribution",
            "contribution { share }",
            json!({"serviceId": beds, "outcomeId": outcome, "share": 0.8}),
        ),
        (
            "removeContribution",
            "service { id }",
            json!({"serviceId": beds, "outcomeId": outcome}),
        ),
    ] {
        mutate(&server, mutation, selection, input)
            .await
            .expect_payload();
    }

    let changes = changes_after(&server, &start).await;
    assert!(
        changes.iter().all(|change| change["subjectId"] == beds),
        "edges belong to the service"
    );
    let edge = |to: &str, strength: f64| json!({to: {"strength": strength}});
    let expected = [
        json!({"dependencies": new(edge(&index, 1.0))}),
        json!({"dependencies": {"from": {}, "to": edge(&queue, 1.0)}}),
        json!({"dependencies": {"from": edge(&index, 1.0), "to": edge(&index, 0.5)}}),
        json!({"dependencies": {"from": edge(&queue, 1.0), "to": {}}}),
        json!({"dependencies": {"from": edge(&index, 0.5), "to": null}}),
        json!({"contributions": new(json!({&outcome: 0.8}))}),
        json!({"contributions": {"from": {&outcome: 0.8}, "to": null}}),
    ];
    expect_diffs(
        &changes,
        &expected.map(|diff| json!(["UPDATED", "Service", diff])),
    );
}

fn new(value: impl Into<Value>) -> Value {
    json!({"from": null, "to": value.into()})
}

/// Kind, type and diff of each change.
#[track_caller]
fn expect_diffs(changes: &[Value], expected: &[Value]) {
    let found: Vec<Value> = changes
        .iter()
        .map(|change| json!([change["kind"], change["type"], change["diff"]]))
        .collect();
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

async fn what_is_refused_or_changes_nothing_leaves_no_change(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let index = SERVICE.create(&server, json!({"name": "Index"})).await;
    let beds = SERVICE
        .create(
            &server,
            json!({"name": "Beds", "teamId": team["id"], "tags": ["a"]}),
        )
        .await;
    let edge = json!({"dependentId": beds["id"], "dependencyId": index["id"], "strength": 0.5});
    mutate(
        &server,
        "setDependency",
        "dependency { strength }",
        edge.clone(),
    )
    .await
    .expect_payload();
    let start = newest_change(&server).await;

    SERVICE.update(&server, json!({"id": beds["id"], "name": " Beds ", "tags": ["a", "a"], "kind": "BUSINESS_SERVICE"})).await;
    mutate(&server, "setDependency", "dependency { strength }", edge)
        .await
        .expect_payload();
    for (mutation, selection, input) in [
        (
            "createTeam",
            "team { id }",
            json!({"name": "", "slug": "nights"}),
        ),
        (
            "updateService",
            "service { id }",
            json!({"id": beds["id"], "name": "New", "expectedVersion": 7}),
        ),
        ("deleteTeam", "deletedId", json!({"id": team["id"]})),
        ("deleteService", "deletedId", json!({"id": index["id"]})),
        (
            "confirmOwnership",
            "service { id }",
            json!({"serviceId": "nonsense"}),
        ),
        (
            "removeDependency",
            "dependent { id }",
            json!({"dependentId": index["id"], "dependencyId": beds["id"]}),
        ),
        (
            "setContribution",
            "contribution { share }",
            json!({"serviceId": beds["id"], "outcomeId": "x", "share": 1}),
        ),
        (
            "createServiceOffering",
            "serviceOffering { id }",
            json!({"name": "A", "serviceId": beds["id"], "inputSchema": {"type": 1}}),
        ),
    ] {
        let answer = mutate(&server, mutation, selection, input).await;
        let refused = &answer.expect_data()[mutation]["userErrors"];
        assert!(!list(refused).is_empty(), "{answer}");
    }
    assert_eq!(changes_after(&server, &start).await, [Value::Null; 0]);
    assert_eq!(newest_change(&server).await, start);
}

async fn changes_are_found_by_type_subject_and_actor(database: Database) {
    let server = Server::start(&database).await;
    let nights = TEAM.create(&server, json!({"name": "Nights"})).await;
    let days = TEAM.create(&server, json!({"name": "Days"})).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    SERVICE
        .update(&server, json!({"id": beds["id"], "teamId": nights["id"]}))
        .await;
    CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    TEAM.delete(&server, &days).await;

    changes_after(&server, "0").await;
    let all = [
        "nights created",
        "days created",
        "beds created",
        "beds updated",
        "ward created",
        "days deleted",
    ];
    let many_ids = vec![&beds["id"]; 101];
    for (filter, expected) in [
        (json!(null), all.to_vec()),
        (json!({}), all.to_vec()),
        (
            json!({"types": null, "subjectIds": null, "actor": null}),
            all.to_vec(),
        ),
        (
            json!({"types": ["Service"]}),
            vec!["beds created", "beds updated"],
        ),
        (
            json!({"types": ["Customer", "Service", "Service"]}),
            vec!["beds created", "beds updated", "ward created"],
        ),
        (json!({"types": []}), vec![]),
        (
            json!({"subjectIds": [days["id"]]}),
            vec!["days created", "days deleted"],
        ),
        (
            json!({"subjectIds": [nights["id"], beds["id"]], "types": ["Team"]}),
            vec!["nights created"],
        ),
        (json!({"subjectIds": []}), vec![]),
        (
            json!({"actor": ACTOR, "subjectIds": [nights["id"]]}),
            vec!["nights created"],
        ),
        (json!({"actor": "somebody else"}), vec![]),
    ] {
        let answer = changes(&server, json!({ "filter": filter })).await;
        let found = &answer.expect_data()["changes"];
        let names: Vec<String> = list(&found["nodes"]).iter().map(named).collect();
        assert_eq!(names, expected, "{filter}");
        assert_eq!(found["totalCount"], expected.len(), "{filter}");
    }
    for wrong in [
        json!({"subjectIds": ["nonsense"]}),
        json!({"subjectIds": many_ids}),
        json!({"types": ["service"]}),
        json!({"types": ["Nul\u{0}"]}),
        json!({"actor": "nul\u{0}"}),
    ] {
        let answer = changes(&server, json!({ "filter": wrong })).await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
}

/// `beds updated`: by the slug where the diff has it, else by what is there now.
fn named(change: &Value) -> String {
    let diff = &change["diff"]["slug"];
    let slug = [&diff["to"], &diff["from"], &change["subject"]["slug"]];
    let slug = slug.into_iter().find_map(Value::as_str).unwrap_or("?");
    format!("{slug} {}", text(&change["kind"]).to_lowercase())
}

async fn the_feed_is_read_from_after_a_sequence(database: Database) {
    let server = Server::start(&database).await;
    for number in 0..23 {
        TEAM.create(&server, json!({"name": format!("Team {number}")}))
            .await;
    }
    changes_after(&server, "0").await;
    let whole = changes(&server, json!({"first": 100})).await;
    let whole = list(&whole.expect_data()["changes"]["nodes"]).to_vec();
    assert_eq!(whole.len(), 23);
    expect_growing(&whole);

    let mut read = Vec::new();
    let mut after = json!(null);
    loop {
        let answer = changes(&server, json!({"first": 5, "after": after})).await;
        let page = &answer.expect_data()["changes"];
        let nodes = list(&page["nodes"]);
        let info = &page["pageInfo"];
        assert_eq!(page["totalCount"], 23);
        assert_eq!(info["hasPreviousPage"], !read.is_empty());
        assert_eq!(
            info["endCursor"],
            nodes[nodes.len() - 1]["sequence"],
            "the sequence is the cursor"
        );
        assert_eq!(info["startCursor"], page["edges"][0]["cursor"]);
        read.extend_from_slice(nodes);
        if info["hasNextPage"] == false {
            break;
        }
        after = info["endCursor"].clone();
    }
    assert_eq!(read, whole);

    let last = whole[22]["sequence"].clone();
    for (after, left) in [
        (json!("0"), 23),
        (whole[19]["sequence"].clone(), 3),
        (last, 0),
        (json!("9223372036854775807"), 0),
    ] {
        let answer = changes(&server, json!({"first": 100, "after": after})).await;
        assert_eq!(
            list(&answer.expect_data()["changes"]["nodes"]).len(),
            left,
            "{after}"
        );
    }
    for wrong in [
        json!({"first": 101}),
        json!({"first": -1}),
        json!({"after": "soon"}),
        json!({"after": ""}),
        json!({"after": "9223372036854775808"}),
    ] {
        changes(&server, wrong)
            .await
            .expect_error_code("BAD_USER_INPUT");
    }
    let answer = changes(&server, json!({"first": 0})).await;
    let page = &answer.expect_data()["changes"];
    assert_eq!(
        (&page["nodes"], &page["pageInfo"]["hasNextPage"]),
        (&json!([]), &json!(true))
    );
    let default = changes(&server, json!({})).await;
    assert_eq!(
        list(&default.expect_data()["changes"]["nodes"]).len(),
        23,
        "up to 25 where nothing is said"
    );
}

async fn changes(server: &Server, variables: Value) -> Answer {
    server
        .query(
            "query ($filter: ChangeFilter, $first: Int, $after: String) { changes(filter: $filter, first: $first, after: $after) {
               nodes { sequence kind type subjectId diff subject { ... on Service { slug } ... on Team { slug } } }
               edges { cursor } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
        )
        .variables(variables)
        .send()
        .await
}

on_both_databases!(
    creating_changing_and_deleting_leave_a_change_each,
    a_diff_says_what_each_changed_field_was,
    a_diff_names_the_edges_that_changed,
    what_is_refused_or_changes_nothing_leaves_no_change,
    changes_are_found_by_type_subject_and_actor,
    the_feed_is_read_from_after_a_sequence,
);
