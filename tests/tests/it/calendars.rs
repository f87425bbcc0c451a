//! When services are attended.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CALENDAR, assert_refused};

async fn a_calendar_has_a_zone_hours_and_holidays(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let always = json!({"name": "Around the clock", "timeZone": "Europe/Berlin"});
    let always = CALENDAR.create(&server, always).await;
    assert_eq!(always["timeZone"], "Europe/Berlin");
    assert_eq!(always["hours"], json!([]), "always open");
    assert_eq!(always["holidays"], json!([]));

    let input = json!({"name": "Clinic", "timeZone": "america/new_york",
        "hours": [
            {"weekday": "TUESDAY", "opens": "00:00", "closes": "24:00"},
            {"weekday": "MONDAY", "opens": "13:00", "closes": "18:30"},
            {"weekday": "MONDAY", "opens": "07:00", "closes": "13:00"},
        ],
        "holidays": [{"date": "2026-12-25", "name": " Christmas Day "}, {"date": "2026-07-04", "name": "Independence Day"}]});
    let clinic = CALENDAR.create(&server, input.clone()).await;
    assert_eq!(
        clinic["timeZone"], "America/New_York",
        "the zone's own spelling"
    );
    let hours = json!([
        {"weekday": "MONDAY", "opens": "07:00", "closes": "13:00"},
        {"weekday": "MONDAY", "opens": "13:00", "closes": "18:30"},
        {"weekday": "TUESDAY", "opens": "00:00", "closes": "24:00"},
    ]);
    assert_eq!(clinic["hours"], hours, "by weekday and time");
    let holidays = json!([
        {"date": "2026-07-04", "name": "Independence Day"},
        {"date": "2026-12-25", "name": "Christmas Day"},
    ]);
    assert_eq!(clinic["holidays"], holidays, "by date");

    drop(server);
    let server = settings.start().await;
    assert_eq!(CALENDAR.by_slug(&server, "clinic").await, clinic);
    let again = json!({"id": clinic["id"], "hours": input["hours"], "holidays": input["holidays"]});
    assert_eq!(
        CALENDAR.update(&server, again).await,
        clinic,
        "the same in another order is no change"
    );
    let input = json!({"id": clinic["id"], "hours": null, "holidays": []});
    let cleared = CALENDAR.update(&server, input).await;
    assert_eq!(
        (&cleared["hours"], &cleared["holidays"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(cleared["version"], 2);
}

async fn what_is_no_calendar_is_refused_with_the_place(database: Database) {
    let server = Server::start(&database).await;
    let calendar = CALENDAR.create_plain(&server, "Office").await;
    let monday =
        |opens: &str, closes: &str| json!({"weekday": "MONDAY", "opens": opens, "closes": closes});
    let day = |date: &str, name: &str| json!({"date": date, "name": name});
    for (field, wrong, place, words) in [
        (
            "timeZone",
            json!("Europe/Atlantis"),
            "timeZone",
            "Europe/Berlin",
        ),
        ("timeZone", json!(null), "timeZone", "null"),
        ("timeZone", json!(""), "timeZone", "IANA"),
        (
            "hours",
            json!([monday("8:00", "17:00")]),
            "hours.0.opens",
            "08:00",
        ),
        (
            "hours",
            json!([monday("08:00", "24:01")]),
            "hours.0.closes",
            "24:00",
        ),
        (
            "hours",
            json!([monday("17:00", "08:00")]),
            "hours.0.closes",
            "not after",
        ),
        (
            "hours",
            json!([monday("08:00", "12:00"), monday("11:59", "13:00")]),
            "hours.1.opens",
            "overlaps",
        ),
        (
            "holidays",
            json!([day("2026-12-25", " ")]),
            "holidays.0.name",
            "empty",
        ),
        (
            "holidays",
            json!([day("2026-12-25", "Christmas"), day("2026-12-25", "Again")]),
            "holidays.1.date",
            "Christmas",
        ),
    ] {
        let mut input = json!({"id": calendar["id"]});
        input[field] = wrong;
        let answer = CALENDAR.try_update(&server, input).await;
        let message = assert_refused(&answer, &[(place, "INVALID")]);
        assert!(message.contains(words), "{words:?} in: {message}");
    }
    let several = json!({"id": calendar["id"], "timeZone": "Mars", "hours": [monday("x", "y")],
        "holidays": [day("2026-12-25", "two\nlines")]});
    let answer = CALENDAR.try_update(&server, several).await;
    let places = [
        "timeZone",
        "hours.0.opens",
        "hours.0.closes",
        "holidays.0.name",
    ];
    assert_refused(&answer, &places.map(|place| (place, "INVALID")));
    assert_eq!(CALENDAR.by_slug(&server, "office").await, calendar);
}

async fn a_day_that_is_none_does_not_get_through(database: Database) {
    let server = Server::start(&database).await;
    for date in [
        "2026-02-29",
        "26-12-25",
        "2026-12-25T00:00:00",
        "20261225",
        "+002026-12-25",
        "-000001-01-01",
        "",
    ] {
        let input =
            json!({"name": "Office", "timeZone": "UTC", "holidays": [{"date": date, "name": "A"}]});
        let answer = CALENDAR.try_create(&server, input).await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
    let lists = server
        .query("{ supportCalendars { totalCount } }")
        .send()
        .await;
    assert_eq!(
        lists.expect_data()["supportCalendars"]["totalCount"],
        Value::from(0)
    );
}

on_both_databases!(
    a_calendar_has_a_zone_hours_and_holidays,
    what_is_no_calendar_is_refused_with_the_place,
    a_day_that_is_none_does_not_get_through,
);
