//! JSON from an identity provider: small, soon, and from nowhere else.

use std::{error::Error, time::Duration};

use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL},
    redirect::{Attempt, Policy},
};
use url::{Host, Url};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest document that is read, bytes: a JWK Set has some kilobytes.
const MAX_LENGTH: usize = 256 * 1024;
/// How often one request is sent on.
const MAX_REDIRECTS: usize = 3;

/// An HTTP client for identity providers.
#[derive(Clone, Debug)]
pub(super) struct Fetcher(Client);

/// A document, and how long it may be kept where the provider says so.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) body: Vec<u8>,
    pub(super) max_age: Option<Duration>,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    Http(String),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer has more than {} KiB", MAX_LENGTH / 1024)]
    TooLarge,
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        // Why a connection failed is said by the last of the causes only.
        let error = error.without_url();
        let causes = std::iter::successors(error.source(), |error| (*error).source());
        let texts = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
        Self::Http(texts.collect::<Vec<_>>().join(": "))
    }
}

impl Fetcher {
    /// A client for this address.
    ///
    /// # Errors
    /// The system has no certificates to tell a server by, which https needs.
    pub(super) fn new(address: &Url) -> Result<Self, FetchError> {
        let client = Client::builder()
            .user_agent(concat!("kundig/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(Policy::custom(|attempt| {
                if is_nearby(&attempt) {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }));
        let client = match address.scheme() {
            // Nothing secret is on the system's list; a machine without one may still have its provider on loopback.
            "http" => client.tls_certs_only([]),
            _ => client,
        };
        Ok(Self(client.build()?))
    }

    /// Reads a document.
    pub(super) async fn get(&self, address: &Url) -> Result<Document, FetchError> {
        let mut response = self
            .0
            .get(address.clone())
            .header(ACCEPT, "application/json")
            .send()
            .await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let max_age = max_age(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_LENGTH {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Document { body, max_age })
    }
}

/// Whether a redirect stays with the server that was asked.
fn is_nearby(attempt: &Attempt<'_>) -> bool {
    let origin = attempt.previous().first().map(Url::origin);
    attempt.previous().len() <= MAX_REDIRECTS && origin == Some(attempt.url().origin())
}

fn max_age(response: &Response) -> Option<Duration> {
    let directives = response.headers().get(CACHE_CONTROL)?.to_str().ok()?;
    let directives = directives.to_ascii_lowercase();
    let seconds = directives
        .split(',')
        .find_map(|directive| directive.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// An address that keys may come from: https, or http where nothing can come between, on this machine.
pub(crate) fn parse_key_address(text: &str) -> Result<Url, String> {
    let address = Url::parse(text).map_err(|error| {
        format!("\"{text}\" is no address ({error}); it is like https://login.example.com/keys")
    })?;
    let is_local = match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match address.scheme() {
        "https" => {}
        "http" if is_local => {}
        "http" => {
            return Err(format!(
                "\"{text}\": keys that come by http could be anybody's; it has to be https, or http on this machine"
            ));
        }
        other => return Err(format!("\"{text}\": it has to be https, not {other}")),
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(
            "the address of keys has a user name or a password in it; keys are public".to_owned(),
        );
    }
    Ok(address)
}
