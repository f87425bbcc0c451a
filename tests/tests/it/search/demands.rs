//! Demands among what is found, and those that say much the same.

use kundig::auth::Scope;
use kundig_tests::{Database, Server, on_both_databases, tokens};
use serde_json::{Value, json};

use super::search;
use crate::objects::{CUSTOMER, PERSON, list};
use crate::support::{eventually, mutate};

/// Raises a demand of a customer; what came of it, with what is similar.
async fn raise(server: &Server, customer: &Value, title: &str) -> Value {
    let input = json!({"title": title, "kind": "NEED", "customerId": customer["id"], "valuePerMonth": "100"});
    let selection = "demand { id title } similarDemands { title }";
    let answer = mutate(server, "raiseDemand", selection, input).await;
    answer.expect_payload().clone()
}

fn titles(demands: &Value) -> Vec<&str> {
    list(demands)
        .iter()
        .filter_map(|demand| demand["title"].as_str())
        .collect()
}

async fn demands_are_found_by_those_who_see_them_and_similar_ones_are_suggested(
    database: Database,
) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    for (name, customer) in [("ada", &ward), ("eve", &lab)] {
        let person = json!({"name": name, "subject": name, "customerId": customer["id"]});
        PERSON.create(&server, person).await;
    }
    let first = raise(&server, &ward, "Parking permits online").await;
    assert_eq!(first["similarDemands"], json!([]));
    let of = async |subject: &str| {
        let token = tokens::local(subject, &[Scope::RequestsSubmit]);
        let found = search(&server, Some(&token), json!({"query": "parking permit"})).await;
        found.expect_data()["search"]["totalCount"].clone()
    };
    eventually("the demand is found", async || {
        (of("ada").await == 1).then_some(())
    })
    .await;
    assert_eq!(of("eve").await, 0);
    assert_eq!(of("robot").await, 0);

    let second = raise(&server, &lab, "Permit for parking").await;
    assert_eq!(
        titles(&second["similarDemands"]),
        ["Parking permits online"]
    );
    raise(&server, &lab, "Speech recognition").await;
    let similar = async |subject: Option<&str>, variables: Value| {
        let query = "query ($title: String!, $customer: ID) { similarDemands(title: $title, customerId: $customer) { title } }";
        let query = server.query(query).variables(variables);
        let query = match subject {
            Some(subject) => query.token(tokens::local(subject, &[Scope::RequestsSubmit])),
            None => query,
        };
        query.send().await.expect_data()["similarDemands"].clone()
    };
    let both = eventually("both are indexed", async || {
        let found = similar(None, json!({"title": "parking permit"})).await;
        (list(&found).len() == 2).then_some(found)
    })
    .await;
    assert!(titles(&both).contains(&"Permit for parking"), "{both}");
    let of_lab = json!({"title": "parking permit", "customer": lab["id"]});
    assert_eq!(titles(&similar(None, of_lab).await), ["Permit for parking"]);
    let seen = similar(Some("ada"), json!({"title": "parking permit"})).await;
    assert_eq!(titles(&seen), ["Parking permits online"]);

    let decline = json!({"id": first["demand"]["id"], "reason": "COST", "explanation": "There is no money for it this year."});
    let declined = mutate(&server, "declineDemand", "demand { id }", decline).await;
    declined.expect_payload();
    eventually("what is declined is no longer suggested", async || {
        let found = similar(None, json!({"title": "parking permit"})).await;
        (titles(&found) == ["Permit for parking"]).then_some(())
    })
    .await;
    assert_eq!(of("ada").await, 1, "it is still found");
}

async fn demands_are_similar_by_their_titles_whatever_is_said_about_them(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let about = async |title: &str, description: &str| {
        let input = json!({"title": title, "description": description, "kind": "NEED", "customerId": ward["id"],
            "valuePerMonth": "100"});
        let selection = "demand { id title } similarDemands { title }";
        let answer = mutate(&server, "raiseDemand", selection, input).await;
        answer.expect_payload().clone()
    };
    for title in [
        "Beds in view",
        "Handover in one place",
        "Patients in the morning",
    ] {
        about(title, "The staff needs it for patients before every shift").await;
    }
    about("Parkausweise online", "Now they are on paper").await;
    let description =
        "The staff needs it before every shift so that patients find a place in the morning";
    let similar = async |title: &str| {
        let query = "query ($title: String!, $description: String) { similarDemands(title: $title, description: $description) { title } }";
        let query = server.query(query);
        let query = query.variables(json!({"title": title, "description": description}));
        query.send().await.expect_data()["similarDemands"].clone()
    };
    eventually("all are indexed", async || {
        (titles(&similar("Parkausweis").await) == ["Parkausweise online"]).then_some(())
    })
    .await;
    assert_eq!(similar("Telephone").await, json!([]));
    let raised = about("Parkausweis", description).await;
    assert_eq!(titles(&raised["similarDemands"]), ["Parkausweise online"]);
    // Of those that say it in their titles, those come first that have more in common.
    about("Parkausweis", "They are too dear").await;
    eventually("the better one is first", async || {
        let found = similar("Parkausweis").await;
        let found = titles(&found);
        (found == ["Parkausweis", "Parkausweis", "Parkausweise online"]).then_some(())
    })
    .await;
}

async fn a_page_of_a_hundred_demands_takes_as_many_statements_as_one_of_ten(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let ada = PERSON.create_plain(&server, "Ada").await;
    for number in 0..100 {
        let raised = raise(&server, &ward, &format!("Parking permit {number}")).await;
        let support = json!({"id": raised["demand"]["id"], "personId": ada["id"]});
        let supported = mutate(&server, "supportDemand", "demand { id }", support).await;
        supported.expect_payload();
    }
    let of = async |count: usize, selection: &str| {
        let document = format!(
            "{{ search(query: \"parking\", first: {count}) {{ nodes {{ ... on Demand {{ {selection} }} }} }}
                similarDemands(title: \"parking permit\", first: {count}) {{ {selection} }} }}"
        );
        let before = server.metrics().await.sql_statements("request");
        let answer = server.query(document).send().await;
        let data = answer.expect_data();
        let found = list(&data["search"]["nodes"]).len();
        let similar = list(&data["similarDemands"]).len();
        let statements = server.metrics().await.sql_statements("request") - before;
        (found, similar, statements)
    };
    eventually("all are found", async || {
        let (found, similar, _) = of(100, "number").await;
        (found == 100 && similar == 100).then_some(())
    })
    .await;
    for (selection, most) in [
        ("number customer { slug } raisedBy { slug }", 2),
        ("number supporters { slug }", 4),
    ] {
        let (found, similar, few) = of(10, selection).await;
        assert_eq!((found, similar), (10, 10));
        let (found, similar, many) = of(100, selection).await;
        assert_eq!((found, similar), (100, 100));
        assert!(few <= most && many <= most, "{selection}: {few}, {many}");
    }
}

on_both_databases!(
    demands_are_found_by_those_who_see_them_and_similar_ones_are_suggested,
    demands_are_similar_by_their_titles_whatever_is_said_about_them,
    a_page_of_a_hundred_demands_takes_as_many_statements_as_one_of_ten,
);
