//! That the database, the feed and the API have what was acknowledged, once.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{change, idempotency_key, request_event, service_request, sla_clock};
use kundig_tests::{Database, Server};
use sea_orm::prelude::Uuid;
use sea_orm::{EntityTrait, QueryOrder as _};
use serde_json::{Value, json};

use crate::follower::Seen;
use crate::ledger::Entry;
use crate::world::{WITHIN, World, key};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// Everything that stands in the database about requests.
#[derive(Debug)]
pub(crate) struct Found {
    requests: Vec<service_request::Model>,
    events: HashMap<Uuid, Vec<request_event::Model>>,
    clocks: HashMap<Uuid, Vec<sla_clock::Model>>,
    keys: Vec<idempotency_key::Model>,
    changes: Vec<change::Model>,
}

impl Found {
    /// Reads it, past the server.
    pub(crate) async fn read(database: &Database) -> Self {
        const READABLE: &str = "the database can be read";
        let connection = database.connect().await;
        let requests = service_request::Entity::find();
        let events = request_event::Entity::find().order_by_asc(request_event::Column::Place);
        let clocks = sla_clock::Entity::find().order_by_asc(sla_clock::Column::Place);
        let changes = change::Entity::find().order_by_asc(change::Column::Sequence);
        Self {
            requests: requests.all(&connection).await.expect(READABLE),
            events: grouped(events.all(&connection).await.expect(READABLE), |row| {
                row.request_id
            }),
            clocks: grouped(clocks.all(&connection).await.expect(READABLE), |row| {
                row.subject_id
            }),
            keys: idempotency_key::Entity::find()
                .all(&connection)
                .await
                .expect(READABLE),
            changes: changes.all(&connection).await.expect(READABLE),
        }
    }

    /// The feed's last sequence.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.changes.last().map(|change| change.sequence)
    }
}

fn grouped<T>(rows: Vec<T>, of: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(of(&row)).or_default().push(row);
    }
    groups
}

/// Every submission is one request, with all that belongs to it and nothing more.
pub(crate) fn database(world: &World, found: &Found) {
    let ledger = world.ledger();
    assert_eq!(found.requests.len(), world.requests, "requests");
    assert_eq!(found.keys.len(), world.requests, "keys");
    let keys: HashMap<&str, Uuid> = found
        .keys
        .iter()
        .map(|row| (row.key.as_str(), row.result_id))
        .collect();
    let requests: HashMap<Uuid, &service_request::Model> =
        found.requests.iter().map(|row| (row.id, row)).collect();
    let numbers: HashSet<i64> = found.requests.iter().map(|row| row.number).collect();
    assert_eq!(numbers.len(), world.requests, "a number twice");
    let (events, clocks) = (
        found.events.values().map(Vec::len),
        found.clocks.values().map(Vec::len),
    );
    let steps: usize = ledger.entries.iter().map(|entry| entry.steps).sum();
    assert_eq!(events.sum::<usize>(), world.requests + steps, "events");
    assert_eq!(
        clocks.sum::<usize>(),
        world.requests * WITHIN.len(),
        "clocks"
    );
    for (number, entry) in ledger.entries.iter().enumerate() {
        let known = entry
            .request
            .as_ref()
            .expect("everything is acknowledged in the end");
        let request = keys
            .get(key(number).as_str())
            .and_then(|id| requests.get(id));
        let request = request.unwrap_or_else(|| panic!("submission {number} is lost: {known:?}"));
        assert_eq!(
            known.id,
            format!("sreq_{}", request.id.simple()),
            "submission {number}"
        );
        assert_eq!(
            known.number,
            format!("REQ-{}", request.number),
            "submission {number}"
        );
        assert_eq!(request.title, format!("Request {number}"));
        assert_eq!(request.inputs, json!({"seats": number + 1}));
        history(request, entry, &found.events[&request.id]);
        promises(request, entry, &found.clocks[&request.id]);
    }
    changes(&ledger.entries, found);
}

fn status(entry: &Entry) -> &'static str {
    ["SUBMITTED", "IN_PROGRESS", "FULFILLED"][entry.steps]
}

/// One event for each version, and the first of them once.
fn history(request: &service_request::Model, entry: &Entry, events: &[request_event::Model]) {
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["SUBMITTED", "STARTED", "FULFILLED"][..=entry.steps],
        "{request:?}"
    );
    let places: Vec<i32> = events.iter().map(|event| event.place).collect();
    let versions: Vec<i32> = (1..=request.version).collect();
    assert_eq!(places, versions, "{request:?}");
    assert_eq!(request.status, status(entry), "{request:?}");
    assert_eq!(
        events.last().map(|event| event.at),
        Some(request.updated_at)
    );
}

/// One clock for each target, which stands as the steps have left it.
fn promises(request: &service_request::Model, entry: &Entry, clocks: &[sla_clock::Model]) {
    let states = [["RUNNING", "RUNNING"], ["MET", "RUNNING"], ["MET", "MET"]][entry.steps];
    assert_eq!(clocks.len(), WITHIN.len(), "{request:?}");
    for ((clock, state), (metric, hours)) in clocks.iter().zip(states).zip(WITHIN) {
        assert_eq!(
            (clock.metric.as_str(), clock.state.as_str()),
            (metric, state),
            "{request:?}"
        );
        assert_eq!(clock.started_at, request.created_at);
        if state == "RUNNING" {
            assert_eq!(clock.due_at, request.created_at + hours * HOUR, "{clock:?}");
        } else {
            assert!(clock.good && clock.ended_at.is_some(), "{clock:?}");
        }
    }
}

/// The feed has each submission once, and each step.
fn changes(entries: &[Entry], found: &Found) {
    let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for change in found
        .changes
        .iter()
        .filter(|change| change.subject_type == "ServiceRequest")
    {
        let id = format!("sreq_{}", change.subject_id.simple());
        kinds.entry(id).or_default().push(&change.kind);
    }
    assert_eq!(kinds.len(), entries.len(), "requests in the feed");
    for entry in entries {
        let id = entry
            .request
            .as_ref()
            .map(|request| request.id.as_str())
            .unwrap_or_default();
        assert_eq!(
            kinds[id],
            ["CREATED", "UPDATED", "UPDATED"][..=entry.steps],
            "{id}"
        );
    }
}

/// Whoever has followed the feed has seen what it holds, in its order, each once.
pub(crate) fn feed(found: &Found, seen: &[Seen]) {
    for (place, (change, seen)) in found.changes.iter().zip(seen).enumerate() {
        assert_eq!(
            change.sequence, seen.sequence,
            "the {place}th change that was seen"
        );
        assert_eq!(change.kind, seen.kind, "{change:?}");
        let subject = change.subject_id.simple().to_string();
        assert!(
            seen.subject.ends_with(&subject),
            "{change:?} was seen as {seen:?}"
        );
    }
    assert_eq!(seen.len(), found.changes.len());
}

/// The server shows each request once, as it was left.
pub(crate) async fn api(world: &World, server: &Server) {
    const PAGE: &str = "query ($after: String) { serviceRequests(first: 100, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
        totalCount nodes { id number status events(first: 10) { nodes { kind } } slaClocks { state } } pageInfo { hasNextPage endCursor } } }";
    let mut statuses: HashMap<String, &str> = HashMap::new();
    for entry in &world.ledger().entries {
        let known = entry
            .request
            .as_ref()
            .expect("everything is acknowledged in the end");
        statuses.insert(known.number.clone(), status(entry));
    }
    let (mut after, mut shown) = (Value::Null, HashSet::new());
    loop {
        let answer = server
            .query(PAGE)
            .variables(json!({ "after": after }))
            .send()
            .await;
        let page = &answer.expect_data()["serviceRequests"];
        assert_eq!(page["totalCount"], world.requests);
        for request in page["nodes"].as_array().into_iter().flatten() {
            let number = request["number"].as_str().unwrap_or_default();
            assert_eq!(request["status"], statuses[number], "{request}");
            assert_eq!(
                request["slaClocks"].as_array().map(Vec::len),
                Some(WITHIN.len()),
                "{request}"
            );
            assert!(shown.insert(number.to_owned()), "{request} is shown twice");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(shown.len(), world.requests);
}
