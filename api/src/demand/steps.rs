//! Taking a step with a demand: what it needs and what it changes.

use jiff::{SignedDuration, Timestamp};
use strum::IntoEnumIterator;

use super::access::Party;
use super::fields::{DemandPatch, answering, apply};
use super::rules::{Demand, Status, Step};
use crate::declines::rules::{WantedDecline, check};
use crate::shared::errors::{UserError, UserErrors, check_version};
use crate::shared::ids::{Id, ObjectRef};
use crate::snapshot::Catalog;

/// A step as somebody wants to take it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is done.
    pub action: Action,
    /// Refuse unless this is the demand's version.
    pub expected_version: Option<i32>,
}

/// What somebody does with a demand.
#[derive(Clone, Debug)]
pub enum Action {
    /// Says it better.
    Update(DemandPatch),
    /// Wants it too: the person's id, one's own where absent.
    Support(Option<String>),
    /// Doesn't want it any more: the person's id, one's own where absent.
    WithdrawSupport(Option<String>),
    /// Decides to meet it.
    Plan,
    /// Says that this service, by its id, answers it.
    Meet(String),
    /// Refuses it.
    Decline(WantedDecline),
    /// Disputes its end.
    Reopen,
}

impl Action {
    /// The step that it is.
    pub fn step(&self) -> Step {
        match self {
            Self::Update(_) => Step::Update,
            Self::Support(_) => Step::Support,
            Self::WithdrawSupport(_) => Step::WithdrawSupport,
            Self::Plan => Step::Plan,
            Self::Meet(_) => Step::Meet,
            Self::Decline(_) => Step::Decline,
            Self::Reopen => Step::Reopen,
        }
    }

    /// The objects that it names and whose state decides whether it may be taken, as they are in the demand that came of it.
    pub fn named(&self, demand: &Demand) -> Vec<ObjectRef> {
        let named = match self {
            Self::Update(patch) => return patch.named(demand),
            Self::Meet(_) => demand.service_id.map(Id::any),
            Self::Decline(_) => {
                let decline = demand.decline.as_ref();
                decline.and_then(|it| it.alternative_id).map(Id::any)
            }
            Self::Support(_) | Self::WithdrawSupport(_) | Self::Plan | Self::Reopen => None,
        };
        named.into_iter().collect()
    }
}

/// The demand after a step; the same as before where there was nothing to change. Whoever supports it already is not to be
/// counted again: that is for the caller to know.
pub fn take(
    demand: &Demand,
    wanted: &Wanted,
    party: &Party,
    catalog: &Catalog,
    at: Timestamp,
) -> Result<Demand, UserErrors> {
    // Clocks of two machines may differ; history only runs forwards.
    let at = at.max(demand.updated_at + SignedDuration::from_micros(1));
    let step = wanted.action.step();
    check_version(demand.number, demand.version, wanted.expected_version)?;
    check_legal(demand, step)?;
    let mut errors = Vec::new();
    let mut next = demand.clone();
    if let (_, Some(to)) = step.rule() {
        next.status = to;
        next.ended_at = to.is_end().then_some(at);
    }
    match &wanted.action {
        Action::Update(patch) => apply(patch, &mut next, party, catalog, &mut errors),
        Action::Support(_) => next.supporters += 1,
        Action::WithdrawSupport(_) => next.supporters -= 1,
        Action::Meet(service) => next.service_id = answering(service, catalog, &mut errors),
        Action::Decline(decline) => {
            let says = (party.subject.as_str(), at);
            next.decline = Some(check(decline, None, catalog, says, &mut errors));
        }
        // What was said to answer it does not: that is what is disputed.
        Action::Reopen if demand.status == Status::Met => next.service_id = None,
        Action::Plan | Action::Reopen => {}
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if next != *demand {
        next.version += 1;
        next.updated_at = at;
    }
    Ok(next)
}

fn check_legal(demand: &Demand, step: Step) -> Result<(), UserErrors> {
    let is_legal = |step: Step| step.rule().0.contains(&demand.status);
    if is_legal(step) {
        return Ok(());
    }
    let legal = Step::iter().filter(|step| is_legal(*step));
    let legal = legal.map(Step::mutation);
    let stands = format_args!("is {}", demand.status);
    let refusal = UserError::illegal(demand.number, stands, step.mutation(), legal);
    Err(vec![refusal])
}
