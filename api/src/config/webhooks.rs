//! How webhooks are sent.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    Picker,
    flags::flags,
    transport::parse_network,
    values::{parse_bool, parse_duration, parse_list},
};
use crate::webhooks::address::Allowed;

flags! {
    "Webhooks"
    /// How webhooks are sent, on the command line.
    WebhookFlags

    /// Networks beside public ones that webhooks may be sent to: 10.1.0.0/16,192.168.1.7 [default: none]
    webhook_allow_networks "webhook-allow-networks" "NETWORKS",
    /// Whether webhooks may be sent by plain http [default: false]
    webhook_allow_http "webhook-allow-http" "BOOL",
    /// How long a receiver may take to answer [default: 15s]
    webhook_timeout "webhook-timeout" "DURATION",
    /// How long to wait after each attempt that fails; after the last of them the endpoint is disabled [default: 5s,5m,30m,2h,5h,10h,14h,20h,24h]
    webhook_retries "webhook-retries" "DURATIONS",
    /// How long the log of deliveries is kept [default: 30d]
    webhook_log_age "webhook-log-age" "DURATION",
    /// What events name as their source, a URI [default: urn:kundig]
    webhook_source "webhook-source" "URI",
}

/// How webhooks are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to.
    pub allowed: Allowed,
    /// How long a receiver may take to answer.
    pub timeout: Duration,
    /// How long to wait after each attempt that fails.
    pub retries: Vec<Duration>,
    /// How long the log of deliveries is kept.
    pub log_age: Duration,
    /// What events name as their source.
    pub source: String,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let retries = [
            5,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ];
        Self {
            allowed: Allowed::default(),
            timeout: Duration::from_secs(15),
            retries: retries.map(Duration::from_secs).into(),
            log_age: Duration::from_secs(30 * 24 * HOUR),
            source: "urn:kundig".to_owned(),
        }
    }
}

impl WebhookSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        let default = Self::default();
        Self {
            allowed: Allowed {
                networks: pick.setting("webhook_allow_networks", Vec::new(), |text| {
                    parse_list(text, parse_network)
                }),
                http: pick.setting("webhook_allow_http", false, parse_bool),
            },
            timeout: pick.setting("webhook_timeout", default.timeout, parse_duration),
            retries: pick.setting("webhook_retries", default.retries, |text| {
                parse_list(text, parse_long)
            }),
            log_age: pick.setting("webhook_log_age", default.log_age, parse_long),
            source: pick.setting("webhook_source", default.source, parse_source),
        }
    }
}

/// A length of time, of which a day has 24 hours.
fn parse_long(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str =
        "a duration is a number with a unit, such as 5s, 30m, 12h or 30d, from 10 ms to a year";
    let wrong = || format!("\"{text}\" is no duration; {EXPECTED}");
    let length = match text.strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) => days.checked_mul(24).map(SignedDuration::from_hours),
        _ => text.parse().ok(),
    };
    let length = Duration::try_from(length.ok_or_else(wrong)?).map_err(|_| wrong())?;
    let most = Duration::from_hours(8784);
    if (Duration::from_millis(10)..=most).contains(&length) {
        Ok(length)
    } else {
        Err(format!("\"{text}\" is out of range; {EXPECTED}"))
    }
}

fn parse_source(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_graphic();
    if !text.is_empty() && text.len() <= 250 && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "\"{text}\" is no URI, such as urn:kundig or https://kundig.example.com"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_durations_may_be_in_days() {
        let hours = |hours: u64| Ok(Duration::from_secs(hours * 3600));
        assert_eq!(parse_long("30d"), hours(720));
        assert_eq!(parse_long("12h"), hours(12));
        assert_eq!(parse_long("50ms"), Ok(Duration::from_millis(50)));
        for wrong in ["", "d", "5", "-1d", "400d", "1ms", "99999999999999d"] {
            assert!(parse_long(wrong).is_err(), "{wrong}");
        }
    }
}
