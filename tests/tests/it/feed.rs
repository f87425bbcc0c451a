//! The change feed and the snapshots that follow it, with several writers and several servers at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use entity::change;
use kundig_tests::{Database, Server, Settings, on_both_databases, on_postgres};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _, TransactionTrait as _};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::support::{create_service, eventually, id_in, mutate, whole_catalog};

const WRITERS: u64 = 8;
const STEPS: u64 = 40;

async fn writers_on_two_replicas_leave_the_same_catalog_everywhere(
    database: Database,
) -> anyhow::Result<()> {
    let settings = Settings::new(&database);
    let replicas = [
        Arc::new(settings.start().await),
        Arc::new(settings.start().await),
    ];
    let shared = shared_services(&replicas[0]).await;

    let newest = Arc::new(OnceLock::new());
    let mut followers = JoinSet::new();
    for replica in &replicas {
        followers.spawn(follow(Arc::clone(replica), Arc::clone(&newest)));
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write_at_random(replicas.clone(), shared.clone(), writer));
    }
    writers.join_all().await;
    let committed = feed_in(&database).await?;
    newest.get_or_init(|| committed.last().copied().unwrap_or_default());
    let followed = followers.join_all().await;

    for seen in &followed {
        assert_eq!(
            seen.len(),
            committed.len(),
            "a change was lost or came twice"
        );
        let sequences = seen
            .iter()
            .map(|change| change["sequence"].as_str().unwrap_or_default().parse());
        assert_eq!(
            sequences.collect::<Result<Vec<i64>, _>>()?,
            committed,
            "not the feed's order"
        );
        expect_every_object_in_order(seen);
    }

    let newest = committed.last().map(i64::to_string).unwrap_or_default();
    let from_database = whole_catalog(&settings.start().await, &newest).await;
    for replica in &replicas {
        assert_eq!(
            whole_catalog(replica, &newest).await,
            from_database,
            "a replica has drifted from the database"
        );
    }
    Ok(())
}

/// Services that all writers change.
async fn shared_services(server: &Server) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(create_service(server, &format!("Shared {number}")).await);
    }
    ids
}

/// What somebody with a script does: creates, changes, connects, renames and deletes, on either replica.
async fn write_at_random(replicas: [Arc<Server>; 2], shared: Vec<String>, writer: u64) {
    let mut random = fastrand::Rng::with_seed(writer);
    let mut own = Vec::new();
    for step in 0..STEPS {
        let server = &replicas[random.usize(..2)];
        let target = &shared[random.usize(..shared.len())];
        let text = format!("{writer} at {step}");
        match random.u8(..10) {
            0..=2 => {
                own.push(create_service(server, &format!("Own {text}")).await);
            }
            3 if !own.is_empty() => {
                let id = own.swap_remove(random.usize(..own.len()));
                mutate(server, "deleteService", "deletedId", json!({"id": id}))
                    .await
                    .expect_payload();
            }
            4 => {
                let (from, to) = (random.usize(..shared.len()), random.usize(1..shared.len()));
                let to = (from + to) % shared.len();
                let input = json!({"dependentId": shared[from], "dependencyId": shared[to],
                    "strength": f64::from(random.u8(1..=10)) / 10.0});
                mutate(server, "setDependency", "dependency { strength }", input)
                    .await
                    .expect_payload();
            }
            5 => {
                let input = json!({"id": target, "name": format!("Shared {text}"), "slug": format!("shared-{writer}-{step}")});
                mutate(server, "updateService", "service { version }", input)
                    .await
                    .expect_payload();
            }
            _ => {
                let input = json!({"id": target, "description": format!("Changed by {text}")});
                let answer =
                    mutate(server, "updateService", "service { description }", input).await;
                answer.expect_payload();
            }
        }
    }
}

/// Reads the feed page by page until the newest of all changes is seen, once the writers are done. An empty page would not do:
/// the feed waits for transactions of other tests on the same PostgreSQL.
async fn follow(server: Arc<Server>, newest: Arc<OnceLock<i64>>) -> Vec<Value> {
    const PATIENCE: Duration = Duration::from_mins(1);
    let mut written = None;
    let mut seen = Vec::<Value>::new();
    loop {
        let after = seen.last().map(|change| change["sequence"].clone());
        let answer = server
            .query("query ($after: String) { changes(first: 7, after: $after) { nodes { sequence kind subjectId diff } } }")
            .variables(json!({ "after": after }))
            .send()
            .await;
        let page = answer.expect_data()["changes"]["nodes"].as_array();
        seen.extend(page.cloned().unwrap_or_default());
        let last = seen.last().and_then(|change| change["sequence"].as_str());
        if let Some(newest) = newest.get() {
            let since = written.get_or_insert_with(Instant::now);
            if last == Some(&newest.to_string()) || since.elapsed() > PATIENCE {
                return seen;
            }
        }
    }
}

/// The sequences that the database holds, in order.
async fn feed_in(database: &Database) -> anyhow::Result<Vec<i64>> {
    let connection = database.connect().await;
    let rows = change::Entity::find()
        .order_by_asc(change::Column::Sequence)
        .all(&connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.sequence).collect())
}

/// Every change of an object begins where the one before it ended.
#[track_caller]
fn expect_every_object_in_order(changes: &[Value]) {
    let mut objects: HashMap<&str, BTreeMap<String, Value>> = HashMap::new();
    for change in changes {
        let id = change["subjectId"].as_str().unwrap_or_default();
        let fields = objects.entry(id).or_default();
        for (field, from, to) in flat(change["diff"].as_object()) {
            let before = fields.insert(field.clone(), to).unwrap_or(Value::Null);
            assert_eq!(
                before, from,
                "{field} of {id} does not go on where it was: {change:#}"
            );
        }
    }
}

/// Field, from and to; of a field that is an object, such as the dependencies, one for each of its keys.
fn flat(diff: Option<&Map<String, Value>>) -> Vec<(String, Value, Value)> {
    let mut fields = Vec::new();
    for (name, change) in diff.into_iter().flatten() {
        let (from, to) = (&change["from"], &change["to"]);
        let (from_keys, to_keys) = (from.as_object(), to.as_object());
        if from_keys.is_none() && to_keys.is_none() {
            fields.push((name.clone(), from.clone(), to.clone()));
        }
        let keys = from_keys.into_iter().chain(to_keys).flat_map(Map::keys);
        for key in keys.collect::<std::collections::BTreeSet<_>>() {
            fields.push((format!("{name}.{key}"), from[key].clone(), to[key].clone()));
        }
    }
    fields
}

async fn a_change_that_commits_late_is_neither_lost_nor_reordered(
    database: Database,
) -> anyhow::Result<()> {
    let settings = Settings::new(&database);
    let (writer, reader) = (settings.start().await, settings.start().await);
    let (early, late) = (
        create_service(&writer, "Early").await,
        create_service(&writer, "Late").await,
    );
    let before = writer
        .query("{ __typename }")
        .send()
        .await
        .sequence()
        .to_owned();

    // Another writer's transaction has its place in the feed and is not committed yet …
    let connection = database.connect().await;
    let slow = connection.begin().await?;
    slow.execute_unprepared(
        "INSERT INTO change (sequence, at, actor, kind, subject_type, subject_id, diff) \
         SELECT pg_current_xact_id()::text::bigint << 20, updated_at + 1, 'slow', 'UPDATED', 'Service', id, \
                '{\"name\": {\"from\": \"Late\", \"to\": \"Later\"}}' FROM service WHERE slug = 'late'; \
         UPDATE service SET name = 'Later', version = version + 1 WHERE slug = 'late'",
    )
    .await?;
    // … while one with a higher place commits and is answered.
    let input = json!({"id": early, "name": "Earlier"});
    let answer = mutate(&writer, "updateService", "service { name }", input).await;
    assert_eq!(answer.expect_payload()["service"]["name"], "Earlier");
    let sequence = answer.sequence().to_owned();

    let names = |catalog: Value| [&early, &late].map(|id| name_of(&catalog, id));
    assert_eq!(
        names(whole_catalog(&reader, &sequence).await),
        ["Earlier", "Late"]
    );
    assert_eq!(
        changes_after(&reader, &before).await,
        [],
        "the feed ran ahead of an open transaction"
    );

    slow.commit().await?;
    let seen = eventually("both changes are in the feed", async || {
        let seen = changes_after(&reader, &before).await;
        (seen.len() >= 2).then_some(seen)
    })
    .await;
    let subjects: Vec<_> = seen.iter().map(|(_, subject)| subject).collect();
    assert_eq!(
        subjects,
        [&late, &early],
        "each change once, in the feed's order"
    );
    let (slow_sequence, _) = &seen[0];
    for replica in [&writer, &reader] {
        let catalog = whole_catalog(replica, slow_sequence).await;
        assert_eq!(names(catalog), ["Earlier", "Later"]);
    }
    Ok(())
}

fn name_of(catalog: &Value, id: &str) -> String {
    let services = catalog["services"]["nodes"]
        .as_array()
        .into_iter()
        .flatten();
    let mut found = services.filter(|service| service["id"] == id);
    found
        .next()
        .and_then(|service| service["name"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The changes after a sequence: their own, and whom they are about.
async fn changes_after(server: &Server, sequence: &str) -> Vec<(String, String)> {
    let answer = server
        .query("query ($after: String) { changes(after: $after) { nodes { sequence subjectId } } }")
        .variables(json!({ "after": sequence }))
        .send()
        .await;
    let nodes = answer.expect_data()["changes"]["nodes"].as_array().cloned();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    nodes
        .into_iter()
        .flatten()
        .map(|change| (text(&change["sequence"]), text(&change["subjectId"])))
        .collect()
}

async fn a_write_on_one_replica_can_be_read_on_another(database: Database) {
    let settings = Settings::new(&database);
    let (writer, reader) = (settings.start().await, settings.start().await);
    for number in 0..50 {
        let input = json!({"name": format!("Service {number}")});
        let answer = mutate(&writer, "createService", "service { id }", input).await;
        let id = id_in(&answer.expect_payload()["service"]);
        let found = reader
            .query("query ($id: ID!) { node(id: $id) { id } }")
            .variables(json!({ "id": id }))
            .header("Kundig-Min-Sequence", answer.sequence())
            .send()
            .await;
        assert_eq!(found.expect_data()["node"]["id"], id);
    }
}

async fn a_replica_hears_of_a_change_by_itself(database: Database) {
    let settings = Settings::new(&database);
    let (writer, reader) = (settings.start().await, settings.start().await);
    let id = create_service(&writer, "News").await;
    eventually("the change arrives", async || {
        let found = reader
            .query("query ($id: ID!) { node(id: $id) { id } }")
            .variables(json!({ "id": id }))
            .send()
            .await;
        (found.expect_data()["node"]["id"] == *id).then_some(())
    })
    .await;
}

async fn concurrent_updates_of_different_fields_lose_none(database: Database) {
    let server = Arc::new(Server::start(&database).await);
    let id = create_service(&server, "Busy").await;
    let mut writers = JoinSet::new();
    for field in ["name", "description"] {
        let (server, id) = (Arc::clone(&server), id.clone());
        writers.spawn(async move {
            for step in 1..=STEPS {
                let input = json!({"id": id, field: format!("{field} {step}")});
                mutate(&server, "updateService", "service { id }", input)
                    .await
                    .expect_payload();
            }
        });
    }
    writers.join_all().await;

    let answer = server
        .query("{ service(slug: \"busy\") { name description version } }")
        .send()
        .await;
    let service = &answer.expect_data()["service"];
    assert_eq!(service["name"], format!("name {STEPS}"));
    assert_eq!(service["description"], format!("description {STEPS}"));
    assert_eq!(service["version"], 1 + 2 * STEPS);
}

async fn of_writers_that_expect_the_same_version_one_wins(database: Database) {
    let server = Arc::new(Server::start(&database).await);
    let id = create_service(&server, "Contested").await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (server, id) = (Arc::clone(&server), id.clone());
        writers.spawn(async move {
            let input = json!({"id": id, "expectedVersion": 1, "name": format!("Won by {writer}")});
            mutate(&server, "updateService", "service { version }", input).await
        });
    }
    let answers = writers.join_all().await;
    let refused = answers
        .iter()
        .filter(|answer| answer.expect_data()["updateService"]["service"].is_null());
    let refused: Vec<_> = refused.collect();
    assert_eq!(refused.len() as u64, WRITERS - 1);
    for answer in refused {
        answer.expect_user_error(&["expectedVersion"], "STALE_VERSION");
    }
}

async fn servers_that_start_at_once_migrate_once(database: Database) {
    let settings = Settings::new(&database);
    let mut starts = JoinSet::new();
    for _ in 0..4 {
        let settings = settings.clone();
        starts.spawn(async move { settings.start().await });
    }
    let servers = starts.join_all().await;
    create_service(&servers[0], "First").await;
}

async fn what_was_answered_survives_a_crash(database: Database) {
    let server = Server::start(&database).await;
    let mut names = Vec::new();
    for number in 0..20 {
        let name = format!("Service {number}");
        create_service(&server, &name).await;
        names.push(name);
    }
    let server = server.kill().start().await;
    let answer = server
        .query("{ services(first: 100, orderBy: {field: CREATED_AT}) { nodes { name } } }")
        .send()
        .await;
    let nodes = answer.expect_data()["services"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found: Vec<_> = nodes
        .iter()
        .filter_map(|service| service["name"].as_str())
        .collect();
    assert_eq!(found, names);
}

on_both_databases!(
    concurrent_updates_of_different_fields_lose_none,
    of_writers_that_expect_the_same_version_one_wins,
    what_was_answered_survives_a_crash,
);

on_postgres!(
    writers_on_two_replicas_leave_the_same_catalog_everywhere,
    a_change_that_commits_late_is_neither_lost_nor_reordered,
    a_write_on_one_replica_can_be_read_on_another,
    a_replica_hears_of_a_change_by_itself,
    servers_that_start_at_once_migrate_once,
);
