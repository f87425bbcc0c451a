//! What feedback comes to, and to whom that is told.

use kundig::auth::Scope;
use kundig_tests::{Database, Settings, on_both_databases, tokens};
use serde_json::json;

use super::{give, person_of_a_customer, satisfied};
use crate::objects::{CUSTOMER, PERSON, SERVICE, list};
use crate::requests::submitter;

async fn few_answers_are_told_only_to_those_who_read_them(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let ward = person_of_a_customer(&server, "ada").await;
    let reader = tokens::local("reader", &[Scope::CatalogRead]);
    let insight = tokens::local("insight", &[Scope::CatalogRead, Scope::InsightRead]);
    let none = json!({"responses": 0, "average": null, "csat": null});
    for token in [&reader, &insight] {
        assert_eq!(satisfied(&server, token, "").await, none);
    }
    for (subject, score) in [("ada", 5), ("bob", 2)] {
        let input = json!({"serviceId": service["id"], "score": score});
        give(&server, &submitter(subject), input).await;
    }
    let two = json!({"responses": 2, "average": null, "csat": null});
    assert_eq!(satisfied(&server, &reader, "").await, two);
    let told = json!({"responses": 2, "average": 3.5, "csat": 50.0});
    assert_eq!(satisfied(&server, &insight, "").await, told);
    let third = json!({"serviceId": service["id"], "score": 5});
    give(&server, &submitter("eve"), third).await;
    let three = satisfied(&server, &reader, "").await;
    assert_eq!(
        (&three["responses"], &three["average"]),
        (&json!(3), &json!(4.0))
    );
    let csat = three["csat"].as_f64().expect("a number");
    assert!((csat - 200.0 / 3.0).abs() < 1e-9, "{three}");

    // Whole days for those who may not read the answers, exact instants for those who may.
    let now = jiff::Timestamp::now();
    let past = now - jiff::SignedDuration::from_hours(24 * 7);
    let until_now = format!(
        "(since: \"{past}\", until: \"{}\")",
        now + jiff::SignedDuration::from_secs(60)
    );
    assert_eq!(
        satisfied(&server, &reader, &until_now).await["responses"],
        3
    );
    assert_eq!(
        satisfied(&server, &insight, &until_now).await["responses"],
        3
    );
    let week_before = format!("(until: \"{past}\")");
    for token in [&reader, &insight] {
        assert_eq!(satisfied(&server, token, &week_before).await, none);
    }
    let backwards = format!(
        "{{ services {{ nodes {{ satisfaction(since: \"{now}\", until: \"{past}\") {{ responses }} }} }} }}"
    );
    let backwards = server.query(backwards).token(&reader).send().await;
    backwards.expect_error_code("BAD_USER_INPUT");

    let of_ward = server
        .query("{ customer(slug: \"ward-3\") { id satisfaction { responses average } } }")
        .token(insight)
        .send()
        .await;
    let expected = json!({"id": ward["id"], "satisfaction": {"responses": 1, "average": 5.0}});
    assert_eq!(of_ward.expect_data()["customer"], expected);
}

async fn several_answers_of_one_person_hide_nobody_elses(database: Database) {
    let server = Settings::new(&database).start().await;
    let service = SERVICE.create_plain(&server, "Accounts").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    person_of_a_customer(&server, "ada").await;
    let score = |score: i32| json!({"serviceId": service["id"], "score": score});
    give(&server, &submitter("bob"), score(2)).await;
    give(&server, &submitter("ada"), score(5)).await;
    // Ada comes to another customer, and speaks for that one, too.
    let person = PERSON.by_slug(&server, "ada").await;
    PERSON
        .update(
            &server,
            json!({"id": person["id"], "customerId": lab["id"]}),
        )
        .await;
    give(&server, &submitter("ada"), score(5)).await;
    let reader = tokens::local("ada", &[Scope::CatalogRead, Scope::RequestsSubmit]);
    let three = json!({"responses": 3, "average": null, "csat": null});
    assert_eq!(satisfied(&server, &reader, "").await, three);
    let insight = tokens::local("insight", &[Scope::CatalogRead, Scope::InsightRead]);
    assert_eq!(satisfied(&server, &insight, "").await["average"], 4.0);
    give(&server, &submitter("eve"), score(4)).await;
    assert_eq!(satisfied(&server, &reader, "").await["average"], 4.0);
}

async fn a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten(database: Database) {
    let server = Settings::new(&database).start().await;
    for number in 0..100 {
        let service = SERVICE
            .create_plain(&server, &format!("Service {number:03}"))
            .await;
        CUSTOMER
            .create_plain(&server, &format!("Customer {number:03}"))
            .await;
        if number % 10 == 0 {
            let input = json!({"serviceId": service["id"], "score": 3});
            give(&server, &submitter("ada"), input).await;
        }
    }
    let of = async |count: &str| {
        let document = format!(
            "{{ services(first: {count}) {{ nodes {{ satisfaction {{ responses average }} }} }}
                customers(first: {count}) {{ nodes {{ satisfaction {{ csat }} shadowIt(first: 1) {{ totalCount }} }} }} }}"
        );
        let before = server.metrics().await.sql_statements("request");
        let answer = server.query(document).send().await;
        let services = list(&answer.expect_data()["services"]["nodes"]);
        let rated = services
            .iter()
            .filter(|it| it["satisfaction"]["responses"] == 1)
            .count();
        let statements = server.metrics().await.sql_statements("request") - before;
        (services.len(), rated, statements)
    };
    assert_eq!(of("10").await, (10, 1, 2));
    assert_eq!(of("100").await, (100, 10, 2));
}

on_both_databases!(
    few_answers_are_told_only_to_those_who_read_them,
    several_answers_of_one_person_hide_nobody_elses,
    a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten,
);
