//! How long a change takes.

use std::time::{Duration, Instant};

use kundig_tests::Server;
use serde_json::{Value, json};

/// The delays of one update, from the moment at which it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delays {
    /// Until its own server has answered, which it does once its snapshot contains the change.
    pub(crate) answered: Duration,
    /// Until another server shows it, asked without pause.
    pub(crate) elsewhere: Duration,
}

/// Renames a service so many times on one server and watches another.
pub(crate) async fn measure(writer: &Server, reader: &Server, times: usize) -> Vec<Delays> {
    let id = first_service(writer).await;
    let mut delays = Vec::with_capacity(times);
    for number in 0..times {
        let name = format!("Renamed {number}");
        let start = Instant::now();
        let answered = async {
            rename(writer, &id, &name).await;
            start.elapsed()
        };
        let elsewhere = async {
            while name_of(reader, &id).await != *name {}
            start.elapsed()
        };
        let (answered, elsewhere) = tokio::join!(answered, elsewhere);
        delays.push(Delays {
            answered,
            elsewhere,
        });
    }
    delays
}

async fn first_service(server: &Server) -> Value {
    let answer = server
        .query("{ services(first: 1) { nodes { id } } }")
        .send()
        .await;
    answer.expect_data()["services"]["nodes"][0]["id"].clone()
}

async fn rename(server: &Server, id: &Value, name: &str) {
    server
        .query("mutation ($input: UpdateServiceInput!) { updateService(input: $input) { userErrors { message } } }")
        .variables(json!({"input": {"id": id, "name": name}}))
        .send()
        .await
        .expect_payload();
}

async fn name_of(server: &Server, id: &Value) -> Value {
    let answer = server
        .query("query ($id: ID!) { node(id: $id) { ... on Service { name } } }")
        .variables(json!({ "id": id }))
        .send()
        .await;
    answer.expect_data()["node"]["name"].clone()
}
