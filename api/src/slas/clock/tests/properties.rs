//! Laws of clocks over random histories.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::oracle::{Event, KNOWN, SAMPLES, Terms, Walk, instant};
use crate::slas::clock::{
    Clock, ClockState, History, IntervalReason, PauseReason, Promise, Signal,
};

fn terms() -> impl Strategy<Value = Terms> {
    // Tens of minutes and tens of percent: the share to warn at is a whole number of minutes.
    (0..SAMPLES.len(), 0_usize..300, 1_usize..=10).prop_map(|(sample, tens, tenths)| Terms {
        sample,
        within: tens * 10,
        warn_after: tens * tenths,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let reason = || {
        prop_oneof![
            Just(PauseReason::WaitingOnCustomer),
            Just(PauseReason::WaitingForApproval)
        ]
    };
    prop_oneof![
        2 => reason().prop_map(Event::Pause),
        4 => reason().prop_map(Event::Resume),
        1 => Just(Event::Met),
        1 => Just(Event::Cancelled),
        3 => Just(Event::Reopened),
        2 => proptest::option::weighted(0.8, terms()).prop_map(Event::Promised),
    ]
}

/// A start, what was promised then, what happened after how many minutes, and how many minutes passed since.
fn course() -> impl Strategy<Value = (usize, Terms, Vec<(usize, Event)>, usize)> {
    let gap = || prop_oneof![1 => Just(0_usize), 3 => 0_usize..200, 3 => 0_usize..3000];
    let events = vec((gap(), event()), 0..10);
    (0_usize..20 * 1440, terms(), events, gap())
}

fn promise(terms: Terms) -> Promise {
    let percent = (terms.warn_after * 100).checked_div(terms.within);
    Promise {
        within: minutes(terms.within),
        warn_at: u8::try_from(percent.unwrap_or(80)).unwrap(),
        calendar: SAMPLES[terms.sample].calendar.clone(),
    }
}

fn minutes(minutes: usize) -> SignedDuration {
    SignedDuration::from_mins(minutes.try_into().unwrap())
}

fn signal(event: Event) -> Signal {
    match event {
        Event::Pause(reason) => Signal::Pause(reason),
        Event::Resume(reason) => Signal::Resume(reason),
        Event::Met => Signal::Met,
        Event::Cancelled => Signal::Cancelled,
        Event::Reopened => Signal::Reopened,
        Event::Promised(terms) => Signal::Promised(terms.map(promise)),
    }
}

/// The same course told to both.
fn told(
    start: usize,
    terms: Terms,
    events: &[(usize, Event)],
    since: usize,
) -> (History, Walk, Timestamp) {
    let mut walk = Walk::new(start, terms);
    let mut signals = Vec::new();
    for (gap, event) in events {
        walk.pass(walk.now() + gap);
        walk.apply(*event);
        signals.push((instant(walk.now()), signal(*event)));
    }
    walk.pass(walk.now() + since);
    walk.look();
    let history = History {
        started_at: instant(start),
        promise: Some(promise(terms)),
        signals,
    };
    let now = instant(walk.now());
    (history, walk, now)
}

fn expected(walk: &Walk) -> Clock {
    let terms = walk.terms();
    let mut future = walk.clone();
    future.pass(if walk.is_running() { KNOWN } else { walk.now() });
    let state = walk.state();
    let breaches = walk.breached_at.or(future.breached_at);
    let met = walk.ended().filter(|_| state == ClockState::Met);
    let at = |minute: Option<usize>| minute.map(instant);
    Clock {
        state,
        elapsed: minutes(walk.elapsed()),
        remaining: minutes(terms.within) - minutes(walk.elapsed()),
        due_at: at(future.used(terms.within).filter(|_| walk.is_running())),
        at_risk: walk.is_at_risk(),
        at_risk_at: at(walk.at_risk_at),
        warns_at: at(match walk.breached_at {
            Some(_) => walk.at_risk_at,
            None => future.at_risk_at,
        }),
        breached: walk.breached_at.is_some(),
        breached_at: at(walk.breached_at),
        breaches_at: at(breaches),
        ended_at: at(walk.ended()),
        decided_at: at(breaches.or(met)),
        good: state == ClockState::Met,
    }
}

/// Leaves out what is to come after the minutes that the oracle knows.
fn foreseeable(mut clock: Clock) -> Clock {
    let is_known = |at: &Timestamp| *at < instant(KNOWN);
    clock.due_at = clock.due_at.filter(is_known);
    clock.warns_at = clock.warns_at.filter(is_known);
    clock.breaches_at = clock.breaches_at.filter(is_known);
    clock.decided_at = clock.decided_at.filter(is_known);
    clock
}

const INSTANT: SignedDuration = SignedDuration::from_nanos(1);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_clock_stands_where_a_walk_minute_by_minute_leaves_it(
        (start, terms, events, since) in course()
    ) {
        let (history, walk, now) = told(start, terms, &events, since);
        let clock = history.clock(now).unwrap();
        prop_assert_eq!(foreseeable(clock), foreseeable(expected(&walk)));
    }

    #[test]
    fn every_interval_is_explained(
        (start, terms, events, since) in course()
    ) {
        let (history, walk, now) = told(start, terms, &events, since);
        let mut reasons = Vec::new();
        let mut at = history.started_at;
        for interval in history.explain(now, usize::MAX).unwrap() {
            prop_assert_eq!(interval.from, at);
            prop_assert_eq!(interval.counted, interval.reason == IntervalReason::Open);
            at = interval.until;
            let minutes = interval.from.duration_until(interval.until).as_mins();
            prop_assert!(minutes > 0);
            prop_assert!(reasons.last() != Some(&interval.reason));
            reasons.extend(std::iter::repeat_n(interval.reason, usize::try_from(minutes).unwrap()));
        }
        prop_assert_eq!(reasons, walk.reasons());
        let clock = history.clock(now).unwrap();
        prop_assert_eq!(at, clock.ended_at.unwrap_or(now).max(history.started_at));
        let intervals = history.explain(now, usize::MAX).unwrap();
        let count = intervals.len();
        prop_assert_eq!(history.explain(now, count).map(|all| all.len()), Some(count));
        if count > 0 {
            prop_assert_eq!(history.explain(now, count - 1), None);
        }
        let counted = intervals.into_iter().filter(|interval| interval.counted);
        let sum: SignedDuration = counted.map(|it| it.from.duration_until(it.until)).sum();
        prop_assert_eq!(sum, clock.elapsed);
    }

    #[test]
    fn what_is_foreseen_happens_at_the_very_instant(
        (start, terms, events, since) in course()
    ) {
        let (history, _, now) = told(start, terms, &events, since);
        let clock = history.clock(now).unwrap();
        if let Some(at) = clock.breaches_at.filter(|at| *at >= now && !clock.breached) {
            let kept = history.clock(at).unwrap();
            prop_assert!(!kept.breached && kept.remaining.is_zero());
            let broken = history.clock(at + INSTANT).unwrap();
            prop_assert_eq!((broken.state, broken.breached_at), (ClockState::Missed, Some(at)));
            prop_assert_eq!(broken.remaining, -INSTANT);
            prop_assert_eq!((broken.due_at, broken.decided_at), (clock.due_at, clock.decided_at));
        }
        if let Some(at) = clock.warns_at.filter(|at| *at > now) {
            prop_assert!(!history.clock(at - INSTANT).unwrap().at_risk);
            let warned = history.clock(at).unwrap();
            prop_assert_eq!((warned.at_risk, warned.at_risk_at), (true, Some(at)));
        }
        if let Some(at) = clock.due_at.filter(|at| *at > now) {
            prop_assert!(!history.clock(at - INSTANT).unwrap().remaining.is_zero());
            prop_assert!(history.clock(at).unwrap().remaining.is_zero());
        }
    }

    #[test]
    fn a_breach_is_never_undone(
        (start, terms, events, since) in course(),
        split in 0_usize..10,
    ) {
        let split = split.min(events.len());
        let (before, walk, now) = told(start, terms, &events[..split], since);
        let (after, ..) = told(start, terms, &events, since);
        let earlier = now.min(after.signals.get(split).map_or(now, |(at, _)| *at));
        let early = before.clock(earlier).unwrap();
        if early.breached {
            let late = after.clock(instant(walk.now() + 40 * 1440)).unwrap();
            prop_assert_eq!((late.state, late.breached_at), (ClockState::Missed, early.breached_at));
            prop_assert_eq!((late.decided_at, late.good), (early.breached_at, false));
        }
    }
}
