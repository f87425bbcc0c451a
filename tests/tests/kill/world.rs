//! What everybody in a run shares.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kundig_tests::Server;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::ledger::{Ledger, Tally};

/// How long a response may take, and a resolution: open time of a calendar that never closes.
pub(crate) const WITHIN: [(&str, i64); 2] = [("RESPONSE_TIME", 4), ("RESOLUTION_TIME", 40)];

/// What everybody in a run shares.
#[derive(Debug)]
pub(crate) struct World {
    /// How many requests are submitted.
    pub(crate) requests: usize,
    /// What everybody's choices begin with.
    pub(crate) seed: u64,
    offering: String,
    address: watch::Sender<Option<String>>,
    acknowledged: watch::Sender<usize>,
    next: AtomicUsize,
    ledger: Mutex<Ledger>,
}

impl World {
    /// A catalog with an offering and what is promised for it, made on this server.
    pub(crate) async fn new(server: &Server, requests: usize, seed: u64) -> Self {
        Self {
            requests,
            seed,
            offering: offering(server).await,
            address: watch::Sender::new(Some(server.address().to_owned())),
            acknowledged: watch::Sender::new(0),
            next: AtomicUsize::new(0),
            ledger: Mutex::new(Ledger::new(requests)),
        }
    }

    /// What is submitted as this number; its key is the same whenever it is submitted.
    pub(crate) fn input(&self, number: usize) -> Value {
        json!({
            "offeringId": self.offering,
            "title": format!("Request {number}"),
            "inputs": {"seats": number + 1},
            "priority": format!("P{}", number % 4 + 1),
            "idempotencyKey": key(number),
        })
    }

    /// The next numbers that nobody has submitted, as many as that at most; none at the end.
    pub(crate) fn take(&self, at_most: usize) -> Range<usize> {
        let first = self.next.fetch_add(at_most, Ordering::Relaxed);
        first.min(self.requests)..(first + at_most).min(self.requests)
    }

    /// Says where the server is, or that there is none.
    pub(crate) fn announce(&self, address: Option<String>) {
        self.address.send_replace(address);
    }

    /// Where the server is, once there is one.
    pub(crate) async fn address(&self) -> String {
        let mut address = self.address.subscribe();
        let known = timeout(PATIENCE, address.wait_for(Option::is_some)).await;
        let known = known
            .expect("a server is started in time")
            .expect("it lives as long as this");
        known.clone().unwrap_or_default()
    }

    /// What is known of what was submitted.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of what happened.
    pub(crate) fn tally(&self) -> Tally {
        self.ledger().tally.clone()
    }

    /// Notes that a submission was answered by this request.
    pub(crate) fn acknowledge(&self, number: usize, request: &Value) {
        let total = self.ledger().acknowledge(number, request);
        self.acknowledged.send_replace(total);
    }

    /// Waits until so many submissions were answered.
    pub(crate) async fn until_acknowledged(&self, total: usize) {
        let mut acknowledged = self.acknowledged.subscribe();
        while *acknowledged.borrow_and_update() < total {
            let changed = timeout(PATIENCE, acknowledged.changed()).await;
            assert!(changed.is_ok(), "nothing was acknowledged for {PATIENCE:?}");
        }
    }
}

/// The key that a number is submitted with.
pub(crate) fn key(number: usize) -> String {
    format!("key {number}")
}

/// An offering of a service for which there is an agreement; its id.
async fn offering(server: &Server) -> String {
    let create = async |ty: &str, input: Value| {
        let field = format!("{}{}", ty[..1].to_lowercase(), &ty[1..]);
        let document = format!(
            "mutation ($input: Create{ty}Input!) {{ create{ty}(input: $input) {{ {field} {{ id }} userErrors {{ field message }} }} }}"
        );
        let answer = server.query(document).variables(json!({"input": input}));
        answer.send().await.expect_payload()[&field]["id"].clone()
    };
    let service = create("Service", json!({"name": "Licences"})).await;
    let calendar = json!({"name": "Always", "timeZone": "Europe/Berlin"});
    let calendar = create("SupportCalendar", calendar).await;
    let targets: Vec<Value> = WITHIN
        .iter()
        .map(|(metric, hours)| json!({"metric": metric, "within": format!("PT{hours}H"), "objective": "95"}))
        .collect();
    let agreement = json!({
        "name": "Promise", "serviceId": service, "calendarId": calendar, "validFrom": "2020-01-01", "targets": targets,
    });
    create("ServiceLevelAgreement", agreement).await;
    let schema = json!({
        "type": "object",
        "required": ["seats"],
        "properties": {"seats": {"type": "integer", "minimum": 1}},
    });
    let offering = json!({"name": "Seats", "serviceId": service, "inputSchema": schema});
    let offering = create("ServiceOffering", offering).await;
    offering.as_str().unwrap_or_default().to_owned()
}

/// How long somebody waits who got no answer.
pub(crate) fn pause(random: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(random.u64(5..60))
}
