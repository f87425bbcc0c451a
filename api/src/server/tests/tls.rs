//! HTTPS, from the socket to the answer.

use std::{fs, net::SocketAddr, time::Duration};

use axum::routing::get;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::slow::Slow;
use super::*;
use crate::{
    config::TlsFiles,
    server::{Shutdown, ShutdownTrigger, Tls, serve},
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// A certificate that trusts itself, and its key.
struct Pair {
    der: CertificateDer<'static>,
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        Self::made_with(|_| {})
    }

    fn made_with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A folder with the files of the settings.
struct Files {
    folder: TempDir,
}

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write(&pair.certificate, &pair.key);
        files
    }

    fn settings(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.folder.path().join("certificate.pem"),
            key: self.folder.path().join("key.pem"),
        }
    }

    fn write(&self, certificate: &str, key: &str) {
        let TlsFiles {
            certificate: certificate_path,
            key: key_path,
        } = self.settings();
        fs::write(certificate_path, certificate).unwrap();
        fs::write(key_path, key).unwrap();
    }

    fn load(&self) -> Result<Tls, String> {
        let metrics = Metrics::default();
        Tls::load(self.settings(), &metrics).map_err(|bad| bad.to_string())
    }
}

struct Https {
    files: Files,
    metrics: Metrics,
    address: SocketAddr,
    trigger: ShutdownTrigger,
    server: JoinHandle<()>,
    slow: Slow,
}

impl Https {
    async fn start(pair: &Pair) -> Self {
        let files = Files::of(pair);
        let metrics = Metrics::default();
        let tls = Tls::load(files.settings(), &metrics).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, shutdown) = Shutdown::manual();
        let slow = Slow::default();
        let router = slow.router().route("/", get(|| async { "hello" }));
        let server = tokio::spawn(serve(
            router,
            listener,
            TrustedProxies::default(),
            Some(tls),
            shutdown,
        ));
        Self {
            files,
            metrics,
            address,
            trigger,
            server,
            slow,
        }
    }

    async fn connect(
        &self,
        trusted: &Pair,
        client: Client,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.connect_with(client.trusting(trusted)).await
    }

    async fn connect_with(
        &self,
        config: Arc<ClientConfig>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(config).connect(name, stream).await
    }

    async fn is_shown(&self, pair: &Pair) -> bool {
        self.connect(pair, Client::default()).await.is_ok()
    }

    /// Waits until handshakes show this certificate.
    async fn shows(&self, pair: &Pair) {
        let shown = async {
            while !self.is_shown(pair).await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(LONG, shown).await.unwrap();
    }

    fn failures(&self) -> u64 {
        let text = self.metrics.render();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("kundig_tls_handshake_failures_total "));
        line.unwrap().parse().unwrap()
    }
}

/// What a client offers.
struct Client {
    version: &'static SupportedProtocolVersion,
    speaks: Vec<&'static str>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            version: &TLS13,
            speaks: vec!["http/1.1"],
        }
    }
}

impl Client {
    /// A client that trusts one certificate only.
    fn trusting(self, pair: &Pair) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(pair.der.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = self
            .speaks
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }
}

async fn send(stream: &mut TlsStream<TcpStream>, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut TlsStream<TcpStream>) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    send(stream, "/").await;
    receive(stream).await
}

#[tokio::test]
async fn requests_are_answered_by_both_versions_of_tls() {
    let pair = Pair::new();
    let server = Https::start(&pair).await;
    for (version, expected) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let client = Client {
            version,
            ..Client::default()
        };
        let mut stream = server.connect(&pair, client).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        let answer = ask(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
            "{answer}"
        );
    }
    assert_eq!(server.failures(), 0);
}

#[tokio::test]
async fn clients_choose_between_http_2_and_1() {
    let pair = Pair::new();
    let server = Https::start(&pair).await;
    for (speaks, expected) in [
        (vec!["h2", "http/1.1"], "h2"),
        (vec!["http/1.1"], "http/1.1"),
    ] {
        let client = Client {
            speaks,
            ..Client::default()
        };
        let stream = server.connect(&pair, client).await.unwrap();
        assert_eq!(
            stream.get_ref().1.alpn_protocol(),
            Some(expected.as_bytes())
        );
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_counted_and_disturbs_nobody() {
    let pair = Pair::new();
    let server = Https::start(&pair).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The server's alert, or nothing; in any case the end. A reset is an end as well.
    let _: Result<_, _> = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(server.failures(), 1);
    assert!(server.is_shown(&pair).await);
}

#[tokio::test]
async fn a_client_that_stalls_is_dropped_and_keeps_nobody_waiting() {
    let pair = Pair::new();
    let server = Https::start(&pair).await;
    let mut stalled = TcpStream::connect(server.address).await.unwrap();
    // The beginning of a record that never ends.
    stalled.write_all(&[0x16, 0x03, 0x01, 0x02]).await.unwrap();
    assert!(server.is_shown(&pair).await, "others are served meanwhile");
    let mut nothing = Vec::new();
    let end = timeout(LONG, stalled.read_to_end(&mut nothing)).await;
    assert!(end.is_ok(), "it is still connected");
    assert_eq!(server.failures(), 1);
}

#[tokio::test]
async fn a_handshake_does_not_keep_a_server_that_stops() {
    let pair = Pair::new();
    let server = Https::start(&pair).await;
    let _stalled = TcpStream::connect(server.address).await.unwrap();
    let _idle = server.connect(&pair, Client::default()).await.unwrap();
    server.trigger.begin();
    timeout(LONG, server.server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_new_pair_is_taken_up_and_open_connections_stay() {
    let (old, new) = (Pair::new(), Pair::new());
    let server = Https::start(&old).await;
    let mut open = server.connect(&old, Client::default()).await.unwrap();
    // Where nothing is asked for, the server closes connections soon.
    send(&mut open, "/slow").await;
    server.slow.waiting.notified().await;
    server.files.write(&new.certificate, &new.key);
    server.shows(&new).await;
    assert!(!server.is_shown(&old).await);
    server.slow.release.notify_one();
    assert!(receive(&mut open).await.ends_with("done"));
}

#[tokio::test]
async fn nobody_resumes_what_began_with_an_old_certificate() {
    let (old, new) = (Pair::new(), Pair::new());
    let server = Https::start(&old).await;
    let client = Client::default().trusting(&old);
    let begin = async || {
        let mut stream = server.connect_with(Arc::clone(&client)).await?;
        // What a session can be resumed by comes with the first answer.
        ask(&mut stream).await;
        std::io::Result::Ok(stream.get_ref().1.handshake_kind())
    };
    assert_eq!(begin().await.unwrap(), Some(HandshakeKind::Full));
    assert_eq!(begin().await.unwrap(), Some(HandshakeKind::Resumed));
    server.files.write(&new.certificate, &new.key);
    server.shows(&new).await;
    assert!(begin().await.is_err());
}

#[tokio::test]
async fn a_broken_new_pair_leaves_the_old_one() {
    let (old, new) = (Pair::new(), Pair::new());
    let server = Https::start(&old).await;
    let broken = [
        (new.certificate.as_str(), old.key.as_str()),
        ("", ""),
        ("no certificate", &old.key),
    ];
    for (certificate, key) in broken {
        server.files.write(certificate, key);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(server.is_shown(&old).await, "{certificate}");
    }
    fs::remove_file(server.files.settings().key).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.is_shown(&old).await);
    server.files.write(&new.certificate, &new.key);
    server.shows(&new).await;
}

#[test]
fn what_is_wrong_with_a_pair_is_told_and_nothing_of_the_key() {
    let pair = Pair::new();
    let other = Pair::new();
    let encrypted = pair.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let damaged = pair.certificate.replacen("MII", "MIX", 1);
    for (certificate, key, expected) in [
        ("", &*pair.key, "certificate.pem has no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nx",
            &pair.key,
            "certificate.pem has no certificate",
        ),
        (&pair.key, &pair.key, "certificate.pem has no certificate"),
        (&pair.certificate, "", "key.pem has no private key"),
        (
            &pair.certificate,
            &pair.certificate,
            "key.pem has no private key",
        ),
        (&pair.certificate, &encrypted, "not encrypted"),
        (
            &pair.certificate,
            &other.key,
            "is not that of the first certificate",
        ),
        (&damaged, &pair.key, "cannot be used"),
    ] {
        let files = Files::of(&pair);
        files.write(certificate, key);
        let problem = files.load().err().unwrap();
        assert!(problem.contains(expected), "{problem}");
        let secret = key.lines().nth(1).unwrap_or("nothing");
        assert!(!problem.contains(secret), "{problem}");
    }
    let files = Files::of(&pair);
    fs::remove_file(files.settings().key).unwrap();
    let problem = files.load().err().unwrap();
    assert!(problem.contains("key.pem cannot be read"), "{problem}");
}

#[test]
fn one_file_may_hold_both_and_a_certificate_may_have_expired() {
    let pair = Pair::made_with(|parameters| {
        parameters.not_before = date_time_ymd(2001, 1, 1);
        parameters.not_after = date_time_ymd(2002, 1, 1);
    });
    let both = format!("{}{}", pair.key, pair.certificate);
    let files = Files::of(&pair);
    files.write(&both, &both);
    files.load().unwrap();
}
