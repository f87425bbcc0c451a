//! The connections that there are: how many each client has, what ends them, and what is counted.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};
use tokio::time::{Instant, sleep_until};

use crate::{
    auth::Identity,
    config::LimitSettings,
    server::{
        Shutdown,
        graphql::{Caller, Problem},
        metrics::Metrics,
        rate_limit::{RateKey, network},
        shutdown::Busy,
    },
};

/// How many connections there may be at all.
const MAX_CONNECTIONS: usize = 10_000;

/// How a connection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Transport {
    /// By messages over a WebSocket.
    Websocket,
    /// By server-sent events.
    Events,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum End {
    /// There is nothing more to tell, or the client said that it has enough.
    Complete,
    /// The client went away, or gave no sign of life.
    Gone,
    /// The client's token has expired.
    Expired,
    /// The client did not take what was sent.
    Slow,
    /// The client broke the rules of the protocol.
    Violation,
    /// The client may not be here.
    Refused,
    /// What happens could not be read.
    Failed,
    /// The server stops.
    Shutdown,
}

/// All connections of this process over which subscriptions are answered.
pub(crate) struct Live {
    most: usize,
    shutdown: Shutdown,
    counts: Mutex<Counts>,
    figures: Figures,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_client: HashMap<Client, usize>,
}

/// By what a client is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Subject(Arc<str>),
    Network(std::net::IpAddr),
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TransportLabel {
    transport: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    transport: &'static str,
    reason: &'static str,
}

#[derive(Clone, Default)]
struct Figures {
    connections: Family<TransportLabel, Gauge>,
    ended: Family<EndLabels, Counter>,
    subscriptions: Family<TransportLabel, Gauge>,
    events: Family<TransportLabel, Counter>,
}

impl Live {
    /// None yet; what becomes of them is counted in these metrics.
    pub(crate) fn new(limits: &LimitSettings, shutdown: Shutdown, metrics: &Metrics) -> Self {
        let figures = Figures::default();
        for transport in Transport::iter() {
            // So that what stays at zero is shown as zero.
            let label = TransportLabel {
                transport: transport.into(),
            };
            drop(figures.connections.get_or_create(&label));
            drop(figures.subscriptions.get_or_create(&label));
            drop(figures.events.get_or_create(&label));
            for reason in End::iter() {
                drop(figures.ended.get_or_create(&EndLabels {
                    transport: transport.into(),
                    reason: reason.into(),
                }));
            }
        }
        metrics.register(|registry| {
            registry.register(
                "live_connections",
                "Connections over which subscriptions are answered",
                figures.connections.clone(),
            );
            registry.register(
                "live_connections_ended",
                "Such connections that have ended, by why",
                figures.ended.clone(),
            );
            registry.register(
                "subscriptions",
                "Subscriptions that are answered",
                figures.subscriptions.clone(),
            );
            registry.register(
                "subscription_events",
                "Events that subscriptions were answered with",
                figures.events.clone(),
            );
        });
        Self {
            most: limits.max_live_connections,
            shutdown,
            counts: Mutex::default(),
            figures,
        }
    }

    /// A place for one more connection of this client.
    ///
    /// # Errors
    /// It has as many as it may, or all together have.
    pub(crate) fn admit(
        self: &Arc<Self>,
        caller: &Caller,
        transport: Transport,
    ) -> Result<Session, Problem> {
        let client = client(caller);
        self.count(&client)?;
        let label = TransportLabel {
            transport: transport.into(),
        };
        self.figures.connections.get_or_create(&label).inc();
        Ok(Session {
            live: Arc::clone(self),
            client,
            transport,
            end: End::Gone,
            _busy: self.shutdown.busy(),
        })
    }

    fn count(&self, client: &Client) -> Result<(), Problem> {
        let mut counts = self.lock();
        if counts.all >= MAX_CONNECTIONS {
            return Err(Problem::rate_limited_by(
                "The server has as many live connections as it can keep.",
            ));
        }
        let most = self.most;
        let count = counts.by_client.entry(client.clone()).or_default();
        if *count >= most {
            return Err(Problem::rate_limited_by(format!(
                "You have {count} live connections; at most {most} are allowed (setting max_live_connections)."
            )));
        }
        *count += 1;
        counts.all += 1;
        Ok(())
    }

    fn discount(&self, client: &Client) {
        let mut counts = self.lock();
        counts.all -= 1;
        if let Entry::Occupied(mut count) = counts.by_client.entry(client.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn client(caller: &Caller) -> Client {
    match caller.payer() {
        Some(RateKey::Subject(subject)) => Client::Subject(subject),
        Some(RateKey::Address(address)) => Client::Network(network(address)),
        None => Client::Unknown,
    }
}

/// A connection's place among all of them; free once it is dropped.
pub(crate) struct Session {
    live: Arc<Live>,
    client: Client,
    transport: Transport,
    end: End,
    /// The server does not stop before.
    _busy: Busy,
}

impl Session {
    /// Counts the connection as another client's from now on.
    ///
    /// # Errors
    /// That client has as many as it may.
    pub(crate) fn belongs_to(&mut self, caller: &Caller) -> Result<(), Problem> {
        let client = client(caller);
        if client != self.client {
            self.live.count(&client)?;
            self.live.discount(&self.client);
            self.client = client;
        }
        Ok(())
    }

    /// Says why the connection ends.
    pub(crate) fn ends(&mut self, end: End) {
        self.end = end;
    }

    /// Returns as soon as the server stops.
    pub(crate) async fn server_stops(&self) {
        self.live.shutdown.begun().await;
    }

    /// Where a subscription is counted, once there is one.
    pub(crate) fn subscribing(&self) -> Subscribing {
        let subscriptions = &self.live.figures.subscriptions;
        Subscribing(subscriptions.get_or_create(&self.label()).clone())
    }

    /// Counts what a subscription was answered with.
    pub(crate) fn answered(&self) {
        self.live.figures.events.get_or_create(&self.label()).inc();
    }

    fn label(&self) -> TransportLabel {
        TransportLabel {
            transport: self.transport.into(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.live.discount(&self.client);
        let figures = &self.live.figures;
        figures.connections.get_or_create(&self.label()).dec();
        let (transport, reason) = (self.transport.into(), self.end.into());
        figures
            .ended
            .get_or_create(&EndLabels { transport, reason })
            .inc();
        tracing::debug!(transport, reason, "a live connection ended");
    }
}

/// What may become a subscription.
pub(crate) struct Subscribing(Gauge);

impl Subscribing {
    /// Counts it until what is returned is dropped.
    pub(crate) fn begin(&self) -> Subscribed {
        self.0.inc();
        Subscribed(self.0.clone())
    }
}

/// A subscription that is answered.
pub(crate) struct Subscribed(Gauge);

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Returns once a token is not good any more; never without one.
pub(crate) async fn expired(identity: Option<&Identity>) {
    let Some(identity) = identity else {
        return std::future::pending().await;
    };
    let left = identity.ends_at().duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
    match Instant::now().checked_add(left) {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// What a client is told whose token is not good any more.
pub(crate) const EXPIRED: &str = "Your token has expired: connect again with a new one.";
/// What a client is told that did not take what was sent.
pub(crate) const SLOW: &str =
    "You take events too slowly: connect again, after the last that you have seen.";
/// What a client is told before the server stops.
pub(crate) const STOPPING: &str = "The server stops: connect again, to another one.";
