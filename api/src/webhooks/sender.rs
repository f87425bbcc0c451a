//! Sends one event to one endpoint.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect::Policy};
use url::Url;

use super::address::Allowed;
use super::rules::{Answer, Endpoint};
use super::signature::signatures;
use crate::config::WebhookSettings;

/// How an event is written.
const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read, bytes: nobody needs it, but a connection whose answer is read can be used again.
const MAX_ANSWER: usize = 16 * 1024;
/// How long an error may be in the log, characters.
const MAX_ERROR: usize = 500;

/// Sends events. Follows no redirect, uses no proxy, and connects only to what [`Allowed`] permits.
#[derive(Clone, Debug)]
pub struct Sender {
    http: Client,
    settings: Arc<WebhookSettings>,
}

/// An event as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What names it in every attempt.
    pub id: &'a str,
    /// The event, as JSON.
    pub body: &'a [u8],
}

impl Sender {
    /// After these settings.
    ///
    /// # Errors
    /// There can be no HTTP client.
    pub fn new(settings: WebhookSettings) -> Result<Self, reqwest::Error> {
        let allowed = settings.allowed.clone();
        let client = || {
            Client::builder()
                .user_agent(concat!("kundig/", env!("CARGO_PKG_VERSION")))
                .timeout(settings.timeout)
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(Policy::none())
                .no_proxy()
                .dns_resolver(Arc::new(Resolver(allowed.clone())))
        };
        let http = client().build().or_else(|error| {
            // A machine without certificates to tell a server by may still send to receivers beside it.
            let error: &dyn Error = &error;
            tracing::warn!(error, "webhooks can't be sent by https");
            client().tls_certs_only([]).build()
        })?;
        Ok(Self {
            http,
            settings: Arc::new(settings),
        })
    }

    /// How webhooks are sent.
    pub fn settings(&self) -> &WebhookSettings {
        &self.settings
    }

    /// Sends an event, once.
    pub async fn send(&self, endpoint: &Endpoint, message: Message<'_>, now: Timestamp) -> Answer {
        let start = Instant::now();
        let (status, error) = match self.try_send(endpoint, message, now).await {
            Ok(response) => {
                let status = response.status();
                read_on(response).await;
                let error = (!status.is_success()).then(|| {
                    let redirects = if status.is_redirection() {
                        "; redirects are not followed"
                    } else {
                        ""
                    };
                    format!("it answered {status}{redirects}")
                });
                (Some(status.as_u16()), error)
            }
            Err(error) => (None, Some(error.chars().take(MAX_ERROR).collect())),
        };
        Answer {
            status,
            error,
            took: start.elapsed(),
        }
    }

    async fn try_send(
        &self,
        endpoint: &Endpoint,
        Message { id, body }: Message<'_>,
        now: Timestamp,
    ) -> Result<Response, String> {
        // The settings may have become stricter since the endpoint was made.
        let url: Url = self.settings.allowed.parse(&endpoint.url)?;
        let timestamp = now.as_second();
        let signature = signatures(endpoint.secrets(now), id, timestamp, body);
        let sending = self
            .http
            .post(url)
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body.to_vec());
        sending.send().await.map_err(|error| {
            if error.is_timeout() {
                return format!("it did not answer within {:?}", self.settings.timeout);
            }
            // Why a connection failed is said by the last of the causes only.
            let error = error.without_url();
            let causes = std::iter::successors(error.source(), |error| (*error).source());
            let texts = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
            texts.collect::<Vec<_>>().join(": ")
        })
    }
}

/// Reads an answer as far as it is short.
async fn read_on(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(part)) = response.chunk().await {
        read += part.len();
        if read > MAX_ANSWER {
            return;
        }
    }
}

/// Resolves names to addresses that may be connected to. A name that resolved to a public address a moment ago may resolve to
/// another one now, so it is this answer that counts, and it is what is connected to.
struct Resolver(Allowed);

#[derive(Debug, thiserror::Error)]
#[error("{0} has no public address (setting webhook_allow_networks)")]
struct NoPublicAddress(String);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found: Vec<IpAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .map(|address| address.ip())
                .filter(|address| allowed.permits(*address))
                .collect();
            if found.is_empty() {
                return Err(NoPublicAddress(name.as_str().to_owned()).into());
            }
            // The port is that of the address, whatever is said here.
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
