//! Who may say what, for how long it can be changed, and what it comes to.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{CHANGEABLE, Feedback, Giver, Plan, Wanted, plan};
use super::satisfaction::{Scores, day_begins, day_ends};
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::requests::rules::{RequestNumber, ServiceRequest, Status};
use crate::shared::edit::Editable;
use crate::shared::errors::UserErrorCode;
use crate::shared::ids::Id;
use crate::shared::record::Header;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn header(number: u128) -> Header {
    Header::new(
        Uuid::from_u128(number),
        format!("object-{number}"),
        format!("Object {number}"),
        Timestamp::UNIX_EPOCH,
    )
}

fn service() -> Id<Service> {
    Id::new(Uuid::from_u128(1))
}

/// A clinic, its ward and a bank.
fn customer(number: u128) -> Id<Customer> {
    Id::new(Uuid::from_u128(10 + number))
}

const CLINIC: u128 = 0;
const WARD: u128 = 1;
const BANK: u128 = 2;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    catalog.put(Arc::new(Service::blank(header(1))));
    for number in [CLINIC, WARD, BANK] {
        let mut one = Customer::blank(header(customer(number).key().as_u128()));
        one.parent_id = (number == WARD).then(|| customer(CLINIC));
        catalog.put(Arc::new(one));
    }
    catalog
}

fn request() -> ServiceRequest {
    ServiceRequest {
        id: Uuid::from_u128(20),
        number: RequestNumber(7),
        title: String::new(),
        offering_id: Id::new(Uuid::from_u128(21)),
        service_id: service(),
        customer_id: Some(customer(WARD)),
        requester_id: None,
        submitted_by: "ada".to_owned(),
        requires_approval: false,
        priority: Priority::P3,
        status: Status::Fulfilled,
        approved_at: None,
        decline: None,
        due_at: None,
        breaches_at: None,
        version: 3,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn of_ward() -> Giver {
    Giver {
        subject: "ada".to_owned(),
        customer: Some(customer(WARD)),
        speaks_for_all: false,
        sees_catalog: false,
    }
}

fn wanted(score: i32, of: Option<u128>) -> Wanted {
    Wanted {
        service_id: service().to_string(),
        service_request_id: None,
        customer_id: of.map(|number| customer(number).to_string()),
        score,
        comment: None,
    }
}

fn given(planned: Plan) -> Feedback {
    let (Plan::Give(feedback) | Plan::Change(feedback) | Plan::Keep(feedback)) = planned;
    feedback
}

/// What is said of a service at an instant by somebody who said this before.
fn said(giver: &Giver, wanted: &Wanted, latest: Option<&Feedback>, at: Timestamp) -> Plan {
    plan(wanted, giver, (None, latest), &catalog(), at).unwrap()
}

#[test]
fn it_can_be_changed_to_the_last_moment_of_thirty_days() {
    let start = Timestamp::UNIX_EPOCH;
    let first = given(said(&of_ward(), &wanted(2, None), None, start));
    let end = first.changeable_until();
    assert_eq!(end, start + CHANGEABLE);
    let late = said(&of_ward(), &wanted(5, None), Some(&first), end - SECOND);
    let Plan::Change(changed) = late else {
        panic!("{late:?}");
    };
    assert_eq!((changed.id, changed.score), (first.id, 5));
    assert_eq!((changed.version, changed.created_at), (2, start));
    let later = said(&of_ward(), &wanted(5, None), Some(&changed), end);
    let Plan::Give(anew) = later else {
        panic!("{later:?}");
    };
    assert!(anew.id != first.id && anew.version == 1 && anew.created_at == end);
}

#[test]
fn on_a_request_nothing_more_can_be_said_after_thirty_days() {
    let (catalog, request) = (catalog(), request());
    let word = |score| Wanted {
        service_request_id: Some(request.subject().to_string()),
        ..wanted(score, None)
    };
    let at_first = Timestamp::UNIX_EPOCH;
    let plan = |score, latest, at| {
        let known = (Some(&request), latest);
        plan(&word(score), &of_ward(), known, &catalog, at)
    };
    let first = given(plan(1, None, at_first).unwrap());
    let in_time = plan(2, Some(&first), at_first + CHANGEABLE - SECOND);
    assert!(matches!(in_time, Ok(Plan::Change(_))), "{in_time:?}");
    // Even what was said already.
    for score in [1, 2] {
        let errors = plan(score, Some(&first), at_first + CHANGEABLE).unwrap_err();
        assert_eq!(errors[0].code, UserErrorCode::Invalid);
        assert_eq!(errors[0].field, ["serviceRequestId"]);
    }
}

#[test]
fn people_speak_for_their_own_customer_alone() {
    let at = Timestamp::UNIX_EPOCH;
    let code = |giver: &Giver, of| {
        let planned = plan(&wanted(3, Some(of)), giver, (None, None), &catalog(), at);
        planned.err().map(|errors| errors[0].code)
    };
    let blind = of_ward();
    let reader = Giver {
        sees_catalog: true,
        ..of_ward()
    };
    let worker = Giver {
        customer: None,
        speaks_for_all: true,
        ..of_ward()
    };
    for (of, for_blind, for_reader) in [
        (WARD, None, None),
        (
            CLINIC,
            Some(UserErrorCode::NotFound),
            Some(UserErrorCode::Invalid),
        ),
        (
            BANK,
            Some(UserErrorCode::NotFound),
            Some(UserErrorCode::Invalid),
        ),
        (
            99,
            Some(UserErrorCode::NotFound),
            Some(UserErrorCode::NotFound),
        ),
    ] {
        assert_eq!(code(&blind, of), for_blind, "{of}");
        assert_eq!(code(&reader, of), for_reader, "{of}");
    }
    assert_eq!(code(&worker, BANK), None);
}

proptest! {
    #[test]
    fn each_customer_has_one_answer_in_thirty_days_and_keeps_it(
        words in prop::collection::vec((prop::option::of(CLINIC..=BANK), 1..=5, 0..40_i64), 1..40),
        own in prop::option::of(CLINIC..=BANK),
    ) {
        let desk = Giver {
            customer: own.map(customer),
            speaks_for_all: true,
            ..of_ward()
        };
        let mut latest: HashMap<Uuid, Feedback> = HashMap::new();
        let mut answers: HashMap<Uuid, Feedback> = HashMap::new();
        let mut now = Timestamp::UNIX_EPOCH;
        for (of, score, days) in words {
            now += SignedDuration::from_hours(24 * days);
            let whose = of.map(customer).or(desk.customer);
            let about = desk.about(None, service(), whose);
            let feedback = given(said(&desk, &wanted(score, of), latest.get(&about), now));
            prop_assert_eq!(feedback.customer_id, whose);
            prop_assert_eq!(i32::from(feedback.score), score);
            if let Some(before) = answers.insert(feedback.id, feedback.clone()) {
                prop_assert_eq!(before.customer_id, whose, "an answer stays its customer's");
                prop_assert!(now < before.changeable_until());
            }
            latest.insert(about, feedback);
        }
        let mut times: HashMap<Option<Id<Customer>>, Vec<Timestamp>> = HashMap::new();
        for answer in answers.values() {
            times.entry(answer.customer_id).or_default().push(answer.created_at);
        }
        for times in times.values_mut() {
            times.sort_unstable();
            for pair in times.windows(2) {
                prop_assert!(pair[1] >= pair[0] + CHANGEABLE, "two answers within 30 days");
            }
        }
    }

    #[test]
    fn an_average_lies_between_the_scores_and_csat_is_the_share_of_the_good_ones(
        scores in prop::collection::vec(1..=5_i64, 0..30),
        givers in prop::option::of(0..10_i64),
    ) {
        let count = |of: usize| i64::try_from(of).unwrap();
        let good = scores.iter().filter(|score| **score >= 4).count();
        let sums = Scores {
            responses: count(scores.len()),
            total: scores.iter().sum(),
            good: count(good),
            givers,
        };
        prop_assert_eq!(sums.are_of_many(), givers >= Some(3));
        prop_assert_eq!(sums.average().is_some(), !scores.is_empty());
        prop_assert!(sums.average().is_none_or(|average| (1.0..=5.0).contains(&average)));
        let all_good = good == scores.len();
        prop_assert!(sums.csat().is_none_or(|csat| (0.0..=100.0).contains(&csat)));
        prop_assert!(sums.csat().is_none_or(|csat| (csat >= 100.0) == all_good));
    }

    #[test]
    fn a_period_of_whole_days_holds_the_one_that_was_asked_for(
        since in 0..4_000_000_000_i64, length in 1..4_000_000_i64,
    ) {
        let (start, end) = (
            Timestamp::from_second(since).unwrap(),
            Timestamp::from_second(since + length).unwrap(),
        );
        let (first, last) = (day_begins(start), day_ends(end));
        prop_assert!(first <= start && end <= last);
        let day = SignedDuration::from_hours(24);
        prop_assert!(start.duration_since(first) < day && last.duration_since(end) < day);
        for bound in [first, last] {
            prop_assert_eq!(bound.as_second() % (24 * 3600), 0);
            prop_assert_eq!((day_begins(bound), day_ends(bound)), (bound, bound));
        }
    }
}
