//! What a customer was promised, by agreements of their own and by those for everybody, and how it was kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join_all, try_join3};

use super::rules::Period;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::loads::{LoadError, Loads};
use crate::shared::work::first_microsecond;
use crate::slas::agreements::kept::{DecidedFor, tallies};
use crate::slas::agreements::rules::{Agreement, AgreementKind};
use crate::slas::agreements::target::{SlaMetric, Target};
use crate::slas::availability::store::{Measured, Tally};
use crate::snapshot::{Catalog, name_key};

/// A target, the agreement that it belongs to, and what was measured of it.
pub(super) type Kept<'c> = (&'c Arc<Agreement>, &'c Target, Tally);

/// How promises were kept in a period, of a customer who requested something of these services in it: first by their own agreements of
/// kind SLA, then by those for everybody; each by name, then as the targets are.
///
/// A clock's target was chosen when it started, so each of the customer's clocks counts once: for their own agreement where that said
/// anything. Availability has no clocks: it is promised for everybody where no agreement of the customer promises it.
pub(super) async fn kept<'c>(
    (catalog, loads): (&'c Catalog, &Loads),
    customer: Id<Customer>,
    requested: &[Id<Service>],
    period: Period,
) -> Result<Vec<Kept<'c>>, LoadError> {
    let (from, until) = (
        first_microsecond(period.from),
        first_microsecond(period.until),
    );
    let own: Vec<_> = own(catalog, customer).collect();
    let available = available_to_all(
        catalog,
        &own,
        &used(catalog, customer, &own, requested),
        period,
    );
    let of_own = own
        .iter()
        .map(|agreement| tallies(loads, agreement, (from, until)));
    let services = available
        .iter()
        .map(|(agreement, _)| agreement.service_id.key());
    let measured = Measured { from, until };
    let (of_own, decided, measured) = try_join3(
        try_join_all(of_own),
        loads.ask(DecidedFor { from, until }, customer.key()),
        loads.ask_all(&measured, services),
    )
    .await?;
    let of_own = own.iter().zip(of_own).flat_map(|(agreement, tallies)| {
        let tallies = tallies.into_iter();
        tallies.map(move |(target, tally)| (*agreement, target, tally))
    });
    let decided = decided.into_iter().filter_map(|(target, tally)| {
        let (agreement, target) = catalog.target(target)?;
        is_for_all(agreement).then_some((agreement, target, tally))
    });
    let available = available.into_iter().zip(measured);
    let available = available.map(|((agreement, target), tally)| (agreement, target, tally));
    let mut for_all: Vec<Kept<'c>> = decided.chain(available).collect();
    for_all.sort_by_cached_key(|(agreement, target, _)| {
        let place = agreement.targets.iter().position(|it| it.id == target.id);
        (name_key(&***agreement), agreement.header.id, place)
    });
    Ok(of_own.chain(for_all).collect())
}

/// A customer's own agreements of kind SLA, by name.
fn own(catalog: &Catalog, customer: Id<Customer>) -> impl Iterator<Item = &Arc<Agreement>> {
    let agreements = catalog.agreement_indexes.customer.ids(&customer);
    agreements
        .filter_map(|id| catalog.get(Id::<Agreement>::new(id)))
        .filter(|agreement| agreement.kind == AgreementKind::Sla)
}

fn is_for_all(agreement: &Agreement) -> bool {
    agreement.customer_id.is_none() && agreement.kind == AgreementKind::Sla
}

/// The services that a customer uses: what their outcomes rest on directly, what was promised to them, and what they requested.
fn used(
    catalog: &Catalog,
    customer: Id<Customer>,
    own: &[&Arc<Agreement>],
    requested: &[Id<Service>],
) -> BTreeSet<Id<Service>> {
    let outcomes = catalog.customer_outcomes.ids(&customer);
    let rested_on = outcomes.flat_map(|outcome| {
        let services = &catalog.service_indexes.outcome;
        services.ids(&Id::<Outcome>::new(outcome)).map(Id::new)
    });
    let promised = own.iter().map(|agreement| agreement.service_id);
    rested_on
        .chain(promised)
        .chain(requested.iter().copied())
        .collect()
}

/// What is promised to everybody of the availability of these services in a period, where none of these agreements promises it.
fn available_to_all<'c>(
    catalog: &'c Catalog,
    own: &[&'c Arc<Agreement>],
    used: &BTreeSet<Id<Service>>,
    period: Period,
) -> Vec<(&'c Arc<Agreement>, &'c Target)> {
    let holds = |agreement: &&'c Arc<Agreement>| {
        agreement.is_valid_within(catalog, period.from, period.until)
    };
    let targets = |agreement: &'c Arc<Agreement>| {
        let targets = agreement.targets.iter();
        targets.filter(|target| target.metric == SlaMetric::Availability)
    };
    let promised: BTreeSet<Id<Service>> = own
        .iter()
        .copied()
        .filter(|agreement| holds(agreement) && targets(agreement).next().is_some())
        .map(|agreement| agreement.service_id)
        .collect();
    used.difference(&promised)
        .flat_map(|service| catalog.agreement_indexes.sla.ids(service))
        .filter_map(|id| catalog.get(Id::<Agreement>::new(id)))
        .filter(|agreement| is_for_all(agreement) && holds(agreement))
        .flat_map(|agreement| targets(agreement).map(move |target| (agreement, target)))
        .collect()
}
