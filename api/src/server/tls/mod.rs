//! HTTPS: handshakes, and certificates that are replaced while the server runs.

mod pair;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use rustls::{
    ServerConfig,
    crypto::ring,
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub use self::pair::BadPair;
use self::pair::{Contents, Validity};
use super::metrics::Metrics;
use crate::config::TlsFiles;

/// How long a client may take for the handshake. Tests have little patience.
const HANDSHAKE_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_secs(1)
} else {
    Duration::from_secs(10)
};
/// How often the files are looked at.
const LOOK_INTERVAL: Duration = if cfg!(test) {
    Duration::from_millis(20)
} else {
    Duration::from_secs(2)
};

/// HTTPS with the certificate and key that lie in two files, whatever lies there at the time.
#[derive(Clone)]
pub struct Tls {
    /// For handshakes from now on.
    config: Arc<ArcSwap<ServerConfig>>,
    files: TlsFiles,
    /// What the files held at start.
    contents: Arc<Contents>,
    failures: Counter,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// They hold no certificate and key that belong together. An expired certificate is only warned of: clients refuse
    /// it, and the next one may already be on its way.
    pub fn load(files: TlsFiles, metrics: &Metrics) -> Result<Self, BadPair> {
        let contents = Contents::read(&files)?;
        let config = config(contents.pair(&files)?, &files)?;
        let failures = Counter::default();
        metrics.register(|registry| {
            registry.register(
                "tls_handshake_failures",
                "TLS handshakes that failed",
                failures.clone(),
            );
        });
        Ok(Self {
            config: Arc::new(ArcSwap::from_pointee(config)),
            files,
            contents: Arc::new(contents),
            failures,
        })
    }

    /// Shakes hands; `None` where that fails, which is the client's affair.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.config.load_full());
        let error = match timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the client took too long".to_owned(),
        };
        self.failures.inc();
        tracing::debug!(error, "a TLS handshake failed");
        None
    }

    /// Takes new certificates and keys up as they come, or when the process gets SIGHUP. It never ends.
    pub(super) async fn follow_files(self) {
        let mut hangups = Hangups::new();
        let mut contents = Arc::clone(&self.contents);
        let mut problem = None;
        loop {
            let is_asked = tokio::select! {
                () = tokio::time::sleep(LOOK_INTERVAL) => false,
                () = hangups.next() => true,
            };
            let found = match self.look(&contents).await {
                Ok(found) => {
                    contents = found.map_or(contents, Arc::new);
                    None
                }
                Err(bad) => Some(bad.to_string()),
            };
            // Told once, not at every look.
            if let Some(error) = &found
                && (is_asked || problem != found)
            {
                tracing::error!(
                    error,
                    "the new TLS certificate cannot be used, the old one stays"
                );
            }
            problem = found;
        }
    }

    /// Shows what the files hold now, if it is something new.
    async fn look(&self, last: &Contents) -> Result<Option<Contents>, BadPair> {
        let files = self.files.clone();
        let read = tokio::task::spawn_blocking(move || Contents::read(&files));
        // Only a process that stops does not get to reading them.
        let Ok(contents) = read.await else {
            return Ok(None);
        };
        let contents = contents?;
        if contents == *last {
            return Ok(None);
        }
        let config = config(contents.pair(&self.files)?, &self.files)?;
        self.config.store(Arc::new(config));
        Ok(Some(contents))
    }
}

/// SIGHUP, by which an operator says that the files are new.
#[cfg(unix)]
struct Hangups(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangups {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::hangup()).ok())
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

/// Says until when a certificate is valid.
fn tell(pair: &CertifiedKey) {
    let Some(Validity { from, until }) = Validity::of(pair) else {
        tracing::info!("the TLS certificate is loaded");
        return;
    };
    let now = Timestamp::now();
    if now > until {
        tracing::warn!(%until, "the TLS certificate has expired: clients will refuse it");
    } else if now < from {
        tracing::warn!(%from, "the TLS certificate is not valid yet: clients will refuse it");
    } else {
        tracing::info!(%until, "the TLS certificate is loaded");
    }
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1. Each certificate has a configuration of its own and thereby sessions of its own, so
/// that nobody resumes one that began with another.
fn config(pair: CertifiedKey, files: &TlsFiles) -> Result<ServerConfig, BadPair> {
    tell(&pair);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| BadPair::Unusable {
            files: files.clone(),
            cause,
        })?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
