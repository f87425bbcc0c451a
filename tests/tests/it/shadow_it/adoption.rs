use futures_util::future::join_all;
use kundig_tests::{Answer, Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{raised, seen};
use crate::objects::{
    CUSTOMER, PERSON, SERVICE, SIGHTING, TEAM, assert_refused, changes_after, newest_change,
};
use crate::support::mutate;

const ADOPTED: &str =
    "shadowItSighting { id status version service { slug } demand { status service { slug } } }
    service { id slug name kind lifecycle businessOwner { slug } team { slug } }";

async fn adopt(server: &Server, input: Value) -> Answer {
    mutate(server, "adoptShadowIt", ADOPTED, input).await
}

async fn an_adopted_tool_is_a_proposed_service_that_answers_its_demand(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let team = TEAM.create_plain(&server, "Files").await;
    let ada = PERSON.create_plain(&server, "Ada").await;
    let demand = raised(&server, &ward, "Exchange files").await;
    let link = json!({ "demandId": demand["id"] });
    let sighting = seen(&server, &ward, "Dropbox", link).await;
    let before = newest_change(&server).await;

    let stale = json!({"id": sighting["id"], "expectedVersion": 7});
    let stale = adopt(&server, stale).await;
    assert_refused(&stale, &[("expectedVersion", "STALE_VERSION")]);
    let wrong = json!({"id": sighting["id"], "slug": "No Slug", "teamId": ada["id"]});
    let wrong = adopt(&server, wrong).await;
    assert_refused(&wrong, &[("slug", "INVALID"), ("teamId", "NOT_FOUND")]);
    let input = json!({"id": sighting["id"], "expectedVersion": 1, "kind": "BUSINESS_SERVICE", "name": "File exchange",
        "businessOwnerId": ada["id"], "teamId": team["id"]});
    let adopted = adopt(&server, input.clone()).await;
    let payload = adopted.expect_payload();
    assert_eq!(
        payload["shadowItSighting"],
        json!({
            "id": sighting["id"], "status": "ADOPTED", "version": 2, "service": {"slug": "file-exchange"},
            "demand": {"status": "PLANNED", "service": {"slug": "file-exchange"}},
        })
    );
    let service = &payload["service"];
    assert_eq!(
        *service,
        json!({
            "id": service["id"], "slug": "file-exchange", "name": "File exchange", "kind": "BUSINESS_SERVICE",
            "lifecycle": "PROPOSED", "businessOwner": {"slug": "ada"}, "team": {"slug": "files"},
        })
    );

    let changes = changes_after(&server, &before).await;
    let told: Vec<(&Value, &Value)> = changes
        .iter()
        .map(|it| (&it["type"], &it["kind"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["Service", "CREATED"],
            ["ShadowItSighting", "UPDATED"],
            ["Demand", "UPDATED"]
        ])
    );
    assert_eq!(
        changes[1]["diff"],
        json!({
            "serviceId": {"from": null, "to": service["id"]}, "status": {"from": "SEEN", "to": "ADOPTED"},
        })
    );
    assert_eq!(
        changes[2]["diff"],
        json!({
            "serviceId": {"from": null, "to": service["id"]}, "status": {"from": "OPEN", "to": "PLANNED"},
        })
    );

    let again = adopt(&server, json!({ "id": sighting["id"] })).await;
    let message = assert_refused(&again, &[("", "ILLEGAL_TRANSITION")]);
    assert!(message.contains("`dropbox` is ADOPTED"), "{message}");
    let unknown = adopt(&server, json!({ "id": "shad_none" })).await;
    assert_refused(&unknown, &[("id", "NOT_FOUND")]);
}

async fn a_demand_that_another_service_answers_stays_with_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let other = SERVICE.create_plain(&server, "File exchange").await;
    let demand = raised(&server, &ward, "Exchange files").await;
    let link = json!({ "demandId": demand["id"] });
    let sighting = seen(&server, &ward, "Dropbox", link).await;
    let answered = json!({"id": demand["id"], "serviceId": other["id"]});
    let answered = mutate(&server, "updateDemand", "demand { id }", answered).await;
    answered.expect_payload();
    let plan = "mutation ($id: ID!) { planDemand(input: {id: $id}) { userErrors { message } } }";
    let plan = server.query(plan).variables(json!({ "id": demand["id"] }));
    plan.send().await.expect_payload();
    let adopted = adopt(&server, json!({ "id": sighting["id"] })).await;
    let sighting = &adopted.expect_payload()["shadowItSighting"];
    assert_eq!(sighting["service"]["slug"], "dropbox");
    let expected = json!({"status": "PLANNED", "service": {"slug": "file-exchange"}});
    assert_eq!(sighting["demand"], expected);
}

async fn what_has_an_answer_already_is_not_adopted(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let storage = SERVICE.create_plain(&server, "Object storage").await;
    let sighting = seen(
        &server,
        &ward,
        "Dropbox",
        json!({ "serviceId": storage["id"] }),
    )
    .await;
    let before = newest_change(&server).await;
    let refused = adopt(&server, json!({ "id": sighting["id"] })).await;
    let message = assert_refused(&refused, &[("id", "INVALID")]);
    assert!(message.contains("object-storage"), "{message}");
    assert_eq!(newest_change(&server).await, before);
    let freed = json!({"id": sighting["id"], "serviceId": null});
    SIGHTING.update(&server, freed).await;
    let adopted = adopt(&server, json!({ "id": sighting["id"] })).await;
    let sighting = &adopted.expect_payload()["shadowItSighting"];
    assert_eq!(sighting["service"]["slug"], "dropbox");
}

async fn of_many_adoptions_at_once_one_succeeds(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let demand = raised(&server, &ward, "Exchange files").await;
    let link = json!({ "demandId": demand["id"] });
    let sighting = seen(&server, &ward, "Dropbox", link).await;
    let before = newest_change(&server).await;
    // Meanwhile others support the demand, so that its version moves.
    let edits = (0..10).map(|turn| {
        let input = json!({"id": demand["id"], "description": format!("Turn {turn}")});
        mutate(&server, "updateDemand", "demand { version }", input)
    });
    let adoptions = (0..10).map(|_| adopt(&server, json!({ "id": sighting["id"] })));
    let (edits, adoptions) = tokio::join!(join_all(edits), join_all(adoptions));
    for edit in edits {
        edit.expect_payload();
    }
    let won = adoptions
        .iter()
        .filter(|it| it.expect_data()["adoptShadowIt"]["service"].is_object());
    assert_eq!(won.count(), 1);
    let changes = changes_after(&server, &before).await;
    let services = changes.iter().filter(|it| it["type"] == "Service").count();
    assert_eq!(services, 1, "nothing of the others is left");
    let planned = changes
        .iter()
        .filter(|it| it["diff"]["status"]["to"] == "PLANNED")
        .count();
    assert_eq!(planned, 1);
    let answer = server
        .query("query ($number: String!) { demand(number: $number) { status version service { slug } } }")
        .variables(json!({ "number": demand["number"] }))
        .send()
        .await;
    let expected = json!({"status": "PLANNED", "version": 12, "service": {"slug": "dropbox"}});
    assert_eq!(answer.expect_data()["demand"], expected);
}

on_both_databases!(
    an_adopted_tool_is_a_proposed_service_that_answers_its_demand,
    a_demand_that_another_service_answers_stays_with_it,
    what_has_an_answer_already_is_not_adopted,
    of_many_adoptions_at_once_one_succeeds,
);
