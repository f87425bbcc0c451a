//! Webhooks: what happens is sent to receivers, signed, in order, at least once.

mod receiver;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use kundig::auth::Scope;
use kundig_tests::{Answer, Database, Server, Settings, on_both_databases, on_postgres, tokens};
use serde_json::{Value, json};

use self::receiver::{Mood, Received, Receiver};
use crate::objects::{SERVICE, TEAM, list};
use crate::support::{eventually, mutate};

const ENDPOINT: &str = "webhookEndpoint { id url description events enabled disabledReason failedAttempts nextAttemptAt
     deliveredUntil formerSecretUntil createdBy version }";

/// Receivers on this machine are called, and soon again. Nobody is in a hurry otherwise, so that a busy machine is not taken for a
/// silent receiver or a dead replica.
fn settings(database: &Database) -> Settings {
    Settings::new(database)
        .env("KUNDIG_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8")
        .env("KUNDIG_WEBHOOK_ALLOW_HTTP", "true")
        .env("KUNDIG_WEBHOOK_RETRIES", "50ms,50ms,50ms,50ms")
        .env("KUNDIG_WEBHOOK_TIMEOUT", "30s")
        .env("KUNDIG_LEASE_TIME", "15s")
}

/// As [`settings`], with replicas that are soon taken for dead.
fn settings_of_replicas(database: &Database) -> Settings {
    settings(database).env("KUNDIG_LEASE_TIME", "3s")
}

/// Makes an endpoint; it and its secret.
async fn create(server: &Server, input: Value) -> (Value, String) {
    let selection = format!("secret {ENDPOINT}");
    let answer = server
        .query(format!(
            "mutation ($input: CreateWebhookEndpointInput!) {{ createWebhookEndpoint(input: $input) {{
               {selection} userErrors {{ field message code }} }} }}"
        ))
        .variables(json!({ "input": input }))
        .send()
        .await;
    let payload = answer.expect_payload();
    let secret = payload["secret"].as_str().expect("a secret").to_owned();
    (payload["webhookEndpoint"].clone(), secret)
}

async fn endpoint(server: &Server, id: &Value) -> Value {
    let answer = server
        .query(format!(
            "query ($id: ID!) {{ endpoint: webhookEndpoint(id: $id) {{ ...E }} }}
             fragment E on WebhookEndpoint {{ {} deliveries(first: 100) {{ totalCount nodes {{
               event sequence attempt status error tookMilliseconds at id }} }} }}",
            ENDPOINT
                .trim_start_matches("webhookEndpoint {")
                .trim_end_matches('}')
        ))
        .variables(json!({ "id": id }))
        .send()
        .await;
    answer.expect_data()["endpoint"].clone()
}

async fn step(server: &Server, mutation: &str, input: Value) -> Answer {
    let kind = match mutation {
        "enableWebhookEndpoint" | "updateWebhookEndpoint" => {
            return mutate(server, mutation, ENDPOINT, input).await;
        }
        _ => "WebhookEndpointInput",
    };
    let selection = match mutation {
        "rotateWebhookSecret" => format!("secret {ENDPOINT}"),
        "deleteWebhookEndpoint" => "deletedId".to_owned(),
        "testWebhookEndpoint" => "delivery { event sequence attempt status error }".to_owned(),
        _ => ENDPOINT.to_owned(),
    };
    server
        .query(format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field message code }} }} }}"
        ))
        .variables(json!({ "input": input }))
        .send()
        .await
}

/// How many deliveries the log shows. (The total is counted after them, when there may be one more.)
fn noted(endpoint: &Value) -> usize {
    list(&endpoint["deliveries"]["nodes"]).len()
}

fn sequences(received: &[Received]) -> Vec<i64> {
    let sequence = |it: &Received| {
        let event = it.event();
        let text = event["data"]["sequence"].as_str().unwrap_or_default();
        text.parse().expect("a sequence")
    };
    received.iter().map(sequence).collect()
}

async fn events_arrive_signed_and_in_order(database: Database) {
    let server = settings(&database).start().await;
    let hook = Receiver::start(Mood::Glad).await;
    TEAM.create(&server, json!({"name": "Before"})).await;
    let input = json!({"url": hook.url(), "description": "Portal", "events": ["team.*", "service.created"]});
    let (made, secret) = create(&server, input).await;
    assert_eq!(made["createdBy"], tokens::SUBJECT);
    assert_eq!(made["enabled"], true);

    let mut expected = Vec::new();
    for number in 0..10 {
        let team = TEAM
            .create(&server, json!({"name": format!("Team {number}")}))
            .await;
        expected.push(("dev.kundig.team.created", team["id"].clone()));
        let service = SERVICE
            .create(&server, json!({"name": format!("Service {number}")}))
            .await;
        expected.push(("dev.kundig.service.created", service["id"].clone()));
        let input = json!({"id": service["id"], "teamId": team["id"]});
        SERVICE.update(&server, input).await;
    }
    let received = hook.takes(expected.len()).await;
    for (received, (kind, subject)) in received.iter().zip(&expected) {
        let event = received.event();
        assert_eq!(event["type"], *kind);
        assert_eq!(event["subject"], *subject);
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "urn:kundig");
        assert_eq!(event["data"]["actor"], tokens::SUBJECT);
        assert_eq!(
            event["data"]["diff"]["name"]["from"],
            Value::Null,
            "{event}"
        );
        assert_eq!(event["id"], received.header("webhook-id"));
        assert_eq!(
            received.header("content-type"),
            "application/cloudevents+json; charset=utf-8"
        );
        assert!(received.is_signed_with(&secret));
        let sent: i64 = received
            .header("webhook-timestamp")
            .parse()
            .expect("a time");
        assert!((Timestamp::now().as_second() - sent).abs() < 60);
    }
    let sequences = sequences(&received);
    assert!(sequences.is_sorted());

    let newest = sequences[sequences.len() - 1].to_string();
    let seen = eventually("everything is noted", async || {
        let endpoint = endpoint(&server, &made["id"]).await;
        (noted(&endpoint) == expected.len()).then_some(endpoint)
    })
    .await;
    assert_eq!(seen["deliveries"]["totalCount"], expected.len());
    let last = &seen["deliveries"]["nodes"][0];
    assert_eq!(last["sequence"], newest);
    assert_eq!(last["event"], "service.created");
    assert_eq!(
        (&last["status"], &last["error"]),
        (&json!(204), &Value::Null)
    );
    assert_eq!(hook.received().len(), expected.len(), "each once");
}

async fn what_fails_is_tried_again_and_nothing_overtakes_it(database: Database) {
    let server = settings(&database).start().await;
    let hook = Receiver::start(Mood::SaysTo(3, 503)).await;
    let (made, _) = create(&server, json!({"url": hook.url(), "events": ["team.*"]})).await;
    for name in ["First", "Second"] {
        TEAM.create(&server, json!({ "name": name })).await;
    }
    hook.takes(2).await;
    let received = hook.received();
    let ids: Vec<_> = received.iter().map(|it| it.header("webhook-id")).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_ne!(ids[4], ids[0]);
    let seen = eventually("everything is noted", async || {
        let endpoint = endpoint(&server, &made["id"]).await;
        (noted(&endpoint) == 5).then_some(endpoint)
    })
    .await;
    let attempts: Vec<_> = seen["deliveries"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| (it["attempt"].clone(), it["status"].clone()))
        .collect();
    let expected = [(1, 204), (4, 204), (3, 503), (2, 503), (1, 503)];
    assert_eq!(attempts, expected.map(|(a, s)| (json!(a), json!(s))));
    assert_eq!(seen["failedAttempts"], 0);
}

async fn an_endpoint_that_goes_on_failing_is_disabled_and_misses_nothing(database: Database) {
    let server = settings(&database).start().await;
    let hook = Receiver::start(Mood::Says(500)).await;
    let (made, _) = create(&server, json!({"url": hook.url(), "events": ["team.*"]})).await;
    TEAM.create(&server, json!({"name": "First"})).await;
    let disabled = eventually("it is disabled", async || {
        let endpoint = endpoint(&server, &made["id"]).await;
        (endpoint["enabled"] == false).then_some(endpoint)
    })
    .await;
    let reason = disabled["disabledReason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("5 attempts") && reason.contains("500"),
        "{reason}"
    );
    assert_eq!(hook.received().len(), 5);
    TEAM.create(&server, json!({"name": "Second"})).await;

    hook.becomes(Mood::Glad);
    let enabled = step(
        &server,
        "enableWebhookEndpoint",
        json!({"id": made["id"], "expectedVersion": disabled["version"]}),
    )
    .await;
    assert_eq!(
        enabled.expect_payload()["webhookEndpoint"]["disabledReason"],
        Value::Null
    );
    hook.takes(2).await;

    step(&server, "disableWebhookEndpoint", json!({"id": made["id"]}))
        .await
        .expect_payload();
    TEAM.create(&server, json!({"name": "Third"})).await;
    step(
        &server,
        "enableWebhookEndpoint",
        json!({"id": made["id"], "fromNowOn": true}),
    )
    .await
    .expect_payload();
    TEAM.create(&server, json!({"name": "Fourth"})).await;
    let taken = hook.takes(3).await;
    let names: Vec<_> = taken
        .iter()
        .map(|it| it.event()["data"]["diff"]["name"]["to"].clone())
        .collect();
    assert_eq!(names, ["First", "Second", "Fourth"]);

    let answer = server
        .query("{ changes(first: 100, filter: {types: [\"WebhookEndpoint\"]}) { nodes { kind actor diff subject { id } } } }")
        .send()
        .await;
    let history = answer.expect_data()["changes"]["nodes"].clone();
    let actors: Vec<_> = history
        .as_array()
        .into_iter()
        .flatten()
        .map(|change| change["actor"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        actors,
        ["tests", "kundig webhooks", "tests", "tests", "tests"]
    );
    assert!(!answer.to_string().contains("whsec_"), "no secret is told");
}

async fn a_change_holds_for_all_but_the_event_that_is_on_its_way(database: Database) {
    const SLOW: Duration = Duration::from_millis(300);
    let server = settings(&database).start().await;
    let [former, new] = [
        Receiver::start(Mood::IsSlow(SLOW)).await,
        Receiver::start(Mood::IsSlow(SLOW)).await,
    ];
    let (made, _) = create(&server, json!({"url": former.url(), "events": ["team.*"]})).await;
    for number in 0..10 {
        TEAM.create(&server, json!({"name": format!("Team {number}")}))
            .await;
    }
    former.takes(1).await;
    let update = json!({"id": made["id"], "url": new.url(), "events": ["service.created"]});
    let updated = step(&server, "updateWebhookEndpoint", update).await;
    updated.expect_payload();
    let sent = former.received().len();
    let mut services = Vec::new();
    for number in 0..10 {
        let service = SERVICE
            .create(&server, json!({"name": format!("Service {number}")}))
            .await;
        services.push(service["id"].clone());
    }
    let taken = new.takes(2).await;
    let subjects: Vec<Value> = taken.iter().map(|it| subject(it).into()).collect();
    assert_eq!(subjects, services[..subjects.len()]);
    // What is on its way when the update is committed may be one more than was counted then.
    assert!(former.received().len() <= sent + 1);

    let skip = json!({"id": made["id"], "fromNowOn": true});
    let enabled = step(&server, "enableWebhookEndpoint", skip).await;
    enabled.expect_payload();
    let sent = new.received().len();
    let last = SERVICE.create(&server, json!({"name": "Last"})).await;
    eventually("the last one arrives", async || {
        let taken = new.taken();
        let arrived = taken.iter().any(|it| *subject(it) == last["id"]);
        arrived.then_some(())
    })
    .await;
    assert!(
        new.received().len() <= sent + 2,
        "the last, and what was on its way"
    );
    assert!(sent < 9, "there was something to leave out");
    // The endpoint and its log are read one after the other.
    eventually(
        "all attempts are in the log, and it goes on after the last",
        async || {
            let seen = endpoint(&server, &made["id"]).await;
            let attempts = former.received().len() + new.received().len();
            let newest = &seen["deliveries"]["nodes"][0]["sequence"];
            let is_noted = noted(&seen) == attempts;
            (is_noted && number(&seen["deliveredUntil"]) >= number(newest)).then_some(())
        },
    )
    .await;
}

fn number(sequence: &Value) -> i64 {
    let text = sequence.as_str().unwrap_or_default();
    text.parse().expect("a sequence")
}

async fn nothing_is_lost_when_the_server_dies_in_the_middle(database: Database) {
    let settings = settings_of_replicas(&database);
    let hook = Receiver::start(Mood::Glad).await;
    let mut created = BTreeSet::new();
    let mut server = settings.start().await;
    create(&server, json!({"url": hook.url(), "events": ["team.*"]})).await;
    for round in 0..4 {
        for number in 0..15 {
            let team = TEAM
                .create(&server, json!({"name": format!("Team {round} {number}")}))
                .await;
            created.insert(team["id"].as_str().unwrap_or_default().to_owned());
        }
        // Some of it has arrived and some has not.
        hook.takes(round * 15 + 3).await;
        server = server.kill().start().await;
    }
    eventually("all have arrived", async || {
        let taken = hook.taken();
        let subjects: BTreeSet<_> = taken.iter().map(subject).collect();
        (subjects == created).then_some(())
    })
    .await;
    let mut highest = 0;
    for sequence in sequences(&hook.taken()) {
        assert!(
            sequence >= highest,
            "only the event that was on its way comes again"
        );
        highest = sequence;
    }
}

fn subject(received: &Received) -> String {
    let event = received.event();
    event["subject"].as_str().unwrap_or_default().to_owned()
}

async fn one_replica_delivers_and_another_takes_over(database: Database) {
    let settings = settings_of_replicas(&database);
    let hook = Receiver::start(Mood::Glad).await;
    let [first, second] = [settings.start().await, settings.start().await];
    create(&second, json!({"url": hook.url(), "events": ["team.*"]})).await;
    for number in 0..20 {
        let writer = [&first, &second][number % 2];
        TEAM.create(writer, json!({"name": format!("Team {number}")}))
            .await;
    }
    hook.takes(20).await;
    assert_eq!(hook.received().len(), 20, "each once");
    // One of the two has the job, and each of them is killed once.
    let first = first.kill().start().await;
    TEAM.create(&second, json!({"name": "Between"})).await;
    hook.takes(21).await;
    drop(second.kill());
    TEAM.create(&first, json!({"name": "After"})).await;
    hook.takes(22).await;
}

async fn a_secret_is_shown_once_and_signs_for_a_while_after_the_next(database: Database) {
    let server = settings(&database).start().await;
    let hook = Receiver::start(Mood::Glad).await;
    let (made, secret) = create(&server, json!({"url": hook.url(), "events": ["team.*"]})).await;
    let rotated = step(&server, "rotateWebhookSecret", json!({"id": made["id"]})).await;
    let rotated = rotated.expect_payload();
    let new = rotated["secret"].as_str().expect("a secret");
    assert_ne!(new, secret);
    assert_ne!(rotated["webhookEndpoint"]["formerSecretUntil"], Value::Null);
    TEAM.create(&server, json!({"name": "First"})).await;
    let received = &hook.takes(1).await[0];
    assert!(received.is_signed_with(new) && received.is_signed_with(&secret));
    let schema = server.query("{ __type(name: \"WebhookEndpoint\") { fields { name } } }");
    let answer = schema.send().await;
    assert!(!answer.to_string().contains("\"secret\""), "{answer}");

    let tested = step(&server, "testWebhookEndpoint", json!({"id": made["id"]})).await;
    let delivery = &tested.expect_payload()["delivery"];
    assert_eq!(
        *delivery,
        json!({"event": "test", "sequence": null, "attempt": 1, "status": 204, "error": null})
    );
    let received = hook.takes(2).await;
    assert_eq!(received[1].event()["type"], "dev.kundig.test");
    let deleted = step(&server, "deleteWebhookEndpoint", json!({"id": made["id"]})).await;
    assert_eq!(deleted.expect_payload()["deletedId"], made["id"]);
    assert_eq!(endpoint(&server, &made["id"]).await, Value::Null);
}

async fn receivers_that_misbehave_are_told_apart_in_the_log(database: Database) {
    let server = settings(&database).start().await;
    for (mood, status, message) in [
        (Mood::Redirects, json!(302), "redirects are not followed"),
        (Mood::Says(404), json!(404), "404"),
    ] {
        expect_failed_test(&server, mood, status, message).await;
    }
    let hook = Receiver::start(Mood::Says(410)).await;
    let (gone, _) = create(&server, json!({"url": hook.url(), "events": ["team.*"]})).await;
    TEAM.create(&server, json!({"name": "Nights"})).await;
    eventually("it is disabled at once", async || {
        let endpoint = endpoint(&server, &gone["id"]).await;
        (endpoint["enabled"] == false).then_some(())
    })
    .await;
    assert_eq!(hook.received().len(), 1);

    let (silent, _) = create(&server, json!({"url": "http://127.0.0.1:1/", "events": []})).await;
    let tested = step(&server, "testWebhookEndpoint", json!({"id": silent["id"]})).await;
    let delivery = &tested.expect_payload()["delivery"];
    assert_eq!(delivery["status"], Value::Null);
}

/// That a test of such a receiver is noted with this status and error.
async fn expect_failed_test(server: &Server, mood: Mood, status: Value, message: &str) {
    let hook = Receiver::start(mood).await;
    let (made, _) = create(server, json!({"url": hook.url(), "events": []})).await;
    let tested = step(server, "testWebhookEndpoint", json!({"id": made["id"]})).await;
    let delivery = &tested.expect_payload()["delivery"];
    assert_eq!(delivery["status"], status, "{delivery}");
    let error = delivery["error"].as_str().unwrap_or_default();
    assert!(error.contains(message), "{error}");
    step(server, "deleteWebhookEndpoint", json!({"id": made["id"]}))
        .await
        .expect_payload();
}

async fn a_receiver_that_does_not_answer_is_given_up(database: Database) {
    let hasty = settings(&database).env("KUNDIG_WEBHOOK_TIMEOUT", "1s");
    let server = hasty.start().await;
    let silent = Mood::Dawdles(Duration::from_mins(10));
    expect_failed_test(&server, silent, Value::Null, "did not answer within 1s").await;
}

async fn nothing_is_sent_into_private_networks_unless_that_is_allowed(database: Database) {
    let server = Server::start(&database).await;
    for (url, message) in [
        ("http://hooks.example.com/", "https"),
        ("https://127.0.0.1/", "public"),
        ("https://[::1]/", "public"),
        ("https://169.254.169.254/latest/meta-data/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"),
        ("https://3232235777/", "public"),
        ("https://me:secret@hooks.example.com/", "user name"),
        ("nonsense", "address"),
    ] {
        let answer = server
            .query("mutation ($url: String!) { createWebhookEndpoint(input: {url: $url}) { secret userErrors { field message code } } }")
            .variables(json!({ "url": url }))
            .send()
            .await;
        let error = answer.expect_user_error(&["url"], "INVALID");
        let text = error["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "{url}: {text}");
    }
    // What a name stands for turns out when it is resolved.
    let (made, _) = create(
        &server,
        json!({"url": "https://localhost/", "events": ["team.*"]}),
    )
    .await;
    let tested = step(&server, "testWebhookEndpoint", json!({"id": made["id"]})).await;
    let error = tested.expect_payload()["delivery"]["error"].clone();
    let error = error.as_str().unwrap_or_default();
    assert!(error.contains("no public address"), "{error}");
}

async fn webhooks_are_for_admins_and_refuse_what_is_wrong(database: Database) {
    let server = settings(&database).start().await;
    let (made, _) = create(&server, json!({"url": "http://127.0.0.1:1/"})).await;
    let worker = tokens::local(
        "worker",
        &[Scope::CatalogRead, Scope::CatalogWrite, Scope::RequestsWork],
    );
    for query in [
        "{ webhookEndpoints { id } }".to_owned(),
        format!("{{ webhookEndpoint(id: {}) {{ id }} }}", made["id"]),
        "mutation { createWebhookEndpoint(input: {url: \"https://a.example\"}) { secret } }"
            .to_owned(),
    ] {
        let answer = server.query(query).token(&worker).send().await;
        answer.expect_error_code("FORBIDDEN");
    }
    for mutation in [
        "updateWebhookEndpoint",
        "deleteWebhookEndpoint",
        "rotateWebhookSecret",
        "enableWebhookEndpoint",
        "disableWebhookEndpoint",
        "testWebhookEndpoint",
    ] {
        let id = &made["id"];
        let document =
            format!("mutation {{ {mutation}(input: {{id: {id}}}) {{ userErrors {{ code }} }} }}");
        let answer = server.query(document).token(&worker).send().await;
        answer.expect_error_code("FORBIDDEN");
    }
    let hidden = server
        .query(format!(
            "{{ node(id: {}) {{ id }} changes(filter: {{types: [\"WebhookEndpoint\"]}}) {{ totalCount }} }}",
            made["id"]
        ))
        .token(&worker)
        .send()
        .await;
    assert_eq!(
        hidden.expect_data(),
        &json!({"node": null, "changes": {"totalCount": 0}})
    );
    let shown = server
        .query(format!(
            "{{ node(id: {}) {{ id }} webhookEndpoints {{ id }} }}",
            made["id"]
        ))
        .send()
        .await;
    assert_eq!(
        shown.expect_data(),
        &json!({"node": {"id": made["id"]}, "webhookEndpoints": [{"id": made["id"]}]})
    );

    let update = async |input: Value| step(&server, "updateWebhookEndpoint", input).await;
    let stale = update(json!({"id": made["id"], "expectedVersion": 7, "url": "http://127.0.0.1/"}));
    stale
        .await
        .expect_user_error(&["expectedVersion"], "STALE_VERSION");
    let unknown = update(json!({"id": made["id"], "events": ["team.*", "team.moved"]}));
    unknown.await.expect_user_error(&["events", "1"], "INVALID");
    let nobody = update(json!({"id": "hook_0", "url": "http://127.0.0.1/"}));
    nobody.await.expect_user_error(&["id"], "NOT_FOUND");
    let good =
        update(json!({"id": made["id"], "description": "Mine", "events": ["team.*", "team.*"]}))
            .await;
    let changed = &good.expect_payload()["webhookEndpoint"];
    assert_eq!(changed["events"], json!(["team.*"]));
    assert_eq!(
        (&changed["description"], &changed["version"]),
        (&json!("Mine"), &json!(2))
    );
    let same = update(json!({"id": made["id"], "description": "Mine"})).await;
    assert_eq!(same.expect_payload()["webhookEndpoint"]["version"], 2);
}

on_both_databases!(
    events_arrive_signed_and_in_order,
    what_fails_is_tried_again_and_nothing_overtakes_it,
    an_endpoint_that_goes_on_failing_is_disabled_and_misses_nothing,
    a_change_holds_for_all_but_the_event_that_is_on_its_way,
    nothing_is_lost_when_the_server_dies_in_the_middle,
    a_secret_is_shown_once_and_signs_for_a_while_after_the_next,
    receivers_that_misbehave_are_told_apart_in_the_log,
    a_receiver_that_does_not_answer_is_given_up,
    nothing_is_sent_into_private_networks_unless_that_is_allowed,
    webhooks_are_for_admins_and_refuse_what_is_wrong,
);
on_postgres!(one_replica_delivers_and_another_takes_over);
