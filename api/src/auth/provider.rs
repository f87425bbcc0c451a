//! The keys that an identity provider publishes, kept fresh.
//!
//! They are asked for in the background, long before anybody misses one, and when a token names a key that is not there: keys
//! are rotated without notice. Where no key id says which key is meant, a signature that none of them has made may be that of a
//! new key, and the provider is asked as well. Such requests wait for one common answer, and few of them are allowed, so that invented key ids
//! cannot be used to keep the provider busy. While it is down, the keys that are known stay good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{
    Reason,
    fetch::{Document, FetchError, Fetcher, parse_key_address},
    keys::{KeyError, KeySet},
};

/// How often a provider is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// After an answer that does not say how long it is good for.
    pub(super) fresh: Duration,
    /// The bounds of what an answer may say.
    pub(super) fresh_at_least: Duration,
    pub(super) fresh_at_most: Duration,
    /// After a failure; doubled with each that follows.
    pub(super) retry: Duration,
    pub(super) retry_at_most: Duration,
    /// How many questions about unknown keys may follow each other at once.
    pub(super) burst: u32,
    /// After which time there may be one more.
    pub(super) restore: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            fresh: Duration::from_mins(10),
            fresh_at_least: Duration::from_mins(1),
            fresh_at_most: Duration::from_hours(1),
            retry: Duration::from_secs(1),
            retry_at_most: Duration::from_mins(1),
            burst: 3,
            restore: Duration::from_secs(10),
        }
    }
}

/// Where a provider's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyAddress {
    /// At this address.
    Known(Url),
    /// Where the provider's own description says, which is at this address.
    Discovered(Url),
}

/// An identity provider.
pub(super) struct Provider {
    issuer: Arc<str>,
    address: KeyAddress,
    /// The algorithms that the issuer is narrowed to.
    algorithms: Option<Vec<Algorithm>>,
    fetcher: Fetcher,
    pace: Pace,
    published: ArcSwapOption<Published>,
    /// How often it has been asked.
    asked: AtomicU64,
    is_down: AtomicBool,
    /// Held by whoever asks, so that one asks for all.
    turn: Mutex<Allowance>,
}

/// What the provider has published last.
pub(super) struct Published {
    pub(super) keys: KeySet,
    /// Grows when the keys change.
    pub(super) generation: u64,
    document: Vec<u8>,
}

/// Why keys could not be loaded.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("{address}: {error}")]
    Fetch { address: Url, error: FetchError },
    #[error("{address}: {error}")]
    Keys { address: Url, error: KeyError },
    #[error("{0}: that is no description of an OpenID provider")]
    NoDescription(Url),
    #[error("{address} describes another issuer, \"{found}\"")]
    OtherIssuer { address: Url, found: String },
    #[error("the description's jwks_uri {0}")]
    BadKeyAddress(String),
    #[error("none of the keys is for one of the algorithms that the issuer is narrowed to")]
    Narrowed,
}

impl Provider {
    pub(super) fn new(
        issuer: Arc<str>,
        address: KeyAddress,
        algorithms: Option<Vec<Algorithm>>,
        pace: Pace,
    ) -> Result<Self, FetchError> {
        let (KeyAddress::Known(url) | KeyAddress::Discovered(url)) = &address;
        Ok(Self {
            fetcher: Fetcher::new(url)?,
            issuer,
            address,
            algorithms,
            pace,
            published: ArcSwapOption::empty(),
            asked: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
            turn: Mutex::new(Allowance::full(&pace)),
        })
    }

    /// The generation of the keys, 0 where there are none yet.
    pub(super) fn generation(&self) -> u64 {
        let published = self.published.load();
        published
            .as_ref()
            .map_or(0, |published| published.generation)
    }

    /// Keys among which there is one with this id, wherever that is to be had; without an id, all of them.
    ///
    /// # Errors
    /// Whether there is such a key cannot be told now.
    pub(super) async fn keys_named(
        self: &Arc<Self>,
        id: Option<&str>,
    ) -> Result<Arc<Published>, Reason> {
        let has_it = |published: &Arc<Published>| published.keys.named(id).next().is_some();
        let asked = self.asked.load(Ordering::Acquire);
        if let Some(published) = self.published.load_full().filter(has_it) {
            return Ok(published);
        }
        self.ask_about_unknown(asked).await;
        let published = self.published.load_full().ok_or(Reason::KeysUnavailable)?;
        if !has_it(&published) && self.is_down.load(Ordering::Acquire) {
            return Err(Reason::KeysUnavailable);
        }
        Ok(published)
    }

    /// Keys that the provider has published after these, by which a token could not be verified that does not tell its key;
    /// none where these are still the newest.
    pub(super) async fn newer_than(self: &Arc<Self>, seen: &Published) -> Option<Arc<Published>> {
        let is_newer = |published: &Arc<Published>| published.generation > seen.generation;
        let asked = self.asked.load(Ordering::Acquire);
        if let Some(published) = self.published.load_full().filter(is_newer) {
            return Some(published);
        }
        self.ask_about_unknown(asked).await;
        self.published.load_full().filter(is_newer)
    }

    /// Asks the provider from time to time, for ever.
    pub(super) async fn keep_fresh(self: Arc<Self>) {
        let mut retry = self.pace.retry;
        loop {
            let turn = self.turn.lock().await;
            let fresh_for = self.ask().await;
            drop(turn);
            let pause = fresh_for.unwrap_or(retry);
            retry = match fresh_for {
                Some(_) => self.pace.retry,
                None => (retry * 2).min(self.pace.retry_at_most),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks the provider unless somebody has done so since `asked` was counted, or it was asked too often lately.
    async fn ask_about_unknown(self: &Arc<Self>, asked: u64) {
        let provider = Arc::clone(self);
        // In a task of its own: the client who happens to ask for all may go away.
        let asking = tokio::spawn(async move {
            let mut allowance = provider.turn.lock().await;
            let is_news = provider.asked.load(Ordering::Acquire) == asked;
            if is_news && allowance.take(&provider.pace) {
                provider.ask().await;
            }
        });
        if let Err(error) = asking.await {
            tracing::error!(%error, issuer = &*self.issuer, "the issuer's keys could not be asked for");
        }
    }

    /// Asks the provider, now; how long its answer is good for, if it gave one. Whoever calls this holds the turn.
    async fn ask(&self) -> Option<Duration> {
        let loaded = self.load().await;
        let fresh_for = match loaded {
            Ok((keys, document)) => Some(self.publish(keys, document)),
            Err(error) => {
                tracing::warn!(issuer = &*self.issuer, %error, "the issuer's keys cannot be loaded");
                None
            }
        };
        self.is_down.store(fresh_for.is_none(), Ordering::Release);
        self.asked.fetch_add(1, Ordering::Release);
        fresh_for
    }

    fn publish(&self, keys: KeySet, document: Document) -> Duration {
        let before = self.published.load_full();
        if before
            .as_ref()
            .is_none_or(|before| before.document != document.body)
        {
            let generation = before.map_or(0, |before| before.generation) + 1;
            tracing::info!(
                issuer = &*self.issuer,
                keys = keys.len(),
                "loaded the issuer's keys"
            );
            self.published.store(Some(Arc::new(Published {
                keys,
                generation,
                document: document.body,
            })));
        } else if self.is_down.load(Ordering::Acquire) {
            tracing::info!(
                issuer = &*self.issuer,
                "the issuer's keys can be loaded again"
            );
        }
        let fresh = document.max_age.unwrap_or(self.pace.fresh);
        fresh.clamp(self.pace.fresh_at_least, self.pace.fresh_at_most)
    }

    async fn load(&self) -> Result<(KeySet, Document), LoadError> {
        let address = match &self.address {
            KeyAddress::Known(address) => address.clone(),
            KeyAddress::Discovered(address) => self.discover(address).await?,
        };
        let document = self.get(&address).await?;
        let mut keys = KeySet::from_provider(&document.body)
            .map_err(|error| LoadError::Keys { address, error })?;
        if let Some(algorithms) = &self.algorithms
            && !keys.narrow(algorithms)
        {
            return Err(LoadError::Narrowed);
        }
        Ok((keys, document))
    }

    /// Where the provider says that its keys are.
    async fn discover(&self, address: &Url) -> Result<Url, LoadError> {
        #[derive(Deserialize)]
        struct Description {
            issuer: String,
            jwks_uri: String,
        }
        let document = self.get(address).await?;
        let description: Description = serde_json::from_slice(&document.body)
            .map_err(|_| LoadError::NoDescription(address.clone()))?;
        if description.issuer != *self.issuer {
            return Err(LoadError::OtherIssuer {
                address: address.clone(),
                found: description.issuer,
            });
        }
        parse_key_address(&description.jwks_uri).map_err(LoadError::BadKeyAddress)
    }

    async fn get(&self, address: &Url) -> Result<Document, LoadError> {
        let document = self.fetcher.get(address).await;
        document.map_err(|error| LoadError::Fetch {
            address: address.clone(),
            error,
        })
    }
}

/// How many more questions about unknown keys are allowed.
struct Allowance {
    left: u32,
    /// When `left` was right.
    since: Instant,
}

impl Allowance {
    fn full(pace: &Pace) -> Self {
        Self {
            left: pace.burst,
            since: Instant::now(),
        }
    }

    fn take(&mut self, pace: &Pace) -> bool {
        while self.left < pace.burst && self.since.elapsed() >= pace.restore {
            self.left += 1;
            self.since += pace.restore;
        }
        if self.left == pace.burst {
            self.since = Instant::now();
        }
        let is_allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_allowed
    }
}
