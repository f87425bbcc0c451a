//! How much each client may spend: a bucket of points for each, which fills again all the time.

use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use super::metrics::Metrics;
use crate::config::{LimitSettings, RateSettings};

/// After so many charges the buckets that have filled again are forgotten: they are as good as new ones.
const SWEEP: u64 = 4096;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whose bucket pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RateKey {
    /// Whoever a valid token names.
    Subject(Arc<str>),
    /// Everybody else at one address; with IPv6, in one network of 64 bits, which is what a client is given at least.
    Address(IpAddr),
}

/// All buckets.
pub(crate) struct RateLimits<C: Clock = MonotonicClock> {
    subjects: Option<Buckets<Arc<str>, C>>,
    addresses: Option<Buckets<IpAddr, C>>,
    refused: Family<Refused, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    policy: &'static str,
}

/// How full a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    policy: &'static str,
    rate: RateSettings,
    remaining: u32,
}

/// Why a charge was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdrawn {
    /// The bucket holds too little now; in so many whole seconds it holds enough.
    Wait(Standing, u64),
    /// It is more than a full bucket holds.
    Never(Standing),
}

impl RateLimits {
    /// Buckets after these settings, refusals counted in these metrics.
    pub(crate) fn new(limits: &LimitSettings, metrics: &Metrics) -> Self {
        let limits = Self::with_clock(limits, &MonotonicClock);
        metrics.register(|registry| {
            registry.register(
                "rate_limited",
                "Requests refused because their client had spent its points, by what the client is known by",
                limits.refused.clone(),
            );
        });
        limits
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn with_clock(limits: &LimitSettings, clock: &C) -> Self {
        let refused = Family::default();
        for policy in [SUBJECT, ADDRESS] {
            // So that a counter that stays at zero is shown as zero.
            drop(refused.get_or_create(&Refused { policy }));
        }
        Self {
            subjects: Buckets::new(SUBJECT, limits.subject_rate, clock),
            addresses: Buckets::new(ADDRESS, limits.address_rate, clock),
            refused,
        }
    }

    /// Takes points out of a client's bucket. `None`: clients of this kind have no limit.
    ///
    /// # Errors
    /// It does not hold as many; then nothing is taken.
    pub(crate) fn charge(&self, key: &RateKey, points: u64) -> Result<Option<Standing>, Overdrawn> {
        let charged = match key {
            RateKey::Subject(subject) => charge(self.subjects.as_ref(), subject, points),
            RateKey::Address(address) => {
                charge(self.addresses.as_ref(), &network(*address), points)
            }
        };
        if let Err(Overdrawn::Wait(Standing { policy, .. }, _)) = charged {
            self.refused.get_or_create(&Refused { policy }).inc();
        }
        charged
    }
}

const SUBJECT: &str = "subject";
const ADDRESS: &str = "address";

/// What of an address stands for one client.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        address @ IpAddr::V4(_) => address,
    }
}

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>;

/// The buckets of one kind of clients.
struct Buckets<K: Hash + Eq + Clone, C: Clock> {
    policy: &'static str,
    rate: RateSettings,
    limiter: Limiter<K, C>,
    clock: C,
    charges: AtomicU64,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Buckets<K, C> {
    fn new(policy: &'static str, rate: RateSettings, clock: &C) -> Option<Self> {
        let per_second = NonZeroU32::new(rate.per_second)?;
        let burst = NonZeroU32::new(rate.burst)?;
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = Limiter::new(quota, DashMapStateStore::default(), clock.clone());
        Some(Self {
            policy,
            rate,
            limiter,
            clock: clock.clone(),
            charges: AtomicU64::new(1),
        })
    }

    fn standing(&self, remaining: u32) -> Standing {
        Standing {
            policy: self.policy,
            rate: self.rate,
            remaining,
        }
    }

    fn charge(&self, key: &K, points: NonZeroU32) -> Result<Standing, Overdrawn> {
        if self
            .charges
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(SWEEP)
        {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key_n(key, points) {
            Ok(Ok(state)) => Ok(self.standing(state.remaining_burst_capacity())),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(self.clock.now());
                let missing = restored(wait, self.rate.per_second);
                let remaining = points.get().saturating_sub(missing);
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(Overdrawn::Wait(self.standing(remaining), seconds))
            }
            Err(_) => Err(Overdrawn::Never(self.standing(0))),
        }
    }
}

fn charge<K: Hash + Eq + Clone, C: Clock + Clone>(
    buckets: Option<&Buckets<K, C>>,
    key: &K,
    points: u64,
) -> Result<Option<Standing>, Overdrawn> {
    let Some(buckets) = buckets else {
        return Ok(None);
    };
    let points = u32::try_from(points).unwrap_or(u32::MAX);
    match NonZeroU32::new(points) {
        Some(points) => buckets.charge(key, points).map(Some),
        None => Ok(None),
    }
}

/// How many points come back in a time, rounded up.
fn restored(time: Duration, per_second: u32) -> u32 {
    let points = time.as_nanos() * u128::from(per_second);
    u32::try_from(points.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

impl Standing {
    /// Points of a full bucket.
    pub(crate) fn burst(&self) -> u32 {
        self.rate.burst
    }

    /// Points in the bucket.
    pub(crate) fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Points that come back in a second.
    pub(crate) fn per_second(&self) -> u32 {
        self.rate.per_second
    }

    /// Tells the client, in the fields of draft-ietf-httpapi-ratelimit-headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Self {
            policy,
            rate: RateSettings { per_second, burst },
            remaining,
        } = *self;
        let window = burst.div_ceil(per_second);
        let full_in = (burst - remaining.min(burst)).div_ceil(per_second);
        insert(
            headers,
            RATE_LIMIT_POLICY,
            format_args!("\"{policy}\";q={burst};w={window}"),
        );
        insert(
            headers,
            RATE_LIMIT,
            format_args!("\"{policy}\";r={remaining};t={full_in}"),
        );
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: fmt::Arguments<'_>) {
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;

    fn limits(clock: &FakeRelativeClock) -> RateLimits<FakeRelativeClock> {
        let settings = LimitSettings {
            subject_rate: RateSettings {
                per_second: 10,
                burst: 100,
            },
            address_rate: RateSettings {
                per_second: 0,
                burst: 100,
            },
            ..LimitSettings::default()
        };
        RateLimits::with_clock(&settings, clock)
    }

    fn subject(name: &str) -> RateKey {
        RateKey::Subject(name.into())
    }

    #[test]
    fn a_bucket_is_spent_and_fills_again() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let anna = subject("anna");
        assert_eq!(limits.charge(&anna, 70).unwrap().unwrap().remaining(), 30);
        let Err(Overdrawn::Wait(standing, seconds)) = limits.charge(&anna, 45) else {
            panic!("there are but 30");
        };
        assert_eq!(standing.remaining(), 30, "nothing is taken");
        assert_eq!(seconds, 2, "1.5 s, rounded up");
        clock.advance(Duration::from_millis(1500));
        assert_eq!(limits.charge(&anna, 45).unwrap().unwrap().remaining(), 0);
        assert!(
            limits.charge(&subject("berta"), 100).is_ok(),
            "each has its own"
        );
    }

    #[test]
    fn what_a_full_bucket_does_not_hold_is_never_accepted() {
        let limits = limits(&FakeRelativeClock::default());
        let refused = limits.charge(&subject("anna"), 101);
        assert!(matches!(refused, Err(Overdrawn::Never(_))));
        assert!(limits.charge(&subject("anna"), 100).is_ok());
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let limits = limits(&FakeRelativeClock::default());
        let address = RateKey::Address("192.0.2.1".parse().unwrap());
        assert_eq!(limits.charge(&address, u64::MAX), Ok(None));
    }

    #[test]
    fn refusals_are_counted() {
        let limits = limits(&FakeRelativeClock::default());
        for _ in 0..3 {
            let _ = limits.charge(&subject("anna"), 60);
        }
        let refused = limits.refused.get_or_create(&Refused { policy: SUBJECT });
        assert_eq!(refused.get(), 2);
    }

    #[test]
    fn clients_are_told_in_whole_seconds() {
        let limits = limits(&FakeRelativeClock::default());
        let mut headers = HeaderMap::new();
        let standing = limits.charge(&subject("anna"), 15).unwrap().unwrap();
        standing.write(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"subject\";q=100;w=10");
        assert_eq!(headers[RATE_LIMIT], "\"subject\";r=85;t=2");
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let subjects = limits.subjects.as_ref().unwrap();
        for number in 0..2 * SWEEP {
            limits.charge(&subject(&number.to_string()), 1).unwrap();
            clock.advance(Duration::from_millis(1));
        }
        assert!(subjects.limiter.len() < 300, "{}", subjects.limiter.len());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_bucket() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    proptest! {
        /// Whatever is charged and when, a client never gets more than a full bucket and what has come back since.
        #[test]
        fn nobody_gets_more_than_there_is(charges in proptest::collection::vec((0_u64..130, 0_u64..3_000), 1..60)) {
            let clock = FakeRelativeClock::default();
            let limits = limits(&clock);
            let (mut spent, mut milliseconds) = (0, 0);
            for (points, pause) in charges {
                if limits.charge(&subject("anna"), points).is_ok() {
                    spent += points;
                }
                prop_assert!(spent <= 100 + milliseconds * 10 / 1000);
                clock.advance(Duration::from_millis(pause));
                milliseconds += pause;
            }
        }
    }
}
