//! How available the demo's services were.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::catalog::services::rules::Service;
use crate::shared::ids::Id;
use crate::shared::write::Author;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::availability::rules::Measurement;
use crate::slas::availability::store::record;
use crate::snapshot::{Catalog, Replica};

/// What is measured: seconds.
const DAY: i32 = 86_400;
/// A bad day comes round after so many.
const BAD_DAYS: i64 = 37;

/// Records every whole day of a period for every service whose availability was promised.
pub(super) async fn play(
    replica: &Replica,
    author: &Author,
    since: Timestamp,
    now: Timestamp,
) -> anyhow::Result<()> {
    let day = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
    for (service, slug) in promised(&replica.current()) {
        let mut measurements = Vec::new();
        let mut date = day(since).tomorrow()?;
        while date < day(now) {
            measurements.push(measured(&slug, date)?);
            date = date.tomorrow()?;
        }
        let recorded = record(replica, author, service, &measurements).await?;
        if let Err(refusals) = recorded {
            anyhow::bail!("the availability of `{slug}` does not fit: {refusals:?}");
        }
    }
    Ok(())
}

/// The services with a target for availability, by slug.
fn promised(catalog: &Catalog) -> Vec<(Id<Service>, String)> {
    let mut services: Vec<(Id<Service>, String)> = catalog
        .agreements
        .iter()
        .filter(|agreement| {
            let mut targets = agreement.targets.iter();
            targets.any(|target| target.metric == SlaMetric::Availability)
        })
        .filter_map(|agreement| catalog.get(agreement.service_id))
        .map(|service| (Id::new(service.header.id), service.header.slug.clone()))
        .collect();
    services.sort_by(|(_, one), (_, other)| one.cmp(other));
    services.dedup();
    services
}

/// A day as it always was for this service: most of them without a fault, some with a few seconds, now and then a bad one.
fn measured(slug: &str, date: Date) -> anyhow::Result<Measurement> {
    let number = i64::from(date.since(Date::ZERO)?.get_days());
    // Each service has its own luck, the same whenever the demo is started.
    let luck = slug
        .bytes()
        .fold(7, |sum, byte| (sum * 31 + i64::from(byte)) % 1_009);
    let lost = match (number + luck) % BAD_DAYS {
        0 => 120 + luck * 2,
        rest if rest % 6 == 0 => 2 + (luck + number) % 9,
        _ => 0,
    };
    let start = |date: Date| date.to_zoned_datetime(TimeZone::UTC);
    let from = start(date)?.timestamp();
    Ok(Measurement {
        from,
        until: start(date.checked_add(1.day())?)?.timestamp(),
        good: DAY - i32::try_from(lost)?,
        total: DAY,
    })
}
