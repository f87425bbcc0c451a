//! What services need, and what rests on them.

use kundig_tests::{Answer, Database, Server, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CUSTOMER, OUTCOME, SERVICE, assert_refused};
use crate::support::mutate;

async fn a_service_needs_another_so_much(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    let answer = set_dependency(&server, &beds, &index, None).await;
    let dependency = &answer.expect_payload()["dependency"];
    assert_eq!(
        dependency,
        &json!({"strength": 1.0, "dependent": {"slug": "beds", "version": 2}, "dependency": {"slug": "index", "version": 1}}),
    );

    let answer = set_dependency(&server, &beds, &index, Some(json!(0.35))).await;
    assert_eq!(answer.expect_payload()["dependency"]["strength"], 0.35);
    let needed = SERVICE.by_slug(&server, "beds").await;
    assert_eq!(
        needed["dependencies"]["nodes"],
        json!([{"dependency": {"slug": "index"}, "strength": 0.35}])
    );
    assert_eq!(
        needed["version"], 3,
        "a dependency belongs to the one that needs"
    );
    let by = SERVICE.by_slug(&server, "index").await;
    assert_eq!(
        by["dependents"]["nodes"],
        json!([{"dependent": {"slug": "beds"}, "strength": 0.35}])
    );
    assert_eq!(by["version"], 1);

    let answer = set_dependency(&server, &beds, &index, Some(json!(0.35))).await;
    assert_eq!(
        answer.expect_payload()["dependency"]["dependent"]["version"],
        3,
        "nothing changed"
    );
}

async fn services_may_need_each_other(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    let third = SERVICE.create(&server, json!({"name": "Third"})).await;
    for (from, to) in [
        (&beds, &index),
        (&index, &beds),
        (&index, &third),
        (&third, &beds),
    ] {
        set_dependency(&server, from, to, None)
            .await
            .expect_payload();
    }
    let answer = server
        .query("{ service(slug: \"beds\") { dependencies { nodes { dependency { dependencies { totalCount nodes { dependency { slug } } } } } } } }")
        .send()
        .await;
    let round =
        &answer.expect_data()["service"]["dependencies"]["nodes"][0]["dependency"]["dependencies"];
    assert_eq!(
        round,
        &json!({"totalCount": 2, "nodes": [{"dependency": {"slug": "beds"}}, {"dependency": {"slug": "third"}}]})
    );
}

async fn no_service_needs_itself(database: Database) {
    let server = Server::start(&database).await;
    let (beds, _) = two_services(&server).await;
    let answer = set_dependency(&server, &beds, &beds, None).await;
    assert_refused(&answer, &[("dependencyId", "INVALID")]);
}

async fn a_strength_is_above_0_and_at_most_1(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    for wrong in [
        json!(0),
        json!(-0.0),
        json!(-0.5),
        json!(1.000_000_1),
        json!(1e300),
        json!(-1),
    ] {
        let answer = set_dependency(&server, &beds, &index, Some(wrong)).await;
        assert_refused(&answer, &[("strength", "INVALID")]);
    }
    for right in [
        json!(1),
        json!(0.1),
        json!(5e-324),
        json!(0.300_000_000_000_000_04),
    ] {
        let answer = set_dependency(&server, &beds, &index, Some(right.clone())).await;
        assert_eq!(
            answer.expect_payload()["dependency"]["strength"].as_f64(),
            right.as_f64()
        );
    }
    for no_number in [json!("0.5"), json!(null), json!(true)] {
        let answer = set_dependency(&server, &beds, &index, Some(no_number)).await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
}

async fn both_ends_of_a_dependency_have_to_be_there(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    SERVICE.delete(&server, &index).await;
    let answer = set_dependency(&server, &beds, &index, None).await;
    assert_refused(&answer, &[("dependencyId", "NOT_FOUND")]);
    let nobody = json!({"id": "nobody"});
    let answer = set_dependency(&server, &nobody, &index, Some(json!(7))).await;
    assert_refused(
        &answer,
        &[
            ("dependentId", "NOT_FOUND"),
            ("dependencyId", "NOT_FOUND"),
            ("strength", "INVALID"),
        ],
    );
}

async fn a_dependency_can_be_removed_once(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    set_dependency(&server, &beds, &index, None)
        .await
        .expect_payload();
    let edge = json!({"dependentId": beds["id"], "dependencyId": index["id"]});
    let remove = || {
        mutate(
            &server,
            "removeDependency",
            "dependent { slug version dependencies { totalCount } }",
            edge.clone(),
        )
    };

    let answer = remove().await;
    let dependent = &answer.expect_payload()["dependent"];
    assert_eq!(
        dependent,
        &json!({"slug": "beds", "version": 3, "dependencies": {"totalCount": 0}})
    );
    let message = assert_refused(&remove().await, &[("dependencyId", "NOT_FOUND")]);
    assert!(
        message.contains("`beds`") && message.contains("`index`"),
        "{message}"
    );
    let backwards = json!({"dependentId": index["id"], "dependencyId": "nonsense"});
    let answer = mutate(&server, "removeDependency", "dependent { slug }", backwards).await;
    assert_refused(&answer, &[("dependencyId", "NOT_FOUND")]);
}

async fn an_outcome_rests_on_services_to_their_shares(database: Database) {
    let server = Server::start(&database).await;
    let (beds, index) = two_services(&server).await;
    let outcome = outcome(&server).await;
    for (service, share) in [(&index, 0.25), (&beds, 0.8), (&beds, 0.75)] {
        let answer = set_contribution(&server, service, &outcome, json!(share)).await;
        let contribution = &answer.expect_payload()["contribution"];
        assert_eq!(contribution["share"], share);
        assert_eq!(contribution["service"]["slug"], service["slug"]);
        assert_eq!(contribution["outcome"]["slug"], "discharge");
    }
    let found = OUTCOME.by_slug(&server, "discharge").await;
    assert_eq!(
        found["contributions"],
        json!([{"service": {"slug": "beds"}, "share": 0.75}, {"service": {"slug": "index"}, "share": 0.25}])
    );
    assert_eq!(found["version"], 1, "a contribution belongs to the service");
    assert_eq!(SERVICE.by_slug(&server, "beds").await["version"], 3);

    let ends = json!({"serviceId": beds["id"], "outcomeId": outcome["id"]});
    let remove = || {
        mutate(
            &server,
            "removeContribution",
            "service { slug version contributions { share } }",
            ends.clone(),
        )
    };
    let answer = remove().await;
    let service = &answer.expect_payload()["service"];
    assert_eq!(
        service,
        &json!({"slug": "beds", "version": 4, "contributions": []})
    );
    assert_refused(&remove().await, &[("outcomeId", "NOT_FOUND")]);
}

async fn a_share_is_above_0_and_at_most_1(database: Database) {
    let server = Server::start(&database).await;
    let (beds, _) = two_services(&server).await;
    let outcome = outcome(&server).await;
    for wrong in [0.0, -0.1, 1.01, 100.0] {
        let answer = set_contribution(&server, &beds, &outcome, json!(wrong)).await;
        assert_refused(&answer, &[("share", "INVALID")]);
    }
    let answer = set_contribution(&server, &outcome, &beds, json!(0)).await;
    assert_refused(
        &answer,
        &[
            ("serviceId", "NOT_FOUND"),
            ("outcomeId", "NOT_FOUND"),
            ("share", "INVALID"),
        ],
    );
    assert_eq!(
        SERVICE.by_slug(&server, "beds").await["contributions"],
        json!([])
    );
}

async fn two_services(server: &Server) -> (Value, Value) {
    let beds = SERVICE.create(server, json!({"name": "Beds"})).await;
    let index = SERVICE.create(server, json!({"name": "Index"})).await;
    (beds, index)
}

async fn outcome(server: &Server) -> Value {
    let ward = CUSTOMER.create(server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1"});
    OUTCOME.create(server, input).await
}

async fn set_dependency(
    server: &Server,
    from: &Value,
    to: &Value,
    strength: Option<Value>,
) -> Answer {
    let mut input = json!({"dependentId": from["id"], "dependencyId": to["id"]});
    if let Some(strength) = strength {
        input["strength"] = strength;
    }
    let selection =
        "dependency { strength dependent { slug version } dependency { slug version } }";
    mutate(server, "setDependency", selection, input).await
}

async fn set_contribution(
    server: &Server,
    service: &Value,
    outcome: &Value,
    share: Value,
) -> Answer {
    let input = json!({"serviceId": service["id"], "outcomeId": outcome["id"], "share": share});
    let selection = "contribution { share service { slug } outcome { slug } }";
    mutate(server, "setContribution", selection, input).await
}

on_both_databases!(
    a_service_needs_another_so_much,
    services_may_need_each_other,
    no_service_needs_itself,
    a_strength_is_above_0_and_at_most_1,
    both_ends_of_a_dependency_have_to_be_there,
    a_dependency_can_be_removed_once,
    an_outcome_rests_on_services_to_their_shares,
    a_share_is_above_0_and_at_most_1,
);
