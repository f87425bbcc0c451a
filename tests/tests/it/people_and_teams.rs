//! People and the teams that they are in.

use kundig_tests::{Database, Server, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CUSTOMER, OUTCOME, PERSON, SERVICE, TEAM, assert_refused};

async fn a_person_joins_teams_and_belongs_to_a_customer(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward 3"})).await;
    let nights = TEAM.create(&server, json!({"name": "Nights"})).await;
    let days = TEAM.create(&server, json!({"name": "Days"})).await;

    let ada = PERSON
        .create(
            &server,
            json!({"name": "Ada Müller", "email": "ada@example.org", "subject": "auth0|ada",
                "customerId": ward["id"], "teamIds": [nights["id"], days["id"], nights["id"]]}),
        )
        .await;
    assert_eq!(ada["slug"], "ada-mueller");
    assert_eq!(ada["email"], "ada@example.org");
    assert_eq!(ada["subject"], "auth0|ada");
    assert_eq!(ada["customer"]["slug"], "ward-3");
    assert_eq!(
        ada["teams"],
        json!([{"slug": "days"}, {"slug": "nights"}]),
        "by name, each once"
    );
    let bert = PERSON
        .create(
            &server,
            json!({"name": "Ärmel, Bert", "teamIds": [days["id"]]}),
        )
        .await;
    let members = TEAM.by_slug(&server, "days").await["members"].clone();
    assert_eq!(
        members,
        json!([{"slug": "ada-mueller"}, {"slug": bert["slug"]}])
    );

    let input = json!({"id": ada["id"], "teamIds": [days["id"]]});
    assert_eq!(
        PERSON.update(&server, input).await["teams"],
        json!([{"slug": "days"}])
    );
    assert_eq!(TEAM.by_slug(&server, "nights").await["members"], json!([]));

    let nothing = json!({"id": ada["id"], "email": null, "subject": null, "customerId": null, "teamIds": null});
    let lonely = PERSON.update(&server, nothing).await;
    for field in ["email", "subject", "customer"] {
        assert_eq!(lonely[field], Value::Null, "{field}");
    }
    assert_eq!(lonely["teams"], json!([]));
    assert_eq!(lonely["name"], "Ada Müller");
}

async fn a_person_s_fields_stay_where_nothing_is_said_of_them(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let ada = PERSON
        .create(
            &server,
            json!({"name": "Ada", "email": "ada@example.org", "teamIds": [team["id"]]}),
        )
        .await;
    let changed = PERSON
        .update(&server, json!({"id": ada["id"], "subject": "ada"}))
        .await;
    assert_eq!(changed["subject"], "ada");
    for field in ["name", "slug", "email", "teams", "customer", "annotations"] {
        assert_eq!(changed[field], ada[field], "{field}");
    }
}

async fn a_token_s_subject_names_one_person(database: Database) {
    let server = Server::start(&database).await;
    let ada = PERSON
        .create(&server, json!({"name": "Ada", "subject": "s-1"}))
        .await;
    let taken = [("subject", "ALREADY_EXISTS")];

    let answer = PERSON
        .try_create(&server, json!({"name": "Bert", "subject": " s-1 "}))
        .await;
    let message = assert_refused(&answer, &taken);
    assert!(message.contains("`ada`"), "{message}");
    let bert = PERSON
        .create(&server, json!({"name": "Bert", "subject": "s-2"}))
        .await;
    let input = json!({"id": bert["id"], "subject": "s-1"});
    assert_refused(&PERSON.try_update(&server, input.clone()).await, &taken);

    PERSON
        .update(&server, json!({"id": ada["id"], "subject": "s-3"}))
        .await;
    assert_eq!(
        PERSON.update(&server, input).await["subject"],
        "s-1",
        "it is free now"
    );
    PERSON.delete(&server, &bert).await;
    PERSON
        .create(&server, json!({"name": "Cleo", "subject": "s-1"}))
        .await;
}

async fn what_can_not_be_an_address_is_refused(database: Database) {
    let server = Server::start(&database).await;
    for wrong in [
        "ada",
        "@example.org",
        "ada@",
        "ada lovelace@example.org",
        "ada@example.org\u{7}",
    ] {
        let answer = PERSON
            .try_create(&server, json!({"name": "Ada", "email": wrong}))
            .await;
        assert_refused(&answer, &[("email", "INVALID")]);
    }
    let ada = PERSON
        .create(
            &server,
            json!({"name": "Ada", "email": "ä.b+c@bücher.example"}),
        )
        .await;
    assert_eq!(ada["email"], "ä.b+c@bücher.example");
}

async fn references_to_what_is_not_there_are_refused_by_their_place(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let gone = TEAM.create(&server, json!({"name": "Gone"})).await;
    TEAM.delete(&server, &gone).await;

    let input = json!({"name": "Ada", "customerId": team["id"], "teamIds": [team["id"], gone["id"], "nonsense"]});
    let answer = PERSON.try_create(&server, input).await;
    assert_refused(
        &answer,
        &[
            ("customerId", "NOT_FOUND"),
            ("teamIds.1", "NOT_FOUND"),
            ("teamIds.2", "NOT_FOUND"),
        ],
    );
    let answer = TEAM
        .try_create(&server, json!({"name": "Child", "parentId": gone["id"]}))
        .await;
    assert_refused(&answer, &[("parentId", "NOT_FOUND")]);
}

async fn a_person_in_use_is_not_deleted(database: Database) {
    let server = Server::start(&database).await;
    let ada = PERSON.create(&server, json!({"name": "Ada"})).await;
    let ward = CUSTOMER
        .create(
            &server,
            json!({"name": "Ward", "representativeId": ada["id"]}),
        )
        .await;
    let outcome = OUTCOME
        .create(&server, json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1", "ownerId": ada["id"]}))
        .await;
    let beds = SERVICE
        .create(
            &server,
            json!({"name": "Beds", "businessOwnerId": ada["id"]}),
        )
        .await;
    let index = SERVICE
        .create(
            &server,
            json!({"name": "Index", "businessOwnerId": ada["id"], "serviceOwnerId": ada["id"]}),
        )
        .await;

    let in_use = [("id", "IN_USE")];
    let answer = PERSON.try_delete(&server, json!({"id": ada["id"]})).await;
    let message = assert_refused(&answer, &in_use);
    for user in [
        "customer `ward`",
        "business outcome `discharge`",
        "service `beds`",
        "service `index`",
    ] {
        assert_eq!(message.matches(user).count(), 1, "{user} in: {message}");
    }

    CUSTOMER
        .update(&server, json!({"id": ward["id"], "representativeId": null}))
        .await;
    OUTCOME
        .update(&server, json!({"id": outcome["id"], "ownerId": null}))
        .await;
    SERVICE
        .update(&server, json!({"id": index["id"], "businessOwnerId": null}))
        .await;
    SERVICE.delete(&server, &beds).await;
    let answer = PERSON.try_delete(&server, json!({"id": ada["id"]})).await;
    let message = assert_refused(&answer, &in_use);
    assert!(
        message.ends_with("is still used by service `index`"),
        "{message}"
    );

    SERVICE
        .update(&server, json!({"id": index["id"], "serviceOwnerId": null}))
        .await;
    PERSON.delete(&server, &ada).await;
    assert_eq!(PERSON.by_slug(&server, "ada").await, Value::Null);
}

async fn a_team_in_use_is_not_deleted(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let child = TEAM
        .create(
            &server,
            json!({"name": "Late nights", "parentId": team["id"]}),
        )
        .await;
    let ada = PERSON
        .create(&server, json!({"name": "Ada", "teamIds": [team["id"]]}))
        .await;
    let beds = SERVICE
        .create(&server, json!({"name": "Beds", "teamId": team["id"]}))
        .await;

    let answer = TEAM.try_delete(&server, json!({"id": team["id"]})).await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    for user in ["team `late-nights`", "person `ada`", "service `beds`"] {
        assert!(message.contains(user), "{user} in: {message}");
    }
    TEAM.delete(&server, &child).await;
    PERSON.delete(&server, &ada).await;
    SERVICE
        .update(&server, json!({"id": beds["id"], "teamId": null}))
        .await;
    TEAM.delete(&server, &team).await;
}

async fn of_many_users_some_are_named_and_the_rest_counted(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    for number in 0..8 {
        let input = json!({"name": format!("Person {number}"), "teamIds": [team["id"]]});
        PERSON.create(&server, input).await;
    }
    let answer = TEAM.try_delete(&server, json!({"id": team["id"]})).await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    assert_eq!(message.matches("person `").count(), 5, "{message}");
    assert!(message.ends_with("3 more"), "{message}");
}

async fn no_team_stands_below_itself(database: Database) {
    let server = Server::start(&database).await;
    let top = TEAM.create(&server, json!({"name": "Top"})).await;
    let middle = TEAM
        .create(&server, json!({"name": "Middle", "parentId": top["id"]}))
        .await;
    let bottom = TEAM
        .create(&server, json!({"name": "Bottom", "parentId": middle["id"]}))
        .await;
    assert_eq!(bottom["parent"]["slug"], "middle");

    for below in [&top, &middle, &bottom] {
        let input = json!({"id": top["id"], "parentId": below["id"]});
        let answer = TEAM.try_update(&server, input).await;
        assert_refused(&answer, &[("parentId", "CYCLE")]);
    }
    let input = json!({"id": bottom["id"], "parentId": top["id"]});
    assert_eq!(TEAM.update(&server, input).await["parent"]["slug"], "top");
    let input = json!({"id": middle["id"], "parentId": bottom["id"]});
    assert_eq!(
        TEAM.update(&server, input).await["parent"]["slug"],
        "bottom"
    );
    let input = json!({"id": middle["id"], "parentId": null});
    assert_eq!(TEAM.update(&server, input).await["parent"], Value::Null);
}

on_both_databases!(
    a_person_joins_teams_and_belongs_to_a_customer,
    a_person_s_fields_stay_where_nothing_is_said_of_them,
    a_token_s_subject_names_one_person,
    what_can_not_be_an_address_is_refused,
    references_to_what_is_not_there_are_refused_by_their_place,
    a_person_in_use_is_not_deleted,
    a_team_in_use_is_not_deleted,
    of_many_users_some_are_named_and_the_rest_counted,
    no_team_stands_below_itself,
);
