//! A client that lives with servers that go away, and sometimes does not wait for answers.

use std::time::Duration;

use kundig_tests::tokens;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

/// How long an answer may take before it is taken for lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection to whatever server there is.
#[derive(Debug)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    /// Not connected yet.
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder().pool_max_idle_per_host(1).build();
        Self(client.expect("a client can be made"))
    }

    /// A request to be sent to the server at this address.
    pub(crate) fn request(
        &self,
        address: &str,
        document: &str,
        variables: &Value,
    ) -> reqwest::RequestBuilder {
        self.0
            .post(format!("{address}/graphql"))
            .bearer_auth(tokens::everything())
            .json(&json!({"query": document, "variables": variables}))
    }

    /// The data of the answer; none where none came in time, or the server says that it can't answer now. Panics at any other
    /// error: the server is not to be blamed for being killed, but for that.
    pub(crate) async fn ask(
        &self,
        address: &str,
        document: &str,
        variables: &Value,
        patience: Option<Duration>,
    ) -> Option<Value> {
        let request = self.request(address, document, variables);
        let answering = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.json::<Value>().await?))
        };
        let answer = timeout(patience.unwrap_or(PATIENCE), answering).await;
        let (status, answer) = answer.ok()?.ok()?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        let code = &answer["errors"][0]["extensions"]["code"];
        if code == "UNAVAILABLE" || code == "TIMEOUT" {
            return None;
        }
        assert!(
            status == StatusCode::OK && answer["errors"].is_null(),
            "{document}\n{variables}\n{status} {answer:#}"
        );
        Some(answer["data"].clone())
    }
}
