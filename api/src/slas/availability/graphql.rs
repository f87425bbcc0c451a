//! Recording availability, in the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use jiff::Timestamp;

use super::rules::{self, MOST_AT_ONCE, Measurement};
use super::store::{self, Recorded};
use crate::auth::{Scope, Viewer};
use crate::catalog::services::rules::Service;
use crate::shared::errors::UserErrors;
use crate::shared::form::not_found;
use crate::shared::graphql::{UserError, author, bad_input, not_written, user_errors};
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::shared::write::{WriteError, now};
use crate::snapshot::{Catalog, Replica};

/// What was measured of a service.
#[derive(InputObject)]
pub struct RecordAvailabilityInput {
    /// The service.
    service_id: ID,
    /// What was measured, at most 1,000 intervals, which must not overlap.
    measurements: Vec<AvailabilityMeasurementInput>,
}

/// Good and total events, or seconds, of an interval.
#[derive(InputObject)]
pub struct AvailabilityMeasurementInput {
    /// When the interval begins.
    from: DateTime,
    /// When it ends; later than `from`, at most 366 days, and not ahead of now.
    until: DateTime,
    /// Good events or seconds; 0 or more.
    good: i32,
    /// All of them; not less than the good ones. 0 where nothing could be measured.
    total: i32,
}

impl From<AvailabilityMeasurementInput> for Measurement {
    /// To the microsecond that the database keeps: the same interval again has to be the same.
    fn from(input: AvailabilityMeasurementInput) -> Self {
        let kept = |at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        Self {
            from: kept(input.from.0),
            until: kept(input.until.0),
            good: input.good,
            total: input.total,
        }
    }
}

/// What became of measurements.
#[derive(SimpleObject)]
pub struct RecordAvailabilityPayload {
    /// How many intervals are new; null where the measurements were refused.
    recorded: Option<i32>,
    /// How many intervals had been recorded before; null where the measurements were refused.
    replaced: Option<i32>,
    /// Why nothing was recorded; empty where all was.
    user_errors: Vec<UserError>,
}

impl RecordAvailabilityPayload {
    fn new(result: std::result::Result<Recorded, UserErrors>) -> Self {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        match result {
            Ok(recorded) => Self {
                recorded: Some(count(recorded.new)),
                replaced: Some(count(recorded.replaced)),
                user_errors: Vec::new(),
            },
            Err(refusals) => Self {
                recorded: None,
                replaced: None,
                user_errors: user_errors(refusals),
            },
        }
    }
}

/// Recording availability.
#[derive(Default)]
pub struct AvailabilityMutations;

#[Object]
impl AvailabilityMutations {
    /// Good and total events, or seconds, of a service in intervals; all of them or none. A repeated interval replaces what was
    /// recorded of it; one that overlaps another without being the same is refused. User errors: `INVALID`, `NOT_FOUND`. Errors:
    /// `BAD_USER_INPUT` for more than 1,000.
    async fn record_availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was measured.")] input: RecordAvailabilityInput,
    ) -> Result<RecordAvailabilityPayload> {
        let count = input.measurements.len();
        if count > MOST_AT_ONCE {
            return Err(bad_input(format!(
                "`measurements` has {count} entries; at most {MOST_AT_ONCE} are taken at once"
            )));
        }
        let replica = ctx.data_unchecked::<Replica>();
        let measurements = input.measurements.into_iter();
        let measurements: Vec<Measurement> = measurements.map(Measurement::from).collect();
        let mut found = find(&replica.current(), &input.service_id);
        if found.is_none() {
            // Another replica may have just created it.
            let caught_up = replica.catch_up().await;
            let catalog = caught_up.map_err(|error| not_written(&error.into()))?;
            found = find(&catalog, &input.service_id);
        }
        let Some(service) = found else {
            let error = not_found::<Service>(&["serviceId"], &input.service_id);
            return Ok(RecordAvailabilityPayload::new(Err(vec![error])));
        };
        let errors = rules::check(&measurements, now());
        if !may_record(ctx.data_unchecked::<Viewer>(), &replica.current(), service) {
            let described = replica.current().describe(service.any());
            return Err(not_written(&WriteError::Beyond(described)));
        }
        if !errors.is_empty() {
            return Ok(RecordAvailabilityPayload::new(Err(errors)));
        }
        let recorded = store::record(replica, &author(ctx), service, &measurements).await;
        let recorded = recorded.map_err(|error| not_written(&error))?;
        if let Ok(Some(sequence)) = recorded.as_ref().map(|recorded| recorded.sequence) {
            ctx.data_unchecked::<RequestCatalog>().committed(sequence);
        }
        Ok(RecordAvailabilityPayload::new(recorded))
    }
}

fn find(catalog: &Catalog, id: &str) -> Option<Id<Service>> {
    let object: ObjectRef = id.parse().ok()?;
    let id = Id::new(object.id);
    (object.kind == Service::TYPE && catalog.get::<Service>(id).is_some()).then_some(id)
}

/// Who works on requests and incidents records for every service, an owner for their own.
fn may_record(viewer: &Viewer, catalog: &Catalog, service: Id<Service>) -> bool {
    let owns = || {
        let service = catalog.get(service)?;
        let person = viewer.person()?;
        let owners = [service.business_owner_id, service.service_owner_id];
        Some(owners.contains(&Some(person)))
    };
    viewer.may(Scope::RequestsWork) || owns().unwrap_or(false)
}
