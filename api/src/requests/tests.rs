//! Random courses of requests: history is complete, steps are the table's, and stored clocks are what a replay gives.

use std::sync::Arc;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::clocks::{Workshop, story};
use super::rules::{Event, EventKind, ServiceRequest, Status, Step};
use super::steps::{self, Wanted};
use super::submission::{Submission, Submitter, first_event, plan};
use crate::catalog::offerings::rules::Offering;
use crate::catalog::services::rules::Service;
use crate::declines::rules::{DeclineReason, WantedDecline};
use crate::shared::edit::Editable;
use crate::shared::ids::Id;
use crate::shared::record::{Header, Record};
use crate::slas::agreements::rules::Agreement;
use crate::slas::agreements::target::{SlaMetric, Target, TargetId};
use crate::slas::calendars::rules::Calendar;
use crate::slas::clock::ClockState;
use crate::slas::clocks::calendars::{CalendarContents, Compiled};
use crate::slas::clocks::rules::{StoredClock, Warning};
use crate::slas::hours::{CalendarSpec, LocalTime, OpeningHours, Weekday};
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

fn header(number: u128) -> Header {
    Header::new(
        Uuid::from_u128(number),
        format!("object-{number}"),
        format!("Object {number}"),
        Timestamp::UNIX_EPOCH,
    )
}

fn target(number: u128, metric: SlaMetric, priority: Option<Priority>, hours: i64) -> Target {
    Target {
        id: TargetId::new(Uuid::from_u128(number)),
        metric,
        priority,
        within: Some(SignedDuration::from_hours(hours)),
        objective: Decimal::from(95),
        warn_at: 80,
    }
}

/// An offering, and what is promised for its service: nothing for P4, two things for P1, and an office's hours.
fn catalog(requires_approval: bool) -> Catalog {
    let mut catalog = Catalog::default();
    let service = Service::blank(header(1));
    let mut offering = Offering::blank(header(2));
    offering.service_id = service.id();
    offering.requires_approval = requires_approval;
    let mut calendar = Calendar::blank(header(3));
    let hours = [Weekday::Monday, Weekday::Tuesday, Weekday::Thursday];
    calendar.spec = CalendarSpec {
        time_zone: "Europe/Berlin".to_owned(),
        hours: hours
            .into_iter()
            .map(|weekday| OpeningHours {
                weekday,
                opens: LocalTime::from_minutes(8 * 60).unwrap(),
                closes: LocalTime::from_minutes(18 * 60).unwrap(),
            })
            .collect(),
        holidays: Vec::new(),
    };
    let mut agreement = Agreement::blank(header(4));
    agreement.service_id = service.id();
    agreement.calendar_id = calendar.id();
    agreement.valid_from = date(2020, 1, 1);
    agreement.targets = vec![
        target(5, SlaMetric::ResponseTime, Some(Priority::P1), 1),
        target(6, SlaMetric::ResolutionTime, Some(Priority::P1), 4),
        target(7, SlaMetric::ResolutionTime, Some(Priority::P2), 20),
        target(8, SlaMetric::ResolutionTime, Some(Priority::P3), 60),
    ];
    catalog.put(Arc::new(service));
    catalog.put(Arc::new(offering));
    catalog.put(Arc::new(calendar));
    catalog.put(Arc::new(agreement));
    catalog
}

/// What happens to a request: its first priority, and steps after so many minutes, whether or not they are legal then.
type Course = (bool, Priority, Vec<(i64, Step, Priority)>);

fn course() -> impl Strategy<Value = Course> {
    let priority = || prop::sample::select(Priority::iter().collect::<Vec<_>>());
    let step = prop::sample::select(Step::iter().collect::<Vec<_>>());
    let steps = prop::collection::vec((0..4_000_i64, step, priority()), 0..14);
    (any::<bool>(), priority(), steps)
}

fn wanted(step: Step, priority: Priority) -> Wanted {
    Wanted {
        step,
        comment: Some("Because.".to_owned()),
        expected_version: None,
        decline: (step == Step::Decline).then(|| WantedDecline {
            reason: DeclineReason::Cost,
            explanation: "It costs more than it is worth.".to_owned(),
            alternative: None,
            revisit_on: None,
        }),
        priority: (step == Step::Reprioritise).then_some(priority),
    }
}

/// A request that has gone some way, with the clocks that were kept step by step.
struct Gone {
    request: ServiceRequest,
    events: Vec<Event>,
    clocks: Vec<StoredClock>,
    compiled: Compiled,
}

fn go((requires_approval, priority, steps): &Course) -> Gone {
    let catalog = catalog(*requires_approval);
    let contents = CalendarContents::default();
    let workshop = Workshop {
        catalog: &catalog,
        contents: &contents,
    };
    let start: Timestamp = "2026-03-02T06:30:00Z".parse().unwrap();
    let submission = Submission {
        offering_id: Id::<Offering>::new(Uuid::from_u128(2)).to_string(),
        title: None,
        customer_id: None,
        requester_id: None,
        inputs: None,
        priority: *priority,
    };
    let submitter = Submitter {
        subject: "ada",
        person: None,
        sees_catalog: true,
    };
    let mut request = plan(&submission, submitter, &catalog, start)
        .unwrap()
        .request;
    let mut events = vec![first_event(&request)];
    let mut clocks = workshop.start(&request, &events).unwrap();
    let (hash, open_time) = contents
        .of(&catalog
            .get(Id::<Calendar>::new(Uuid::from_u128(3)))
            .unwrap()
            .spec)
        .unwrap();
    let compiled = Compiled::from([(hash, open_time)]);
    for (gap, step, priority) in steps {
        let at = request.updated_at + SignedDuration::from_mins(*gap);
        let wanted = wanted(*step, *priority);
        let Ok((next, event)) = steps::take(&request, &wanted, &catalog, ("bob", at)) else {
            continue;
        };
        if next.priority != request.priority {
            clocks = workshop.choose_anew(&next, &clocks, event.at).unwrap();
        }
        let at = event.at;
        request = next;
        events.push(event);
        let keep = |clock: StoredClock| {
            let story = story(&request, &events, clock.metric);
            let means_anything = clock.means_anything(&story, &compiled, at);
            means_anything.then(|| clock.worked_out(&story, &compiled, at))
        };
        clocks = clocks.into_iter().filter_map(keep).collect();
    }
    Gone {
        request,
        events,
        clocks,
        compiled,
    }
}

proptest! {
    #[test]
    fn history_tells_how_a_request_came_to_be_as_it_is(course in course()) {
        let Gone { request, events, .. } = go(&course);
        let (mut status, mut priority, mut approved) = (Status::Submitted, request.priority, None);
        for (place, event) in events.iter().enumerate() {
            prop_assert_eq!(event.place, i32::try_from(place).unwrap() + 1);
            prop_assert!(event.from.is_none_or(|from| from == status));
            status = event.to.unwrap_or(status);
            priority = event.priority.unwrap_or(priority);
            if event.kind == EventKind::Approved {
                approved = approved.or(Some(event.at));
            }
        }
        prop_assert!(events.is_sorted_by_key(|event| event.at));
        prop_assert_eq!(request.status, status);
        prop_assert_eq!(request.priority, priority);
        prop_assert_eq!(request.approved_at, approved);
        prop_assert_eq!(request.version, events.last().unwrap().place);
        let declined = events.iter().any(|event| event.kind == EventKind::Declined);
        prop_assert_eq!(request.decline.is_some(), declined);
    }

    #[test]
    fn exactly_the_steps_that_are_called_legal_can_be_taken(course in course()) {
        let Gone { request, .. } = go(&course);
        let catalog = catalog(course.0);
        let legal = steps::legal(&request);
        for step in Step::iter() {
            let wanted = wanted(step, Priority::P1);
            let taken = steps::take(&request, &wanted, &catalog, ("bob", request.updated_at));
            prop_assert_eq!(taken.is_ok(), legal.contains(&step), "{}", step);
            if let Ok((next, _)) = taken {
                let (from, to) = step.rule();
                prop_assert!(from.contains(&request.status));
                prop_assert_eq!(next.status, to.unwrap_or(request.status));
                prop_assert!(
                    !matches!(step, Step::Start | Step::Fulfil)
                        || !next.requires_approval
                        || next.approved_at.is_some()
                );
            }
        }
    }

    #[test]
    fn what_judged_a_clock_goes_on_judging_it(course in course(), priority in prop::sample::select(Priority::iter().collect::<Vec<_>>())) {
        let before = go(&course);
        let mut later = course.clone();
        later.2.push((0, Step::Reprioritise, priority));
        let after = go(&later);
        for (clock, then) in before.clocks.iter().zip(&after.clocks) {
            if clock.breached_at.is_some() || clock.ended_at.is_some() && clock.state != ClockState::Cancelled {
                prop_assert_eq!(clock.judged_by(), then.judged_by());
                prop_assert_eq!(clock.decided_at, then.decided_at);
            }
        }
    }

    #[test]
    fn a_stored_clock_says_at_any_later_instant_what_a_replay_says(course in course(), minutes in 0..20_000_i64) {
        let Gone { request, events, clocks, compiled } = go(&course);
        let now = request.updated_at + SignedDuration::from_mins(minutes);
        for clock in clocks {
            let story = story(&request, &events, clock.metric);
            let anew = clock.clone().worked_out(&story, &compiled, now);
            let counting = clock.counting_calendar().and_then(|it| compiled.get(it));
            let standing = clock.at(now, counting.map(|it| &**it));
            prop_assert_eq!(standing.state, anew.state);
            prop_assert_eq!(standing.elapsed, anew.elapsed);
            let replayed = clock.replayed(&story, &compiled, now).unwrap();
            prop_assert_eq!(standing.remaining, replayed.remaining, "of what the clock measures");
            prop_assert_eq!(standing.at_risk, replayed.at_risk);
            prop_assert_eq!(standing.breached, anew.state == ClockState::Missed);
            prop_assert_eq!(clock.due_at, anew.due_at, "nothing happened that could move it");
            prop_assert_eq!(clock.breaches_at, anew.breaches_at);
            prop_assert_eq!(clock.warns_at, anew.warns_at);
            prop_assert_eq!(clock.decided_at, anew.decided_at);

            // What the scheduler records is what the replay knows, each once.
            let mut recorded = clock.clone();
            let warnings = recorded.record(now);
            prop_assert_eq!(recorded.at_risk_at, anew.at_risk_at);
            prop_assert_eq!(recorded.breached_at, anew.breached_at);
            prop_assert_eq!(&warnings, &anew.learnt_since(Some(&clock)));
            prop_assert!(warnings.is_sorted_by_key(|(_, at)| *at));
            prop_assert!(recorded.record(now).is_empty());
            prop_assert!(recorded.next_at().is_none_or(|at| at >= now));
            let missed = warnings.iter().any(|(warning, _)| *warning == Warning::Missed);
            prop_assert_eq!(missed, clock.breached_at.is_none() && anew.breached_at.is_some());
        }
    }
}
