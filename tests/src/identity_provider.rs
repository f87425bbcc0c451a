//! A real identity provider, which speaks OIDC, as a child process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

use kundig::auth::Scope;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::process::Process;
use crate::sandbox::Sandbox;
use crate::script;

/// How long it may take to listen, and to follow a command.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `oidc-provider` on loopback with one client, `portal`; it ends when dropped.
#[derive(Debug)]
pub struct IdentityProvider {
    issuer: String,
    port: u16,
    /// The file that its keys lie in, for its next start.
    keys: PathBuf,
    process: Process,
    line: Mutex<Line>,
    http: reqwest::Client,
}

/// What it is told and what it answers.
#[derive(Debug)]
struct Line {
    commands: ChildStdin,
    answers: mpsc::UnboundedReceiver<Status>,
}

#[derive(Debug, Deserialize)]
struct Status {
    issuer: String,
    port: u16,
    asked: u64,
}

impl IdentityProvider {
    /// Starts one with a key of its own and waits until it listens.
    pub async fn start() -> Self {
        let keys = Sandbox::get()
            .new_directory("identity_provider")
            .join("keys.json");
        Self::start_at(0, keys).await
    }

    async fn start_at(port: u16, keys: PathBuf) -> Self {
        let mut command = script::command("oidc_provider.mjs");
        command
            .arg(&keys)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let mut line = Line::to(&mut process);
        let status = line.answer().await;
        kundig::shared::tls::choose_provider();
        Self {
            issuer: status.issuer,
            port: status.port,
            keys,
            process,
            line: Mutex::new(line),
            http: reqwest::Client::new(),
        }
    }

    /// Its name, which is its address too.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A token for Kundig with these scopes, got by the client's own credentials.
    pub async fn token(&self, scopes: &[Scope]) -> String {
        self.token_for(Some("urn:kundig"), scopes).await
    }

    /// A token for the API that has this name at the provider (`urn:kundig` and `urn:warehouse` have), or for none.
    pub async fn token_for(&self, resource: Option<&str>, scopes: &[Scope]) -> String {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let mut form = format!("grant_type=client_credentials&scope={}", scopes.join("+"));
        if let Some(resource) = resource {
            form += "&resource=";
            form += resource;
        }
        let response = self
            .http
            .post(format!("{}/token", self.issuer))
            .basic_auth("portal", Some("portal-secret"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap_or_else(|error| panic!("the provider cannot be asked for a token: {error}"));
        let answer: Value = response.json().await.expect("it answers JSON");
        let Some(token) = answer["access_token"].as_str() else {
            panic!("the provider gives no token: {answer}");
        };
        token.to_owned()
    }

    /// From now on it signs with a new key; the ones before stay published.
    pub async fn rotate(&self) {
        self.tell("rotate").await;
    }

    /// From now on only the key that it signs with is published.
    pub async fn retire(&self) {
        self.tell("retire").await;
    }

    /// How often its description or its keys were asked for since it started.
    pub async fn asked(&self) -> u64 {
        self.tell("status").await.asked
    }

    async fn tell(&self, command: &str) -> Status {
        let mut line = self.line.lock().await;
        writeln!(line.commands, "{command}").expect("the provider lives");
        line.answer().await
    }

    /// Lets it accept connections and never answer, until it is killed.
    pub fn hang(&self) {
        self.process.signal("STOP");
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after it was killed, at the same address and with the same keys.
    pub async fn start_again(&mut self) {
        *self = Self::start_at(self.port, self.keys.clone()).await;
    }
}

impl Line {
    fn to(process: &mut Process) -> Self {
        let child = process.child();
        let commands = child.stdin.take().expect("its input is a pipe");
        let output = child.stdout.take().expect("its output is a pipe");
        let (sender, answers) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let status = serde_json::from_str(&line)
                    .unwrap_or_else(|error| panic!("the provider says {line:?}: {error}"));
                // Nobody waits any more: the test has ended.
                drop(sender.send(status));
            }
        });
        Self { commands, answers }
    }

    async fn answer(&mut self) -> Status {
        timeout(PATIENCE, self.answers.recv())
            .await
            .unwrap_or_else(|_| panic!("the provider says nothing for {PATIENCE:?}"))
            .expect("the provider lives; what it died of stands above")
    }
}
