//! What is promised for services, and to whom.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{AGREEMENT, CALENDAR, CUSTOMER, SERVICE, assert_refused, list, text};

/// A service and a calendar to promise something with.
async fn ground(server: &Server) -> (Value, Value) {
    let service = SERVICE.create(server, json!({"name": "Beds"})).await;
    let calendar = json!({"name": "Clinic", "timeZone": "Europe/Berlin"});
    let calendar = CALENDAR.create(server, calendar).await;
    (service["id"].clone(), calendar["id"].clone())
}

async fn an_agreement_says_what_is_promised(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let (service, calendar) = ground(&server).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward 3"})).await;
    let plain = json!({"name": "For everybody", "serviceId": service, "calendarId": calendar, "validFrom": "2026-01-01",
        "targets": [{"metric": "RESOLUTION_TIME", "within": "P1D", "objective": "90.00"}]});
    let plain = AGREEMENT.create(&server, plain).await;
    assert_eq!(plain["slug"], "for-everybody");
    assert_eq!(plain["kind"], "SLA");
    assert_eq!(plain["customer"], Value::Null);
    assert_eq!(plain["validUntil"], Value::Null);
    let target = &plain["targets"][0];
    for (field, value) in [
        ("metric", json!("RESOLUTION_TIME")),
        ("priority", json!(null)),
        ("within", json!("PT24H")),
        ("objective", json!("90")),
        ("warnAt", json!(80)),
        ("agreement", json!({"slug": "for-everybody"})),
    ] {
        assert_eq!(target[field], value, "{field}");
    }

    let full = json!({"name": "Ward 3's own", "slug": "ward-3-beds", "serviceId": service, "customerId": ward["id"],
    "kind": "UC", "calendarId": calendar, "validFrom": "2026-01-01", "validUntil": "2026-12-31", "targets": [
        {"metric": "AVAILABILITY", "objective": "99.95", "warnAt": 1},
        {"metric": "RESPONSE_TIME", "within": "PT4H", "objective": "100", "warnAt": 100},
        {"metric": "RESPONSE_TIME", "priority": "P2", "within": "PT1H30M", "objective": "99.5"},
        {"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT90S", "objective": "0.0000000001"},
    ]});
    let full = AGREEMENT.create(&server, full).await;
    let shown: Vec<String> = list(&full["targets"])
        .iter()
        .map(|target| {
            format!(
                "{} {} {}",
                target["metric"], target["priority"], target["within"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#""RESPONSE_TIME" "P1" "PT1M30S""#,
            r#""RESPONSE_TIME" "P2" "PT1H30M""#,
            r#""RESPONSE_TIME" null "PT4H""#,
            r#""AVAILABILITY" null null"#,
        ]
    );
    assert_eq!(
        (
            &full["kind"],
            &full["validUntil"],
            &full["customer"]["slug"]
        ),
        (&json!("UC"), &json!("2026-12-31"), &json!("ward-3"))
    );
    assert_eq!(
        SERVICE.by_slug(&server, "beds").await["slas"]["nodes"],
        json!([{"slug": "for-everybody"}, {"slug": "ward-3-beds"}])
    );
    assert_eq!(
        CUSTOMER.by_slug(&server, "ward-3").await["slas"]["nodes"],
        json!([{"slug": "ward-3-beds"}])
    );
    drop(server);
    let server = settings.start().await;
    assert_eq!(
        AGREEMENT.by_slug(&server, "ward-3-beds").await,
        full,
        "read back from the database"
    );
}

async fn a_target_keeps_its_id_as_long_as_its_metric_and_priority_stay(database: Database) {
    let server = Server::start(&database).await;
    let (service, calendar) = ground(&server).await;
    let input = json!({"name": "Promise", "serviceId": service, "calendarId": calendar, "validFrom": "2026-01-01", "targets": [
        {"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT1H", "objective": "95"},
        {"metric": "RESPONSE_TIME", "within": "PT4H", "objective": "95"},
    ]});
    let before = AGREEMENT.create(&server, input).await;
    let (urgent, any) = (&before["targets"][0]["id"], &before["targets"][1]["id"]);
    let node = async |id: &Value| {
        let answer = server
            .query("query ($id: ID!) { node(id: $id) { __typename id ... on ServiceLevelTarget { within } }
                    nodes(ids: [$id]) { id } }")
            .variables(json!({ "id": id }))
            .send()
            .await;
        let data = answer.expect_data();
        assert_eq!(data["nodes"][0]["id"], data["node"]["id"]);
        data["node"].clone()
    };
    assert_eq!(
        node(urgent).await,
        json!({"__typename": "ServiceLevelTarget", "id": urgent, "within": "PT1H"})
    );

    let targets = json!([
        {"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT30M", "objective": "99"},
        {"metric": "RESOLUTION_TIME", "within": "PT4H", "objective": "95"},
    ]);
    let input = json!({"id": before["id"], "targets": targets});
    let after = AGREEMENT.update(&server, input.clone()).await;
    assert_eq!(&after["targets"][0]["id"], urgent);
    assert_eq!(node(urgent).await["within"], "PT30M");
    assert_eq!(node(any).await, Value::Null, "it is gone");
    assert_ne!(&after["targets"][1]["id"], any);
    assert_eq!(
        AGREEMENT.update(&server, input).await,
        after,
        "the same again is no change"
    );
    AGREEMENT.delete(&server, &after).await;
    assert_eq!(node(urgent).await, Value::Null);
    for nonsense in [
        "targ_",
        "targ_x",
        &text(urgent).to_uppercase(),
        &text(urgent).replace("targ_", ""),
    ] {
        assert_eq!(node(&json!(nonsense)).await, Value::Null, "{nonsense}");
    }
}

async fn what_can_not_be_promised_is_refused_with_the_place(database: Database) {
    let server = Server::start(&database).await;
    let (service, calendar) = ground(&server).await;
    let promise = async |targets: Value| {
        let input = json!({"name": "Promise", "serviceId": service, "calendarId": calendar, "validFrom": "2026-01-01",
            "targets": targets});
        AGREEMENT.try_create(&server, input).await
    };
    let time =
        |within: Value| json!([{"metric": "RESPONSE_TIME", "within": within, "objective": "95"}]);
    let share = |objective: &str| json!([{"metric": "AVAILABILITY", "objective": objective}]);
    let warned =
        |percent: i32| json!([{"metric": "AVAILABILITY", "objective": "99", "warnAt": percent}]);
    let available = json!({"metric": "AVAILABILITY", "within": "PT1H", "objective": "99"});
    let urgent =
        json!({"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT1H", "objective": "99"});
    for (targets, place, words) in [
        (time(json!(null)), "targets.0.within", "required"),
        (time(json!("PT0S")), "targets.0.within", "above 0"),
        (time(json!("-PT1H")), "targets.0.within", "above 0"),
        (
            time(json!("PT87661H")),
            "targets.0.within",
            "at most PT87660H",
        ),
        (time(json!("PT0.5S")), "targets.0.within", "whole seconds"),
        (json!([available]), "targets.0.within", "leave it out"),
        (share("0"), "targets.0.objective", "above 0"),
        (share("-1"), "targets.0.objective", "above 0"),
        (
            share("100.0000000001"),
            "targets.0.objective",
            "at most 100",
        ),
        (
            share("99.00000000001"),
            "targets.0.objective",
            "decimal places",
        ),
        (warned(0), "targets.0.warnAt", "1 to 100"),
        (warned(101), "targets.0.warnAt", "1 to 100"),
        (warned(-1), "targets.0.warnAt", "1 to 100"),
        (json!([urgent, urgent]), "targets.1.priority", "P1"),
        (
            json!([share("99")[0], share("98")[0]]),
            "targets.1.priority",
            "every priority",
        ),
    ] {
        let message = assert_refused(&promise(targets).await, &[(place, "INVALID")]);
        assert!(message.contains(words), "{words:?} in: {message}");
    }
    for within in ["1h", "P1M", "P1Y", "P1W", "PT", ""] {
        let answer = promise(time(json!(within))).await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
    let lists = server
        .query("{ serviceLevelAgreements { totalCount } }")
        .send()
        .await;
    assert_eq!(
        lists.expect_data()["serviceLevelAgreements"]["totalCount"],
        0
    );
}

async fn an_agreement_keeps_what_it_can_not_be_without(database: Database) {
    let server = Server::start(&database).await;
    let agreement = AGREEMENT.create_plain(&server, "Promise").await;
    let with = |field: &str, value: Value| {
        let mut input = json!({"id": agreement["id"]});
        input[field] = value;
        input
    };
    for field in ["serviceId", "calendarId", "kind", "validFrom", "targets"] {
        let answer = AGREEMENT
            .try_update(&server, with(field, json!(null)))
            .await;
        assert_refused(&answer, &[(field, "INVALID")]);
    }
    for field in ["serviceId", "calendarId", "customerId"] {
        let answer = AGREEMENT
            .try_update(&server, with(field, agreement["id"].clone()))
            .await;
        assert_refused(&answer, &[(field, "NOT_FOUND")]);
    }
    for (input, words) in [
        (with("validUntil", json!("2025-12-31")), "2026-01-01"),
        (
            json!({"id": agreement["id"], "validFrom": "2026-03-02", "validUntil": "2026-03-01"}),
            "2026-03-02",
        ),
    ] {
        let answer = AGREEMENT.try_update(&server, input).await;
        let message = assert_refused(&answer, &[("validUntil", "INVALID")]);
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(AGREEMENT.by_slug(&server, "promise").await, agreement);
    let input = json!({"id": agreement["id"], "validFrom": "2027-01-01", "validUntil": "2027-01-01", "targets": []});
    let one_day = AGREEMENT.update(&server, input).await;
    assert_eq!(one_day["targets"], json!([]));
    let input = json!({"id": agreement["id"], "validUntil": null});
    assert_eq!(
        AGREEMENT.update(&server, input).await["validUntil"],
        Value::Null
    );
}

async fn what_an_agreement_refers_to_can_not_go(database: Database) {
    let server = Server::start(&database).await;
    let (service, calendar) = ground(&server).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward 3"})).await;
    let input = json!({"name": "Promise", "serviceId": service, "customerId": ward["id"], "calendarId": calendar,
        "validFrom": "2026-01-01", "targets": []});
    let agreement = AGREEMENT.create(&server, input).await;
    for (ty, id) in [
        (&SERVICE, &service),
        (&CALENDAR, &calendar),
        (&CUSTOMER, &ward["id"]),
    ] {
        let answer = ty.try_delete(&server, json!({ "id": id })).await;
        let message = assert_refused(&answer, &[("id", "IN_USE")]);
        assert!(
            message.contains("service level agreement `promise`"),
            "{message}"
        );
    }
    let input = json!({"id": agreement["id"], "customerId": null});
    AGREEMENT.update(&server, input).await;
    CUSTOMER.delete(&server, &ward).await;
    AGREEMENT.delete(&server, &agreement).await;
    for (ty, id) in [(&SERVICE, &service), (&CALENDAR, &calendar)] {
        ty.delete(&server, &json!({ "id": id })).await;
    }
}

async fn a_service_has_an_sla_until_the_last_day_is_over_where_the_calendar_is(database: Database) {
    let server = Server::start(&database).await;
    let zone = |name: &str, zone: &str| json!({"name": name, "timeZone": zone});
    // Whatever the time is, one of the two is a day ahead of the other.
    let east = CALENDAR
        .create(&server, zone("East", "Pacific/Kiritimati"))
        .await;
    let west = CALENDAR.create(&server, zone("West", "Etc/GMT+12")).await;
    let days = async |calendar: &Value| {
        let zone = if calendar == &east {
            "Pacific/Kiritimati"
        } else {
            "Etc/GMT+12"
        };
        let now = jiff::Timestamp::now().in_tz(zone);
        now.expect("a known zone").date()
    };
    for (calendar, after, has) in [
        (&east, 0, true),
        (&west, 0, true),
        (&east, -1, false),
        (&west, -1, false),
        (&west, 1, true),
    ] {
        let service = SERVICE.create_plain(&server, "Beds").await;
        let today = days(calendar).await;
        let last = today
            .checked_add(jiff::Span::new().days(after))
            .expect("a day");
        let input = json!({"name": "Promise", "serviceId": service["id"], "calendarId": calendar["id"], "kind": "SLA",
            "validFrom": "2020-01-01", "validUntil": last.to_string(), "targets": []});
        AGREEMENT.create(&server, input).await;
        let answer = server
            .query("query ($slug: String!) { with: services(filter: {slugs: [$slug], hasSla: true}) { totalCount }
                    without: services(filter: {slugs: [$slug], hasSla: false}) { totalCount } }")
            .variables(json!({"slug": service["slug"]}))
            .send()
            .await;
        if days(calendar).await != today {
            // Midnight went by in between.
            continue;
        }
        let data = answer.expect_data();
        assert_eq!(data["with"]["totalCount"], i32::from(has), "{after}");
        assert_eq!(data["without"]["totalCount"], i32::from(!has), "{after}");
    }
}

async fn agreements_of_a_service_and_a_customer_are_paged(database: Database) {
    let server = Server::start(&database).await;
    let (service, calendar) = ground(&server).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    for name in ["C", "a", "B"] {
        let input = json!({"name": name, "serviceId": service, "customerId": ward["id"], "calendarId": calendar,
            "validFrom": "2026-01-01", "targets": []});
        AGREEMENT.create(&server, input).await;
    }
    let page = |field: &str| {
        format!(
            "{field} {{ slas(first: 2, after: $after) {{ totalCount nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
    };
    let query = format!(
        "query ($after: String) {{ {} {} }}",
        page("service(slug: \"beds\")"),
        page("customer(slug: \"ward\")")
    );
    let first = server.query(&query).send().await;
    for field in ["service", "customer"] {
        let page = &first.expect_data()[field]["slas"];
        assert_eq!(page["totalCount"], 3);
        assert_eq!(page["nodes"], json!([{"name": "a"}, {"name": "B"}]));
    }
    let cursor = &first.expect_data()["service"]["slas"]["pageInfo"]["endCursor"];
    let second = server
        .query(&query)
        .variables(json!({ "after": cursor }))
        .send()
        .await;
    for field in ["service", "customer"] {
        let page = &second.expect_data()[field]["slas"];
        assert_eq!(page["nodes"], json!([{"name": "C"}]));
        assert_eq!(page["pageInfo"]["hasNextPage"], false);
    }
}

on_both_databases!(
    an_agreement_says_what_is_promised,
    a_target_keeps_its_id_as_long_as_its_metric_and_priority_stay,
    what_can_not_be_promised_is_refused_with_the_place,
    an_agreement_keeps_what_it_can_not_be_without,
    what_an_agreement_refers_to_can_not_go,
    a_service_has_an_sla_until_the_last_day_is_over_where_the_calendar_is,
    agreements_of_a_service_and_a_customer_are_paged,
);
