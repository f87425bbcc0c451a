//! Somebody who submits, moves what was submitted, and does everything again where in doubt, and also where not.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::world::{World, pause};

const SUBMIT: &str = "mutation ($input: SubmitServiceRequestInput!) {
  submitServiceRequest(input: $input) { replayed serviceRequest { id number } userErrors { code message } } }";
const SUBMIT_MANY: &str = "mutation ($input: SubmitServiceRequestsInput!) {
  submitServiceRequests(input: $input) { results { replayed serviceRequest { id number } userErrors { code message } } } }";
const START: &str = "mutation ($input: RequestStepInput!) {
  startServiceRequest(input: $input) { serviceRequest { status } userErrors { code message } } }";
const FULFIL: &str = "mutation ($input: RequestStepInput!) {
  fulfilServiceRequest(input: $input) { serviceRequest { status } userErrors { code message } } }";

struct Worker {
    world: Arc<World>,
    client: Client,
    random: Rng,
}

/// Submits until nothing is left to submit.
pub(crate) async fn work(world: Arc<World>, number: u64) {
    let random = Rng::with_seed(world.seed.wrapping_mul(1_000) + number);
    let mut worker = Worker {
        world,
        client: Client::new(),
        random,
    };
    loop {
        let at_most = if worker.chance(20) {
            worker.random.usize(2..20)
        } else {
            1
        };
        let numbers = worker.world.take(at_most);
        if numbers.is_empty() {
            return;
        }
        worker.submit(numbers.clone()).await;
        for number in numbers {
            worker.move_on(number).await;
        }
        worker.disturb().await;
    }
}

impl Worker {
    fn chance(&mut self, percent: u8) -> bool {
        self.random.u8(0..100) < percent
    }

    /// Sends a document until an answer comes; with how many attempts it took. Sometimes the answer is not waited for.
    async fn ask(&mut self, document: &str, input: Value) -> (Value, usize) {
        let variables = json!({ "input": input });
        for attempt in 1.. {
            let address = self.world.address().await;
            let patience = self
                .chance(10)
                .then(|| Duration::from_micros(self.random.u64(0..100_000)));
            let answer = self
                .client
                .ask(&address, document, &variables, patience)
                .await;
            if let Some(answer) = answer {
                return (answer, attempt);
            }
            self.world.ledger().tally.unanswered += 1;
            sleep(pause(&mut self.random)).await;
        }
        unreachable!("it is asked until there is an answer")
    }

    /// Submits these, one by itself or several at once.
    async fn submit(&mut self, numbers: Range<usize>) {
        let mut inputs: Vec<Value> = numbers
            .clone()
            .map(|number| self.world.input(number))
            .collect();
        let (results, attempts) = if inputs.len() == 1 {
            let (answer, attempts) = self.ask(SUBMIT, inputs.swap_remove(0)).await;
            (vec![answer["submitServiceRequest"].clone()], attempts)
        } else {
            let (answer, attempts) = self.ask(SUBMIT_MANY, json!({ "requests": inputs })).await;
            let results = answer["submitServiceRequests"]["results"].as_array();
            (results.cloned().unwrap_or_default(), attempts)
        };
        assert_eq!(results.len(), numbers.len());
        for (number, result) in numbers.zip(&results) {
            let replayed = result["replayed"] == true;
            assert!(
                !(replayed && attempts == 1),
                "{number} was never submitted before: {result}"
            );
            self.world.ledger().tally.found_done += usize::from(replayed);
            self.acknowledge(number, result);
        }
    }

    fn acknowledge(&self, number: usize, result: &Value) {
        assert_eq!(
            result["userErrors"],
            json!([]),
            "submission {number}: {result}"
        );
        self.world.acknowledge(number, &result["serviceRequest"]);
    }

    /// Starts work on some, and fulfils some of these.
    async fn move_on(&mut self, number: usize) {
        for (document, percent) in [(START, 10), (FULFIL, 50)] {
            if !self.chance(percent) {
                return;
            }
            let id = self.world.ledger().entries[number]
                .request
                .as_ref()
                .map(|request| request.id.clone());
            let (answer, attempts) = self.ask(document, json!({ "id": id })).await;
            let payload = answer
                .as_object()
                .and_then(|data| data.values().next())
                .cloned()
                .unwrap_or_default();
            // Nobody else moves it: where it can't be done any more it was done, and the answer was lost.
            let is_done = payload["userErrors"][0]["code"] == "ILLEGAL_TRANSITION" && attempts > 1;
            assert!(is_done || payload["userErrors"] == json!([]), "{payload}");
            let mut ledger = self.world.ledger();
            ledger.entries[number].steps += 1;
            ledger.tally.steps += 1;
        }
    }

    /// Submits again what was acknowledged, to anybody; and something else under its key.
    async fn disturb(&mut self) {
        if self.chance(8) {
            let number = self.any_acknowledged();
            let (answer, _) = self.ask(SUBMIT, self.world.input(number)).await;
            let result = &answer["submitServiceRequest"];
            assert_eq!(result["replayed"], true, "submission {number}: {result}");
            self.acknowledge(number, result);
            self.world.ledger().tally.replayed += 1;
        }
        if self.chance(4) {
            let number = self.any_acknowledged();
            let mut other = self.world.input(number);
            other["inputs"]["seats"] = json!(1_000_000);
            let (answer, _) = self.ask(SUBMIT, other).await;
            let code = &answer["submitServiceRequest"]["userErrors"][0]["code"];
            assert_eq!(
                code, "IDEMPOTENCY_CONFLICT",
                "submission {number}: {answer}"
            );
            self.world.ledger().tally.conflicts += 1;
        }
    }

    fn any_acknowledged(&mut self) -> usize {
        let ledger = self.world.ledger();
        let acknowledged = ledger.acknowledged();
        acknowledged[self.random.usize(0..acknowledged.len())]
    }
}
