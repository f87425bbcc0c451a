//! What customers say of services, and what it comes to.

mod satisfaction;

use entity::feedback;
use futures_util::future::join_all;
use kundig::auth::Scope;
use kundig_tests::{Answer, Database, Server, Settings, on_both_databases, tokens};
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait};
use serde_json::{Value, json};

use crate::objects::{CUSTOMER, PERSON, SERVICE, changes_after, list, newest_change, text};
use crate::requests::{offering, submit, submitter, take};
use crate::support::eventually;

const GIVE: &str = "mutation ($input: GiveFeedbackInput!) { giveFeedback(input: $input) {
    feedback { id score comment createdAt updatedAt service { id } serviceRequest { number } customer { id } }
    userErrors { field code message } } }";

async fn try_give(server: &Server, token: &str, input: &Value) -> Answer {
    let query = server.query(GIVE).variables(json!({ "input": input }));
    query.token(token).send().await
}

async fn give(server: &Server, token: &str, input: Value) -> Value {
    let answer = try_give(server, token, &input).await;
    answer.expect_payload()["feedback"].clone()
}

/// A customer, and a person of it who has this subject.
async fn person_of_a_customer(server: &Server, subject: &str) -> Value {
    let ward = CUSTOMER.create_plain(server, "Ward 3").await;
    let person = json!({"name": subject, "subject": subject, "customerId": ward["id"]});
    PERSON.create(server, person).await;
    ward
}

async fn a_request_is_judged_once_it_has_ended(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let ward = person_of_a_customer(&server, "ada").await;
    let other = CUSTOMER.create_plain(&server, "Laboratory").await;
    let service = SERVICE.by_slug(&server, "accounts").await["id"].clone();
    let another = SERVICE.create_plain(&server, "Another").await["id"].clone();
    let asked = json!({"offeringId": account["id"], "customerId": ward["id"]});
    let request = submit(&server, asked).await;
    let ada = submitter("ada");
    let mut input = json!({"serviceId": service, "serviceRequestId": request["id"], "score": 2, "comment": " Slow. "});

    let early = try_give(&server, &ada, &input).await;
    let error = early.expect_user_error(&["serviceRequestId"], "INVALID");
    assert!(text(&error["message"]).contains("SUBMITTED"), "{error}");
    let started = take(&server, "start", &request, json!({})).await;
    take(&server, "fulfil", &started, json!({})).await;
    for (field, value, code) in [
        ("serviceId", &another, "INVALID"),
        ("customerId", &other["id"], "INVALID"),
        ("score", &json!(0), "INVALID"),
        ("score", &json!(6), "INVALID"),
        ("comment", &json!("\u{0}"), "INVALID"),
        ("serviceRequestId", &service, "NOT_FOUND"),
    ] {
        let mut wrong = input.clone();
        wrong[field] = value.clone();
        let answer = try_give(&server, &ada, &wrong).await;
        answer.expect_user_error(&[field], code);
    }
    // Eve sees no request of others.
    let unseen = try_give(&server, &submitter("eve"), &input).await;
    unseen.expect_user_error(&["serviceRequestId"], "NOT_FOUND");

    let before = newest_change(&server).await;
    let first = give(&server, &ada, input.clone()).await;
    assert_eq!(first["comment"], "Slow.");
    assert_eq!(first["customer"]["id"], ward["id"]);
    assert_eq!(first["serviceRequest"]["number"], request["number"]);
    let same = give(&server, &ada, input.clone()).await;
    assert_eq!(same, first, "said already");
    input["score"] = json!(5);
    input["comment"] = json!(null);
    input["customerId"] = ward["id"].clone();
    let better = give(&server, &ada, input).await;
    assert_eq!(better["id"], first["id"]);
    assert_eq!(
        (&better["score"], &better["comment"]),
        (&json!(5), &Value::Null)
    );
    assert_eq!(better["createdAt"], first["createdAt"]);
    assert_ne!(better["updatedAt"], first["updatedAt"]);
    let changes = eventually("the feed shows both", async || {
        let found = changes_after(&server, &before).await;
        (found.len() > 1).then_some(found)
    })
    .await;
    let told: Vec<_> = changes
        .iter()
        .map(|it| (&it["type"], &it["kind"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([["Feedback", "CREATED"], ["Feedback", "UPDATED"]])
    );
    let expected = json!({"score": {"from": 2, "to": 5}, "comment": {"from": "Slow.", "to": null}});
    assert_eq!(changes[1]["diff"], expected);
}

async fn a_service_is_judged_once_by_each_for_their_own_customer(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let ward = person_of_a_customer(&server, "ada").await;
    let other = json!({"name": "Laboratory", "parentId": ward["id"]});
    let other = CUSTOMER.create(&server, other).await;
    let ada = submitter("ada");
    let input = json!({"serviceId": service["id"], "score": 4});
    let first = give(&server, &ada, input.clone()).await;
    assert_eq!(
        first["customer"]["id"], ward["id"],
        "her own, where none is named"
    );
    assert_eq!(first["serviceRequest"], Value::Null);
    let again = give(
        &server,
        &ada,
        json!({"serviceId": service["id"], "score": 1}),
    )
    .await;
    assert_eq!(again["id"], first["id"], "it replaces");
    let robot = give(&server, &submitter("robot"), input.clone()).await;
    assert_eq!(
        robot["customer"],
        Value::Null,
        "the catalog does not know the robot"
    );

    let mut for_others = input.clone();
    for_others["customerId"] = other["id"].clone();
    let hidden = try_give(&server, &ada, &for_others).await;
    hidden.expect_user_error(&["customerId"], "NOT_FOUND");
    let scopes = [Scope::RequestsSubmit, Scope::CatalogRead];
    let reader = tokens::local("ada", &scopes);
    let refused = try_give(&server, &reader, &for_others).await;
    refused.expect_user_error(&["customerId"], "INVALID");
    let desk = tokens::local("desk", &[Scope::RequestsSubmit, Scope::RequestsWork]);
    let noted = give(&server, &desk, for_others).await;
    assert_eq!(noted["customer"]["id"], other["id"]);
    let nothing = json!({"serviceId": "serv_none", "customerId": "cust_none", "score": 4});
    let nothing = try_give(&server, &ada, &nothing).await;
    nothing.expect_user_error(&["serviceId"], "NOT_FOUND");
    nothing.expect_user_error(&["customerId"], "NOT_FOUND");

    let kept = SERVICE
        .try_delete(&server, json!({ "id": service["id"] }))
        .await;
    kept.expect_user_error(&["id"], "IN_USE");
}

async fn what_one_customer_says_does_not_replace_what_another_said(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let desk = tokens::local("desk", &[Scope::RequestsSubmit, Scope::RequestsWork]);
    let of = |customer: &Value, score: i32| json!({"serviceId": service["id"], "customerId": customer["id"], "score": score});
    let of_ward = give(&server, &desk, of(&ward, 1)).await;
    let of_lab = give(&server, &desk, of(&lab, 5)).await;
    let of_nobody = give(
        &server,
        &desk,
        json!({"serviceId": service["id"], "score": 3}),
    )
    .await;
    assert_eq!(of_lab["customer"]["id"], lab["id"]);
    assert_eq!(of_nobody["customer"], Value::Null);
    let changed = give(&server, &desk, of(&ward, 2)).await;
    assert_eq!(changed["id"], of_ward["id"], "one for each");
    assert_eq!(changed["customer"]["id"], ward["id"]);
    let all = satisfied(&server, tokens::everything(), "").await;
    assert_eq!(all["responses"], 3, "{all}");
    assert!(
        all["average"]
            .as_f64()
            .is_some_and(|average| (average - 10.0 / 3.0).abs() < 1e-9),
        "{all}"
    );
}

async fn who_has_come_to_another_customer_speaks_for_that_one_anew(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let ward = person_of_a_customer(&server, "ada").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let ada = submitter("ada");
    let say = async |score: i32| {
        let input = json!({"serviceId": service["id"], "score": score});
        give(&server, &ada, input).await
    };
    let before = say(1).await;
    assert_eq!(before["customer"]["id"], ward["id"]);
    let person = PERSON.by_slug(&server, "ada").await;
    let moved = json!({"id": person["id"], "customerId": lab["id"]});
    PERSON.update(&server, moved).await;
    let after = say(5).await;
    assert_eq!(after["customer"]["id"], lab["id"]);
    assert_ne!(after["id"], before["id"]);
    assert_eq!(say(4).await["id"], after["id"]);
    let all = satisfied(&server, tokens::everything(), "").await;
    assert_eq!(all["responses"], 2, "{all}");
}

/// Has all feedback given so many days earlier than it was.
async fn days_pass(database: &Database, days: i64) {
    let passed = days * 24 * 3600 * 1_000_000;
    let earlier = |column: feedback::Column| Expr::col(column).sub(passed);
    let moved = feedback::Entity::update_many()
        .col_expr(
            feedback::Column::CreatedAt,
            earlier(feedback::Column::CreatedAt),
        )
        .col_expr(
            feedback::Column::UpdatedAt,
            earlier(feedback::Column::UpdatedAt),
        )
        .exec(&database.connect().await)
        .await;
    moved.expect("feedback can be changed");
}

async fn what_was_said_thirty_days_ago_stays(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let service = SERVICE.by_slug(&server, "accounts").await["id"].clone();
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let started = take(&server, "start", &request, json!({})).await;
    take(&server, "fulfil", &started, json!({})).await;
    let worker = tokens::everything();
    let on_service = |score: i32| json!({"serviceId": service, "score": score});
    let on_request = |score: i32| json!({"serviceId": service, "serviceRequestId": request["id"], "score": score});
    let first = give(&server, worker, on_request(1)).await;
    let of_all = give(&server, worker, on_service(1)).await;

    days_pass(&database, 29).await;
    assert_eq!(
        give(&server, worker, on_request(2)).await["id"],
        first["id"]
    );
    assert_eq!(
        give(&server, worker, on_service(2)).await["id"],
        of_all["id"]
    );
    days_pass(&database, 1).await;
    let late = try_give(&server, worker, &on_request(3)).await;
    let error = late.expect_user_error(&["serviceRequestId"], "INVALID");
    assert!(text(&error["message"]).contains("30 days"), "{error}");
    let anew = give(&server, worker, on_service(3)).await;
    assert_ne!(anew["id"], of_all["id"]);
    let changed = give(&server, worker, on_service(4)).await;
    assert_eq!(
        changed["id"], anew["id"],
        "the new one is the one to change"
    );
    let all = satisfied(&server, worker, "").await;
    assert_eq!(all["responses"], 3, "{all}");
}

async fn many_at_once_leave_one(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let ada = submitter("ada");
    let given = join_all((0..20).map(|turn| {
        let input = json!({"serviceId": service["id"], "score": turn % 5 + 1});
        give(&server, &ada, input)
    }))
    .await;
    for feedback in &given {
        assert_eq!(feedback["id"], given[0]["id"]);
    }
    let found = satisfied(&server, tokens::everything(), "").await;
    assert_eq!(found["responses"], 1);
}

async fn feedback_is_for_its_giver_and_for_those_who_decide(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let before = newest_change(&server).await;
    let input = json!({"serviceId": service["id"], "score": 1, "comment": "Never again"});
    let feedback = give(&server, &submitter("ada"), input).await;
    eventually("the feed shows it", async || {
        let found = changes_after(&server, &before).await;
        (found.len() == 1).then_some(())
    })
    .await;
    for (token, sees) in [
        (submitter("ada"), true),
        (submitter("bob"), false),
        (tokens::local("boss", &[Scope::InsightRead]), true),
        (
            tokens::local("worker", &[Scope::CatalogWrite, Scope::RequestsWork]),
            false,
        ),
        (tokens::local("reader", &[Scope::CatalogRead]), false),
    ] {
        let answer = server
            .query("query ($id: ID!, $after: String!) { node(id: $id) { ... on Feedback { score service { name } } }
                changes(after: $after) { nodes { subject { id } } } }")
            .variables(json!({"id": feedback["id"], "after": before}))
            .token(token)
            .send()
            .await;
        let data = answer.expect_data();
        let (node, count) = if sees {
            (json!({"score": 1, "service": {"name": "Accounts"}}), 1)
        } else {
            (Value::Null, 0)
        };
        assert_eq!(data["node"], node, "{answer}");
        let told = list(&data["changes"]["nodes"]).len();
        assert_eq!(told, count, "{answer}");
    }
}

/// The satisfaction with the only service.
async fn satisfied(server: &Server, token: &str, period: &str) -> Value {
    let document = format!(
        "{{ services {{ nodes {{ satisfaction{period} {{ responses average csat }} }} }} }}"
    );
    let answer = server.query(document).token(token).send().await;
    answer.expect_data()["services"]["nodes"][0]["satisfaction"].clone()
}

on_both_databases!(
    a_request_is_judged_once_it_has_ended,
    a_service_is_judged_once_by_each_for_their_own_customer,
    what_one_customer_says_does_not_replace_what_another_said,
    who_has_come_to_another_customer_speaks_for_that_one_anew,
    what_was_said_thirty_days_ago_stays,
    many_at_once_leave_one,
    feedback_is_for_its_giver_and_for_those_who_decide,
);
