//! What holds for every type of object: slugs, names, versions, annotations.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{ALL, TEAM, Type, assert_refused, text};

/// Umlauts, accents, other scripts, an emoji of several code points, right-to-left text and characters beyond the first plane.
const EVERY_SCRIPT: &str = "🏥 Ärztliche Übergabe – Łódź, 北京, مستشفى, 👩🏽‍⚕️ 𝔘𝔫𝔦";

async fn a_slug_is_made_from_the_name(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let first = ty.create_plain(&server, "Bettenmanagement Süd").await;
        assert_eq!(first["slug"], "bettenmanagement-sued", "{}", ty.name);
        let second = ty.create_plain(&server, "Bettenmanagement Süd").await;
        assert_eq!(second["slug"], "bettenmanagement-sued-2", "{}", ty.name);
        let third = ty.create_plain(&server, "Bettenmanagement (Süd)!").await;
        assert_eq!(third["slug"], "bettenmanagement-sued-3", "{}", ty.name);
        let unspeakable = ty.create_plain(&server, "… !? …").await;
        let found = ty.by_slug(&server, &text(&unspeakable["slug"])).await;
        assert_eq!(found, unspeakable, "{}", ty.name);
    }
}

async fn a_slug_that_is_taken_is_refused(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let owner = create_with_slug(&server, ty, "Owner of the slug", "night-shift").await;
        let other = ty.create_plain(&server, "Late comer").await;

        let mut input = ty.least_input(&server).await;
        input["name"] = json!("Another");
        input["slug"] = json!("night-shift");
        let answer = ty.try_create(&server, input).await;
        let message = assert_refused(&answer, &[("slug", "ALREADY_EXISTS")]);
        assert!(message.contains("Owner of the slug"), "{message}");

        let input = json!({"id": other["id"], "slug": "night-shift"});
        let answer = ty.try_update(&server, input).await;
        assert_refused(&answer, &[("slug", "ALREADY_EXISTS")]);

        let input = json!({"id": owner["id"], "slug": "night-shift"});
        assert_eq!(
            ty.update(&server, input).await,
            owner,
            "one's own slug is free"
        );
    }
}

async fn a_slug_can_change_and_is_free_then(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let object = create_with_slug(&server, ty, "Ward 3", "ward-3").await;
        let input = json!({"id": object["id"], "slug": "ward-three"});
        let moved = ty.update(&server, input).await;
        assert_eq!(moved["slug"], "ward-three");
        assert_eq!(ty.by_slug(&server, "ward-three").await, moved);
        assert_eq!(ty.by_slug(&server, "ward-3").await, Value::Null);

        let heir = create_with_slug(&server, ty, "Ward 3, new", "ward-3").await;
        assert_eq!(ty.by_slug(&server, "ward-3").await, heir);

        let input = json!({"id": moved["id"], "name": "The old ward"});
        let renamed = ty.update(&server, input).await;
        assert_eq!(renamed["slug"], "ward-three", "a new name is no new slug");

        ty.delete(&server, &heir).await;
        let input = json!({"id": moved["id"], "slug": "ward-3"});
        assert_eq!(ty.update(&server, input).await["slug"], "ward-3");
    }
}

async fn what_is_no_slug_is_refused_with_one_that_would_do(database: Database) {
    let server = Server::start(&database).await;
    for wrong in [
        "Night Shift",
        "night_shift",
        "-night",
        "night--shift",
        "nächte",
        "",
    ] {
        let input = json!({"name": "Night shift", "slug": wrong});
        let answer = TEAM.try_create(&server, input).await;
        assert_refused(&answer, &[("slug", "INVALID")]);
    }
    let input = json!({"name": "Night shift", "slug": "Nächte & Tage"});
    let answer = TEAM.try_create(&server, input).await;
    let message = assert_refused(&answer, &[("slug", "INVALID")]);
    assert!(message.contains("`naechte-tage`"), "{message}");

    let longest = "a".repeat(100);
    let team = create_with_slug(&server, &TEAM, "Long", &longest).await;
    assert_eq!(team["slug"], json!(longest));
    let input = json!({"name": "Too long", "slug": "a".repeat(101)});
    let answer = TEAM.try_create(&server, input).await;
    assert_refused(&answer, &[("slug", "INVALID")]);

    for ty in ALL {
        let object = ty.create_plain(&server, "Keeps its slug").await;
        let input = json!({"id": object["id"], "slug": null});
        assert_refused(&ty.try_update(&server, input).await, &[("slug", "INVALID")]);
    }
}

async fn a_long_name_makes_a_slug_that_fits(database: Database) {
    let server = Server::start(&database).await;
    for number in 0..3 {
        let team = TEAM.create_plain(&server, &"Überwachung ".repeat(20)).await;
        let slug = text(&team["slug"]);
        assert!(slug.len() <= 100, "{number}: {slug}");
        assert_eq!(TEAM.by_slug(&server, &slug).await, team);
    }
}

async fn names_are_one_line_that_people_can_read(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let object = ty.create_plain(&server, "  Trimmed  ").await;
        assert_eq!(object["name"], "Trimmed", "{}", ty.name);
        let with = |name: Value| json!({"id": object["id"], "name": name});

        for wrong in [
            json!(null),
            json!(""),
            json!(" \t "),
            json!("two\nlines"),
            json!("nul\u{0}"),
            json!("escape \u{1b}[31m"),
            json!("next \u{85} line"),
            json!("ä".repeat(300)),
            json!("ä".repeat(251)),
        ] {
            let answer = ty.try_update(&server, with(wrong)).await;
            assert_refused(&answer, &[(ty.name_field(), "INVALID")]);
        }
        assert_eq!(
            ty.by_slug(&server, "trimmed").await,
            object,
            "nothing changed"
        );

        let longest = "ä".repeat(250);
        let changed = ty.update(&server, with(json!(longest))).await;
        assert_eq!(changed["name"], json!(longest));
        let changed = ty.update(&server, with(json!(EVERY_SCRIPT))).await;
        assert_eq!(changed["name"], EVERY_SCRIPT);
    }
}

async fn annotations_are_any_json_object(database: Database) {
    let server = Server::start(&database).await;
    let notes = json!({
        "🔑 key": EVERY_SCRIPT,
        "backstage.io/techdocs-ref": "dir:.",
        "nested": {"list": [1, -2.5, true, null, [], {}], "large": 9_007_199_254_740_993_i64},
        "lines": "one\ntwo\ttabbed",
        "": "an empty key",
    });
    for ty in ALL {
        let mut input = ty.least_input(&server).await;
        input["name"] = json!("Annotated");
        input["annotations"] = notes.clone();
        let object = ty.create(&server, input).await;
        assert_eq!(object["annotations"], notes, "{}", ty.name);
        let with = |annotations: Value| json!({"id": object["id"], "annotations": annotations});

        for wrong in [
            json!([1]),
            json!("text"),
            json!(1),
            json!({"a": "\u{0}"}),
            json!({"\u{0}": 1}),
        ] {
            let answer = ty.try_update(&server, with(wrong)).await;
            assert_refused(&answer, &[("annotations", "INVALID")]);
        }
        let replaced = ty.update(&server, with(json!({"only": 1}))).await;
        assert_eq!(replaced["annotations"], json!({"only": 1}));
        let cleared = ty.update(&server, with(json!(null))).await;
        assert_eq!(cleared["annotations"], json!({}));
    }
}

/// PostgreSQL keeps numbers as decimals, SQLite as text.
async fn numbers_in_annotations_come_back_as_they_were(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let numbers = json!({
        "whole": [0, -1, u64::MAX, i64::MIN],
        "fractions": [0.1, 1.0, -2.5, 0.300_000_000_000_000_04, 1e-7, 5e-324],
        "large": [1e15, 1e16, -1e16, 1e19, -1e19, 1.7e308],
    });
    let mut shown = numbers.clone();
    shown["large"] = json!([
        1e15,
        10_u64.pow(16),
        -(10_i64.pow(16)),
        10_u64.pow(19),
        -1e19,
        1.7e308
    ]);
    let input = json!({"name": "Numbers", "annotations": numbers});
    let team = TEAM.create(&server, input).await;
    assert_eq!(team["annotations"], shown);
    let input = json!({"id": team["id"], "annotations": numbers});
    assert_eq!(TEAM.update(&server, input).await, team, "nothing changed");
    drop(server);
    let server = settings.start().await;
    assert_eq!(TEAM.by_slug(&server, "numbers").await, team);
}

async fn the_version_grows_by_one_with_every_change_and_only_then(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let object = ty.create_plain(&server, "Versioned").await;
        assert_eq!(object["version"], 1, "{}", ty.name);
        assert_eq!(object["createdAt"], object["updatedAt"]);

        let input = json!({"id": object["id"], "name": "Versioned twice"});
        let second = ty.update(&server, input).await;
        assert_eq!(second["version"], 2);
        assert_eq!(second["createdAt"], object["createdAt"]);
        assert_ne!(second["updatedAt"], object["updatedAt"]);

        for nothing in [
            json!({"id": object["id"]}),
            json!({"id": object["id"], "name": "Versioned twice", "slug": "versioned"}),
            json!({"id": object["id"], "name": " Versioned twice ", "annotations": null}),
            json!({"id": object["id"], "expectedVersion": 2}),
        ] {
            assert_eq!(ty.update(&server, nothing).await, second);
        }
    }
}

async fn a_stale_version_is_refused(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let object = ty.create_plain(&server, "Contested").await;
        let (id, stale) = (&object["id"], [("expectedVersion", "STALE_VERSION")]);
        let input = json!({"id": id, "name": "Mine", "expectedVersion": 1});
        ty.update(&server, input.clone()).await;

        let message = assert_refused(&ty.try_update(&server, input).await, &stale);
        assert!(message.contains("version 2, not 1"), "{message}");
        let input = json!({"id": id, "expectedVersion": 3});
        assert_refused(&ty.try_update(&server, input.clone()).await, &stale);
        assert_refused(&ty.try_delete(&server, input).await, &stale);
        assert_eq!(ty.by_slug(&server, "contested").await["name"], "Mine");

        let input = json!({"id": id, "expectedVersion": 2});
        ty.try_delete(&server, input).await.expect_payload();
        assert_eq!(ty.by_slug(&server, "contested").await, Value::Null);
    }
}

async fn an_id_of_nothing_is_not_found(database: Database) {
    let server = Server::start(&database).await;
    let mut of_another_type = TEAM.create_plain(&server, "Another type").await["id"].clone();
    for ty in ALL {
        if ty.name == "Team" {
            of_another_type = json!("serv_01939f2e8ac87bd09e3cc3fbd4bfb9e1");
        }
        let gone = ty.create_plain(&server, "Gone").await;
        ty.delete(&server, &gone).await;
        let upper_case = json!(text(&gone["id"]).to_uppercase());
        for id in [
            &gone["id"],
            &of_another_type,
            &upper_case,
            &json!("nonsense"),
            &json!(""),
        ] {
            let not_found = [("id", "NOT_FOUND")];
            let input = json!({"id": id, "name": "New"});
            assert_refused(&ty.try_update(&server, input).await, &not_found);
            let answer = ty.try_delete(&server, json!({"id": id})).await;
            assert_refused(&answer, &not_found);
        }
        of_another_type = TEAM.create_plain(&server, "Another type").await["id"].clone();
    }
}

async fn everything_that_is_wrong_is_said_at_once(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let reasons = [
            ("annotations", "INVALID"),
            (ty.name_field(), "INVALID"),
            ("slug", "INVALID"),
        ];
        let mut input = ty.least_input(&server).await;
        input["name"] = json!(" ");
        input["slug"] = json!("No Slug");
        input["annotations"] = json!([]);
        assert_refused(&ty.try_create(&server, input.clone()).await, &reasons);

        let object = ty.create_plain(&server, "Fine").await;
        let input = json!({"id": object["id"], "name": null, "slug": "", "annotations": 1});
        assert_refused(&ty.try_update(&server, input).await, &reasons);
        assert_eq!(ty.by_slug(&server, "fine").await, object);
    }
}

async fn a_name_is_required_by_the_schema(database: Database) {
    let server = Server::start(&database).await;
    for ty in ALL {
        let answer = ty.try_create(&server, json!({"slug": "nameless"})).await;
        answer.expect_error_code("BAD_USER_INPUT");
        let answer = ty
            .try_create(&server, json!({"name": "A", "colour": "red"}))
            .await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
}

async fn create_with_slug(server: &Server, ty: &Type, name: &str, slug: &str) -> Value {
    let mut input = ty.least_input(server).await;
    input["name"] = json!(name);
    input["slug"] = json!(slug);
    ty.create(server, input).await
}

on_both_databases!(
    a_slug_is_made_from_the_name,
    a_slug_that_is_taken_is_refused,
    a_slug_can_change_and_is_free_then,
    what_is_no_slug_is_refused_with_one_that_would_do,
    a_long_name_makes_a_slug_that_fits,
    names_are_one_line_that_people_can_read,
    annotations_are_any_json_object,
    numbers_in_annotations_come_back_as_they_were,
    the_version_grows_by_one_with_every_change_and_only_then,
    a_stale_version_is_refused,
    an_id_of_nothing_is_not_found,
    everything_that_is_wrong_is_said_at_once,
    a_name_is_required_by_the_schema,
);
