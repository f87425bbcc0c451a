//! What services are worth, what is missing, and what to do first.

use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Database, on_both_databases};
use serde_json::{Value, json};

use super::{ask, demo};

on_both_databases!(
    question_1_which_first_and_why,
    question_2_worth_what_and_through_which_chain,
    question_5_what_does_nothing_answer_yet,
    question_6_which_services_did_nobody_ask_for,
    question_7_what_do_they_get_elsewhere,
    question_9_what_did_it_do_last_quarter,
);

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn amount(money: &Value) -> f64 {
    let text = money["amount"].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// Several things are broken or waiting: in one ranking, in money per hour, with reasons that a person would give.
async fn question_1_which_first_and_why(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        "{ worklist(first: 100) { totalCount nodes {
          valuePerHour { amount currency } dueAt atRisk reasons
          subject { __typename
            ... on Incident { title severity impact { valuePerHour { amount } outcomes { outcome { name } path { name } } } }
            ... on ServiceRequest { number title priority status }
            ... on Demand { number title status }
          }
        } } }",
    )
    .await;
    let items = list(&data["worklist"]["nodes"]);
    for pair in items.windows(2) {
        let [higher, lower] = [0, 1].map(|at| amount(&pair[at]["valuePerHour"]));
        assert!(higher >= lower, "{pair:#?}");
    }
    for kind in ["Incident", "ServiceRequest", "Demand"] {
        let there = items.iter().any(|it| it["subject"]["__typename"] == kind);
        assert!(there, "no {kind} among the first hundred");
    }
    let first = &items[0];
    assert_eq!(first["subject"]["title"], "Two patients share one number");
    let impact = &first["subject"]["impact"];
    assert_eq!(
        impact["valuePerHour"]["amount"],
        first["valuePerHour"]["amount"]
    );
    let reasons: Vec<&str> = list(&first["reasons"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let discharge = reasons.iter().find(|it| it.contains("Patient discharge"));
    let discharge = discharge.unwrap_or_else(|| panic!("{reasons:#?}"));
    assert!(
        discharge.starts_with("EUR ") && discharge.contains("per hour"),
        "{discharge}"
    );
    assert!(
        items.iter().all(|it| it["reasons"] != json!([])),
        "each has its reasons"
    );
}

/// What an outage costs, whose outcomes it takes away, and along which chain.
async fn question_2_worth_what_and_through_which_chain(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        r#"{ service(slug: "patient-index") { impact { affectedServices customers { slug }
          valuePerHour { amount currency } outcomes { loss valuePerHour { amount } outcome { slug } path { slug } } } } }"#,
    )
    .await;
    let impact = &data["service"]["impact"];
    let outcomes = list(&impact["outcomes"]);
    let discharge = outcomes
        .iter()
        .find(|it| it["outcome"]["slug"] == "patient-discharge");
    let discharge = discharge.expect("patients go home by way of bed management");
    assert_eq!(
        discharge["path"],
        json!([{"slug": "patient-index"}, {"slug": "bed-management"}])
    );
    let sum: f64 = outcomes.iter().map(|it| amount(&it["valuePerHour"])).sum();
    assert!(
        (amount(&impact["valuePerHour"]) - sum).abs() < 0.05,
        "{impact:#}"
    );
    assert_eq!(impact["valuePerHour"]["currency"], "EUR");
    assert!(list(&impact["customers"]).contains(&json!({"slug": "klinikum-aurora"})));
    assert!(impact["affectedServices"].as_i64() > Some(2));
}

/// Needs, wishes and drivers without a service, the most valuable first, and what people searched for in vain.
async fn question_5_what_does_nothing_answer_yet(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        "{ portfolioGap {
          unmetDemands(first: 50) { nodes { title kind status service { slug } customer { name } valuePerMonth { amount } supporters { name } } }
          missedSearches(first: 10) { query count lastAt }
        } }",
    )
    .await;
    let unmet = list(&data["portfolioGap"]["unmetDemands"]["nodes"]);
    assert!(unmet.len() >= 4, "{unmet:#?}");
    for pair in unmet.windows(2) {
        let [higher, lower] = [0, 1].map(|at| amount(&pair[at]["valuePerMonth"]));
        assert!(higher >= lower, "{pair:#?}");
    }
    for demand in unmet {
        assert!(demand["service"].is_null(), "{demand}");
        assert!(
            ["OPEN", "PLANNED"].iter().any(|it| demand["status"] == *it),
            "{demand}"
        );
    }
    for kind in ["NEED", "WISH", "DRIVER"] {
        assert!(
            unmet.iter().any(|it| it["kind"] == kind),
            "no {kind}: {unmet:#?}"
        );
    }
    assert!(unmet.iter().any(|it| list(&it["supporters"]).len() > 1));
    let missed = list(&data["portfolioGap"]["missedSearches"]);
    assert!(missed.len() >= 3, "{missed:#?}");
    for pair in missed.windows(2) {
        assert!(
            pair[0]["count"].as_i64() >= pair[1]["count"].as_i64(),
            "{missed:#?}"
        );
    }
}

/// Live, and yet without a demand, a request, an agreement or an outcome.
async fn question_6_which_services_did_nobody_ask_for(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        r"{ portfolioGap { unaskedServices(first: 100) { nodes {
          slug lifecycle contributions { share } demands { totalCount } serviceRequests { totalCount }
          slas(first: 5) { nodes { kind } } businessOwner { name } team { name }
        } } } }",
    )
    .await;
    let unasked = list(&data["portfolioGap"]["unaskedServices"]["nodes"]);
    assert!(!unasked.is_empty(), "some service was nobody's wish");
    for service in unasked {
        assert_eq!(service["lifecycle"], "LIVE", "{service}");
        assert_eq!(service["contributions"], json!([]), "{service}");
        assert_eq!(service["demands"]["totalCount"], 0, "{service}");
        assert_eq!(service["serviceRequests"]["totalCount"], 0, "{service}");
        assert!(
            list(&service["slas"]["nodes"])
                .iter()
                .all(|it| it["kind"] != "SLA"),
            "{service}"
        );
    }
}

/// At what cost and risk, and for want of what.
async fn question_7_what_do_they_get_elsewhere(database: Database) {
    let server = demo(&database).await;
    let data = ask(
        &server,
        "{ shadowItSightings(first: 100) { nodes {
            product vendor users dataClass status risk firstSeen monthlyCost { amount currency } customer { slug }
            demand { number title status } service { slug }
          } }
          portfolioGap { shadowItMonthlyCost { amount currency } } }",
    )
    .await;
    let seen = list(&data["shadowItSightings"]["nodes"]);
    assert!(seen.len() >= 5, "{seen:#?}");
    assert!(
        seen.iter().any(|it| it["demand"]["title"].is_string()),
        "some cover a demand"
    );
    assert!(
        seen.iter().any(|it| it["risk"].as_i64() >= Some(60)),
        "some are a risk"
    );
    assert!(
        seen.iter().any(|it| it["risk"].as_i64() <= Some(30)),
        "and some are not"
    );
    let paid = seen
        .iter()
        .filter(|it| it["status"] == "SEEN" || it["status"] == "TOLERATED");
    let paid: f64 = paid.map(|it| amount(&it["monthlyCost"])).sum();
    let cost = &data["portfolioGap"]["shadowItMonthlyCost"];
    assert!((amount(cost) - paid).abs() < 0.005, "{cost} beside {paid}");
}

/// For one customer, in money and in words.
async fn question_9_what_did_it_do_last_quarter(database: Database) {
    let server = demo(&database).await;
    let customer = ask(&server, r#"{ customer(slug: "faehrbank") { id } }"#).await;
    let until = Timestamp::now();
    let from = until - SignedDuration::from_hours(91 * 24);
    let answer = server
        .query(
            "query ($customer: ID!, $from: DateTime!, $until: DateTime!) {
          businessReview(customerId: $customer, from: $from, until: $until) {
            customer { slug } attainment { target { metric } total good attained met }
            requestsSubmitted requestsFulfilled requestsDeclined selfServed incidents lostValue { amount currency }
            demandsMet demandsOpen satisfaction { responses average csat } summary
          } }",
        )
        .variables(json!({
            "customer": customer["customer"]["id"], "from": from.to_string(), "until": until.to_string(),
        }))
        .send()
        .await;
    let review = &answer.expect_data()["businessReview"];
    assert_eq!(review["customer"]["slug"], "faehrbank");
    for counted in [
        "requestsSubmitted",
        "requestsFulfilled",
        "requestsDeclined",
        "incidents",
        "demandsMet",
        "demandsOpen",
    ] {
        assert!(review[counted].as_i64() > Some(0), "{counted}: {review:#}");
    }
    let self_served = review["selfServed"].as_f64().unwrap_or(f64::NAN);
    assert!(self_served > 0.0 && self_served < 100.0, "{self_served}");
    assert!(amount(&review["lostValue"]) > 1_000.0, "{review:#}");
    let kept = list(&review["attainment"]);
    assert!(
        kept.iter().any(|it| it["total"].as_i64() > Some(0)),
        "{kept:#?}"
    );
    assert!(
        review["satisfaction"]["responses"].as_i64() >= Some(3),
        "{review:#}"
    );
    assert!(review["satisfaction"]["csat"].is_number(), "{review:#}");
    let summary: Vec<&str> = list(&review["summary"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        summary
            .iter()
            .any(|it| it.contains("incidents cost them EUR")),
        "{summary:#?}"
    );
}
