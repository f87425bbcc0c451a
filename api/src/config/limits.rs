//! What bounds a request, and what bounds all requests of one client.

use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use super::{
    Picker,
    flags::flags,
    values::{parse_bool, parse_duration, parse_path},
};

/// What a request may ask for, and how much of it in which time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// The longest document, bytes.
    pub max_document: usize,
    /// How deep fields may nest in a document.
    pub max_depth: usize,
    /// The most that a request may cost, points.
    pub max_cost: u64,
    /// How many fields of an operation may have aliases.
    pub max_aliases: usize,
    /// How many fields of an operation may stand at its root.
    pub max_root_fields: usize,
    /// How many directives a document may have.
    pub max_directives: usize,
    /// How many values a request's variables may hold, those inside lists and objects included.
    pub max_variable_values: usize,
    /// How many requests one body may hold; 1: no batches.
    pub max_batch: usize,
    /// The largest body, bytes.
    pub max_body: usize,
    /// The largest body of a client that may import, bytes.
    pub max_import_body: usize,
    /// How long a request may take.
    pub time_limit: Duration,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Whether validation errors say what might have been meant.
    pub suggestions: bool,
    /// Whether clients may send a document once and its hash from then on.
    pub persisted_queries: bool,
    /// The file of the only documents that may run; none: every document may.
    pub trusted_documents: Option<PathBuf>,
    /// How many connections over which subscriptions are answered one client may have.
    pub max_live_connections: usize,
    /// How many operations may run on one WebSocket.
    pub max_subscriptions: usize,
    /// How long a client may take to take what a subscription sends it.
    pub send_timeout: Duration,
    /// What each subject may spend.
    pub subject_rate: RateSettings,
    /// What each address of clients without a valid token may spend.
    pub address_rate: RateSettings,
}

/// A bucket of points that fills again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// Points that are restored in a second; 0: no limit.
    pub per_second: u32,
    /// Points of a full bucket.
    pub burst: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            max_document: 64 * KIB,
            max_depth: 15,
            max_cost: 50_000,
            max_aliases: 50,
            max_root_fields: 20,
            max_directives: 50,
            max_variable_values: 10_000,
            max_batch: 1,
            max_body: MIB,
            max_import_body: 32 * MIB,
            time_limit: Duration::from_secs(30),
            introspection: true,
            suggestions: false,
            persisted_queries: true,
            trusted_documents: None,
            max_live_connections: 100,
            max_subscriptions: 100,
            send_timeout: Duration::from_secs(10),
            subject_rate: RateSettings {
                per_second: 50_000,
                burst: 500_000,
            },
            address_rate: RateSettings {
                per_second: 10_000,
                burst: 100_000,
            },
        }
    }
}

impl LimitSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        let default = Self::default();
        Self {
            max_document: pick.setting("max_document", default.max_document, parse_size),
            // Deeper documents are beyond the parser.
            max_depth: pick.setting("max_depth", default.max_depth, within(1..=30)),
            max_cost: pick.setting("max_cost", default.max_cost, within(1..=1_000_000_000)),
            max_aliases: pick.setting("max_aliases", default.max_aliases, within(0..=10_000)),
            max_root_fields: pick.setting(
                "max_root_fields",
                default.max_root_fields,
                within(1..=10_000),
            ),
            max_directives: pick.setting(
                "max_directives",
                default.max_directives,
                within(0..=10_000),
            ),
            max_variable_values: pick.setting(
                "max_variable_values",
                default.max_variable_values,
                within(0..=10_000_000),
            ),
            max_batch: pick.setting("max_batch", default.max_batch, within(1..=1_000)),
            max_body: pick.setting("max_body", default.max_body, parse_size),
            max_import_body: pick.setting("max_import_body", default.max_import_body, parse_size),
            time_limit: pick.setting("time_limit", default.time_limit, parse_duration),
            introspection: pick.setting("introspection", default.introspection, parse_bool),
            suggestions: pick.setting("suggestions", default.suggestions, parse_bool),
            persisted_queries: pick.setting(
                "persisted_queries",
                default.persisted_queries,
                parse_bool,
            ),
            trusted_documents: pick.optional("trusted_documents", parse_path),
            max_live_connections: pick.setting(
                "max_live_connections",
                default.max_live_connections,
                within(1..=10_000),
            ),
            max_subscriptions: pick.setting(
                "max_subscriptions",
                default.max_subscriptions,
                within(1..=10_000),
            ),
            send_timeout: pick.setting("send_timeout", default.send_timeout, parse_duration),
            subject_rate: RateSettings {
                per_second: pick.setting(
                    "subject_rate",
                    default.subject_rate.per_second,
                    within(0..=MAX_RATE),
                ),
                burst: pick.setting(
                    "subject_burst",
                    default.subject_rate.burst,
                    within(ADMISSION..=MAX_BURST),
                ),
            },
            address_rate: RateSettings {
                per_second: pick.setting(
                    "address_rate",
                    default.address_rate.per_second,
                    within(0..=MAX_RATE),
                ),
                burst: pick.setting(
                    "address_burst",
                    default.address_rate.burst,
                    within(ADMISSION..=MAX_BURST),
                ),
            },
        }
    }
}

flags! {
    "Limits"
    /// Limits on the command line.
    LimitFlags

    /// Longest GraphQL document [default: 64KiB]
    max_document "max-document" "SIZE",
    /// How deep a document's fields may nest [default: 15]
    max_depth "max-depth" "COUNT",
    /// What a request may cost at most, points [default: 50000]
    max_cost "max-cost" "POINTS",
    /// Aliases in an operation at most [default: 50]
    max_aliases "max-aliases" "COUNT",
    /// Fields at the root of an operation at most [default: 20]
    max_root_fields "max-root-fields" "COUNT",
    /// Directives in a document at most [default: 50]
    max_directives "max-directives" "COUNT",
    /// Values in a request's variables at most [default: 10000]
    max_variable_values "max-variable-values" "COUNT",
    /// Requests in one body at most; 1 refuses batches [default: 1]
    max_batch "max-batch" "COUNT",
    /// Largest body of a request [default: 1MiB]
    max_body "max-body" "SIZE",
    /// Largest body of a client that may import [default: 32MiB]
    max_import_body "max-import-body" "SIZE",
    /// How long a request may take [default: 30s]
    time_limit "time-limit" "DURATION",
    /// Whether the schema may be asked for [default: true]
    introspection "introspection" "BOOL",
    /// Whether errors say "Did you mean" [default: false]
    suggestions "suggestions" "BOOL",
    /// Whether clients may send a document once and then its hash [default: true]
    persisted_queries "persisted-queries" "BOOL",
    /// Run only the documents of this file: a manifest or a JSON object of documents by hash
    trusted_documents "trusted-documents" "PATH",
    /// Connections of one client over which subscriptions are answered at most [default: 100]
    max_live_connections "max-live-connections" "COUNT",
    /// Operations on one WebSocket at most [default: 100]
    max_subscriptions "max-subscriptions" "COUNT",
    /// How long a client may take to take what a subscription sends it [default: 10s]
    send_timeout "send-timeout" "DURATION",
    /// Points that a subject gets back in a second; 0 is no limit [default: 50000]
    subject_rate "subject-rate" "POINTS",
    /// Points that a subject may spend at once [default: 500000]
    subject_burst "subject-burst" "POINTS",
    /// Points that a client's address without a valid token gets back in a second; 0 is no limit [default: 10000]
    address_rate "address-rate" "POINTS",
    /// Points that such an address may spend at once [default: 100000]
    address_burst "address-burst" "POINTS",
}

/// What every request pays at least, points. A bucket that holds less would refuse them all.
pub const ADMISSION: u32 = 10;
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// One point in a microsecond, the finest that the buckets tell apart well.
const MAX_RATE: u32 = 1_000_000;
const MAX_BURST: u32 = 1_000_000_000;

/// A whole number in a range.
fn within<T: Copy + Display + FromStr + PartialOrd>(
    range: RangeInclusive<T>,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "\"{text}\" is no whole number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// A number of bytes, KiB or MiB, up to a gibibyte.
fn parse_size(text: &str) -> Result<usize, String> {
    const MOST: usize = 1024 * MIB;
    let (digits, unit) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
        (Some(digits), _) => (digits, KIB),
        (_, Some(digits)) => (digits, MIB),
        _ => (text, 1),
    };
    let size = digits.trim_end().parse::<usize>().ok();
    match size.and_then(|size| size.checked_mul(unit)) {
        Some(size @ 1..=MOST) => Ok(size),
        _ => Err(format!(
            "\"{text}\" is no size; a size is a number of bytes, KiB or MiB up to 1024MiB, such as 65536, 64KiB or 1MiB"
        )),
    }
}
