//! The real server as a child process.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::binary::kundig;
use crate::client::Query;
use crate::database::Database;
use crate::metrics::Metrics;
use crate::process::Process;
use crate::tokens;

/// How long a server may take to listen and be ready, and to stop when asked to.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct Settings {
    database: String,
    listen: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    http: reqwest::Client,
    token: Option<String>,
}

/// A running `kundig serve`; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    process: Process,
    address: String,
    logs: Logs,
}

impl Settings {
    /// `kundig serve` on this database and a free port. Its clients may ask for as much as they like: tests look at whole
    /// catalogs, and all at once.
    pub fn new(database: &Database) -> Self {
        let generous = [
            ("KUNDIG_SUBJECT_RATE", "0"),
            ("KUNDIG_ADDRESS_RATE", "0"),
            ("KUNDIG_MAX_COST", "1000000"),
        ];
        Self {
            database: database.url().to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            environment: generous
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            http: http_client(),
            token: None,
        }
    }

    /// Has it listen somewhere else.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// Talks to it by another HTTP client, one that trusts a certificate of the tests' own for example.
    #[must_use]
    pub fn http(mut self, client: reqwest::Client) -> Self {
        self.http = client;
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds an environment variable; of several values the last one counts.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Lets queries carry this token where they name no other, instead of the local one that allows everything.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Starts it and waits until it is ready. Panics with the server's logs if that does not happen.
    pub async fn start(&self) -> Server {
        let server = self.start_unready().await;
        server.wait_until_ready().await;
        server
    }

    /// Starts it and waits only until it listens.
    pub async fn start_unready(&self) -> Server {
        let mut process = Process::spawn(&mut self.command());
        let (logs, mut addresses) = Logs::follow(process.child());
        let mut server = Server {
            settings: self.clone(),
            process,
            address: String::new(),
            logs,
        };
        let Ok(address) = timeout(PATIENCE, addresses.recv()).await else {
            panic!(
                "kundig does not listen after {PATIENCE:?}\n{}",
                server.logs.text()
            );
        };
        server.address = address
            .unwrap_or_else(|| panic!("kundig ended before it listened\n{}", server.logs.text()));
        server
    }

    fn command(&self) -> Command {
        let mut command = kundig();
        command
            .args(["serve", "--listen", &self.listen, "--log-format", "json"])
            .args(["--database", &self.database])
            .arg("--data-dir")
            .arg(tokens::data_dir())
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

fn http_client() -> reqwest::Client {
    kundig::shared::tls::choose_provider();
    reqwest::Client::new()
}

impl Server {
    /// Starts a server on this database and waits until it is ready.
    pub async fn start(database: &Database) -> Self {
        Settings::new(database).start().await
    }

    /// `http://127.0.0.1:<port>`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path, e.g. `/healthz`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// An HTTP client, for what is not a plain query.
    pub fn http(&self) -> &reqwest::Client {
        &self.settings.http
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// A GraphQL document to be sent.
    pub fn query(&self, document: impl Into<String>) -> Query {
        let query = Query::new(self.http(), self.url("/graphql"), document.into());
        match &self.settings.token {
            Some(token) => query.token(token),
            None => query,
        }
    }

    /// `GET` a path.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        let url = self.url(path);
        self.http()
            .get(&url)
            .send()
            .await
            .unwrap_or_else(|error| panic!("GET {url}: {error}"))
    }

    /// What `/metrics` says now.
    pub async fn metrics(&self) -> Metrics {
        let text = self.get("/metrics").await.text().await;
        Metrics::parse(&text.expect("metrics are text"))
    }

    /// Everything it has logged so far.
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    /// Waits until `/readyz` says yes.
    pub async fn wait_until_ready(&self) {
        let start = Instant::now();
        loop {
            let answer = self.http().get(self.url("/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "kundig is not ready after {PATIENCE:?}\n{}",
                self.logs.text()
            );
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        self.process.terminate();
        self.wait().await
    }

    /// Waits until it ends.
    pub async fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.process.ended() {
                return status;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("kundig still runs after {PATIENCE:?}\n{}", self.logs.text());
    }

    /// Ends it without warning (SIGKILL), as a failing machine does; what it was started with can start it again.
    pub fn kill(mut self) -> Settings {
        self.process.kill();
        self.settings.clone()
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "shown with the test that fails")]
    fn drop(&mut self) {
        if thread::panicking() && !self.address.is_empty() {
            eprintln!("kundig at {} logged\n{}", self.address, self.logs.text());
        }
    }
}

/// What a server writes, kept for who wants to know why.
#[derive(Clone, Debug, Default)]
struct Logs(Arc<Mutex<Vec<String>>>);

impl Logs {
    /// Reads both outputs to their ends in the background; the receiver gets the address that the server listens on.
    fn follow(child: &mut Child) -> (Self, mpsc::UnboundedReceiver<String>) {
        let logs = Self::default();
        let (sender, addresses) = mpsc::unbounded_channel();
        let output: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        for pipe in output.into_iter().flatten() {
            let (logs, sender) = (logs.clone(), sender.clone());
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if let Some(address) = listening(&line) {
                        // Nobody waits any more: the test has ended.
                        drop(sender.send(address));
                    }
                    logs.push(line);
                }
            });
        }
        (logs, addresses)
    }

    fn push(&self, line: String) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The last of it.
    fn text(&self) -> String {
        let lines = self.lines();
        let left_out = lines.len().saturating_sub(50);
        let mut text = String::new();
        if left_out > 0 {
            _ = writeln!(text, "  … {left_out} lines before …");
        }
        for line in &lines[left_out..] {
            _ = writeln!(text, "  {line}");
        }
        text
    }
}

/// The address in the log line that says that the server listens.
fn listening(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    (fields["message"] == "listening").then_some(())?;
    fields["address"].as_str().map(str::to_owned)
}
