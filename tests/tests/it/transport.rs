//! What stands between the network and the API: HTTPS, where the server listens, who a client is, what browsers may do.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use kundig_tests::{Database, Server, Settings, block_on, kundig};
use rcgen::{CertificateParams, KeyPair};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Version};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// A certificate for 127.0.0.1 that trusts itself, and its key, both PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let names = vec!["127.0.0.1".to_owned()];
        let parameters = CertificateParams::new(names).expect("an address is a name");
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = parameters.self_signed(&key).expect("it can sign");
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// A client that trusts this certificate and no other.
    fn client(&self) -> Client {
        kundig::shared::tls::choose_provider();
        let certificate = Certificate::from_pem(self.certificate.as_bytes()).expect("it is PEM");
        Client::builder()
            .tls_certs_only([certificate])
            .build()
            .expect("a client can be made")
    }
}

/// Where a server's certificate and key lie.
struct Files(TempDir);

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self(TempDir::new().expect("a directory can be made"));
        files.write(pair);
        files
    }

    fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn write(&self, pair: &Pair) {
        fs::write(self.certificate(), &pair.certificate).expect("it can be written");
        fs::write(self.key(), &pair.key).expect("it can be written");
    }

    async fn serve(&self, pair: &Pair, database: &Database) -> Server {
        Settings::new(database)
            .env(
                "KUNDIG_TLS_CERTIFICATE",
                self.certificate().to_string_lossy(),
            )
            .env("KUNDIG_TLS_KEY", self.key().to_string_lossy())
            .http(pair.client())
            .start()
            .await
    }
}

/// Waits for what comes true in a moment.
async fn eventually(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_true().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), wait)
        .await
        .unwrap_or_else(|_| panic!("it does not come true that {what}"));
}

/// How often the server has logged this message.
fn logged(server: &Server, message: &str) -> usize {
    let says = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        line["message"] == message
    };
    server.logs().iter().filter(|line| says(line)).count()
}

#[test]
fn the_api_is_served_by_https_and_http_2() {
    block_on(async {
        let (pair, database) = (Pair::new(), Database::sqlite());
        let files = Files::of(&pair);
        let server = files.serve(&pair, &database).await;
        assert!(server.address().starts_with("https://"));
        let answer = server.query("{ __typename }").send().await;
        assert_eq!(answer.expect_data(), &json!({"__typename": "Query"}));
        let page = server.get("/").await;
        assert_eq!(page.version(), Version::HTTP_2);
        assert_eq!(
            page.headers()["strict-transport-security"],
            "max-age=31536000"
        );
        assert_eq!(server.stop().await.code(), Some(0));
    });
}

#[test]
fn a_certificate_is_replaced_without_a_restart() {
    block_on(async {
        let (old, new, database) = (Pair::new(), Pair::new(), Database::sqlite());
        let files = Files::of(&old);
        let server = files.serve(&old, &database).await;
        let is_shown = async |pair: &Pair| {
            // A client's open connections would show nothing of another certificate.
            let answer = pair.client().get(server.url("/healthz")).send().await;
            answer.is_ok_and(|answer| answer.status() == 200)
        };
        assert!(is_shown(&old).await);
        assert!(!is_shown(&new).await);

        let broken = "the new TLS certificate cannot be used, the old one stays";
        fs::write(files.key(), "no key").expect("it can be written");
        eventually("the broken key is logged", async || {
            logged(&server, broken) == 1
        })
        .await;
        assert!(is_shown(&old).await);
        // Who asks for it is told again.
        server.process().signal("HUP");
        eventually("it is logged once more", async || {
            logged(&server, broken) == 2
        })
        .await;
        assert!(is_shown(&old).await);

        files.write(&new);
        eventually("the new certificate is shown", async || {
            is_shown(&new).await
        })
        .await;
        assert!(!is_shown(&old).await);
        // Clients that did not trust it gave up in the middle of their handshakes.
        let metrics = new.client().get(server.url("/metrics")).send().await;
        let metrics = metrics.expect("it answers").text().await.expect("text");
        let failures = metrics
            .lines()
            .find_map(|line| line.strip_prefix("kundig_tls_handshake_failures_total "));
        assert_ne!(failures.expect("they are counted"), "0");
    });
}

#[test]
fn a_start_that_would_not_be_safe_is_refused() {
    let (pair, other) = (Pair::new(), Pair::new());
    let files = Files::of(&Pair {
        certificate: pair.certificate,
        key: other.key,
    });
    let (certificate, key) = (files.certificate(), files.key());
    let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
    for (arguments, code, expected) in [
        (
            &["--listen", "0.0.0.0:0"][..],
            2,
            "no issuer of access tokens",
        ),
        (
            &["--listen", "[::]:0", "--anonymous-read"],
            2,
            "no issuer of access tokens",
        ),
        (&["--tls-certificate", &certificate], 2, "needs its tls_key"),
        (
            &["--tls-certificate", "missing.pem", "--tls-key", &key],
            1,
            "missing.pem cannot be read",
        ),
        (
            &["--tls-certificate", &certificate, "--tls-key", &key],
            1,
            "is not that of the first certificate",
        ),
        (&["--cors-origins", "portal.example"], 2, "no origin"),
        (&["--trusted-proxies", "10.0.0.0/33"], 2, "no network"),
        (
            &["--forwarded-header", "via"],
            2,
            "x-forwarded-for or forwarded",
        ),
    ] {
        let output = kundig()
            .args(["serve", "--database", "sqlite://refused.db"])
            .args(arguments)
            .output()
            .expect("kundig can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        assert!(said.contains(expected), "{arguments:?}\n{said}");
    }
}

#[test]
fn with_an_issuer_other_machines_are_let_in() {
    block_on(async {
        let directory = TempDir::new().expect("a directory can be made");
        let config = directory.path().join("kundig.toml");
        fs::write(
            directory.path().join("secret"),
            "0123456789abcdef".repeat(4),
        )
        .expect("it can be written");
        let issuer =
            "[[issuers]]\nissuer = \"test\"\naudience = \"kundig\"\nsecret_file = \"secret\"\n";
        fs::write(&config, issuer).expect("it can be written");
        let server = Settings::new(&Database::sqlite())
            .listen("0.0.0.0:0")
            .arg("--config")
            .arg(config.to_string_lossy())
            .start()
            .await;
        let warned = server
            .logs()
            .iter()
            .any(|line| line.contains("tokens travel in clear"));
        assert!(warned, "{:?}", server.logs());
    });
}

#[test]
fn the_log_names_the_client_behind_a_trusted_proxy_only() {
    block_on(async {
        for (trusted, expected) in [(None, "127.0.0.1"), (Some("127.0.0.0/8"), "192.0.2.7")] {
            let database = Database::sqlite();
            let mut settings = Settings::new(&database);
            if let Some(trusted) = trusted {
                settings = settings.env("KUNDIG_TRUSTED_PROXIES", trusted);
            }
            let server = settings.start().await;
            let query = server.query("{ __typename }");
            query
                .header("X-Forwarded-For", "6.6.6.6, 192.0.2.7")
                .send()
                .await;
            eventually("the request is logged", async || {
                logged(&server, "request") == 1
            })
            .await;
            let client = server.logs().iter().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["message"] == "request").then(|| line["client"].clone())
            });
            assert_eq!(client, Some(json!(expected)));
        }
    });
}

#[test]
fn only_pages_of_allowed_origins_may_use_the_api() {
    block_on(async {
        let database = Database::sqlite();
        let server = Settings::new(&database)
            .env("KUNDIG_CORS_ORIGINS", "https://portal.example")
            .start()
            .await;
        let ask = async |origin: &str| -> (u16, HeaderMap) {
            let answer = server
                .http()
                .get(server.url("/graphql?query=%7B__typename%7D"))
                .header("Origin", origin)
                .header("Sec-Fetch-Site", "cross-site")
                .send()
                .await
                .expect("it answers");
            (answer.status().as_u16(), answer.headers().clone())
        };
        let (status, headers) = ask("https://portal.example").await;
        assert_ne!(status, 403);
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://portal.example"
        );
        let (status, headers) = ask("https://evil.example").await;
        assert_eq!(status, 403);
        assert!(!headers.contains_key("access-control-allow-origin"));
    });
}
