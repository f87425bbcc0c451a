//! Cases that people can check in their heads.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use PauseReason::{WaitingForApproval, WaitingOnCustomer};

use crate::slas::clock::{
    Clock, ClockState, History, Interval, IntervalReason, PauseReason, Promise, Signal,
};
use crate::slas::hours::{CalendarSpec, OpeningHours, Weekday};
use crate::slas::open_time::OpenTime;

/// Instants of the week of Monday, 2026-11-23, in Berlin.
fn at(text: &str) -> Timestamp {
    let (weekday, time) = text.split_once(' ').unwrap();
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Next"];
    let day = 23 + days.iter().position(|day| *day == weekday).unwrap();
    format!("2026-11-{day}T{time}+01").parse().unwrap()
}

/// So many hours from Monday to Friday, 08:00 to 17:00; warned at 80 %.
fn office(hours: i64) -> Promise {
    let weekdays = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];
    let day = |weekday| OpeningHours {
        weekday,
        opens: "08:00".parse().unwrap(),
        closes: "17:00".parse().unwrap(),
    };
    let calendar = CalendarSpec {
        time_zone: "Europe/Berlin".to_owned(),
        hours: weekdays.into_iter().map(day).collect(),
        holidays: Vec::new(),
    };
    Promise {
        within: SignedDuration::from_hours(hours),
        warn_at: 80,
        calendar: Arc::new(OpenTime::new(&calendar).unwrap()),
    }
}

fn history(start: &str, hours: i64, signals: Vec<(&str, Signal)>) -> History {
    let signal = |(time, signal)| (at(time), signal);
    History {
        started_at: at(start),
        promise: Some(office(hours)),
        signals: signals.into_iter().map(signal).collect(),
    }
}

fn clock(history: &History, now: &str) -> Clock {
    history.clock(at(now)).unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[test]
fn a_target_used_up_at_closing_time_can_be_met_until_the_next_opening() {
    let promised = history("Fri 08:00", 9, vec![]);
    let saturday = clock(&promised, "Sat 12:00");
    assert_eq!(saturday.state, ClockState::Running);
    assert_eq!(saturday.due_at, Some(at("Fri 17:00")));
    assert_eq!(saturday.breaches_at, Some(at("Next 08:00")));
    assert_eq!((saturday.at_risk, saturday.remaining), (true, minutes(0)));

    let met = history("Fri 08:00", 9, vec![("Next 08:00", Signal::Met)]);
    let met = clock(&met, "Next 12:00");
    assert_eq!((met.state, met.good), (ClockState::Met, true));
    assert_eq!(met.decided_at, Some(at("Next 08:00")));

    let late = history("Fri 08:00", 9, vec![("Next 08:00:00.000001", Signal::Met)]);
    let late = clock(&late, "Next 12:00");
    assert_eq!((late.state, late.good), (ClockState::Missed, false));
    assert_eq!(late.decided_at, Some(at("Next 08:00")));
    assert_eq!(late.ended_at, Some(at("Next 08:00:00.000001")));
}

#[test]
fn it_is_at_risk_from_its_share_on_until_its_breach() {
    let promised = history("Mon 08:00", 5, vec![]);
    for (now, at_risk, breached) in [
        ("Mon 11:59:59", false, false),
        ("Mon 12:00", true, false),
        ("Mon 13:00", true, false),
        ("Mon 13:00:01", false, true),
    ] {
        let clock = clock(&promised, now);
        assert_eq!(
            (clock.at_risk, clock.breached),
            (at_risk, breached),
            "{now}"
        );
        assert_eq!(clock.warns_at, Some(at("Mon 12:00")), "{now}");
        assert_eq!(clock.breaches_at, Some(at("Mon 13:00")), "{now}");
        assert_eq!(clock.due_at, Some(at("Mon 13:00")), "{now}");
    }
}

#[test]
fn a_pause_does_not_count_and_leaves_no_due_time() {
    let waiting = history(
        "Mon 08:00",
        4,
        vec![
            ("Mon 10:00", Signal::Pause(WaitingOnCustomer)),
            ("Tue 09:00", Signal::Resume(WaitingOnCustomer)),
        ],
    );
    let paused = clock(&waiting, "Mon 15:00");
    assert_eq!(
        (paused.state, paused.elapsed),
        (ClockState::Paused, minutes(120))
    );
    assert_eq!(
        (paused.due_at, paused.breaches_at, paused.decided_at),
        (None, None, None)
    );
    assert_eq!(clock(&waiting, "Tue 09:00").due_at, Some(at("Tue 11:00")));
}

#[test]
fn it_waits_until_every_reason_is_gone() {
    let waiting = history(
        "Mon 08:00",
        4,
        vec![
            ("Mon 08:00", Signal::Pause(WaitingForApproval)),
            ("Mon 09:00", Signal::Pause(WaitingOnCustomer)),
            ("Mon 10:00", Signal::Resume(WaitingForApproval)),
            ("Mon 11:00", Signal::Resume(WaitingOnCustomer)),
        ],
    );
    assert_eq!(clock(&waiting, "Mon 10:30").state, ClockState::Paused);
    assert_eq!(clock(&waiting, "Mon 12:00").elapsed, minutes(60));
    let reasons: Vec<_> = waiting
        .explain(at("Mon 18:00"), usize::MAX)
        .unwrap()
        .iter()
        .map(|interval| (interval.reason, interval.until))
        .collect();
    assert_eq!(
        reasons,
        [
            (IntervalReason::WaitingForApproval, at("Mon 09:00")),
            (IntervalReason::WaitingOnCustomer, at("Mon 11:00")),
            (IntervalReason::Open, at("Mon 17:00")),
            (IntervalReason::OutsideHours, at("Mon 18:00")),
        ]
    );
}

#[test]
fn a_breach_is_not_undone_by_what_comes_after_it() {
    for late in [
        Signal::Met,
        Signal::Cancelled,
        Signal::Pause(WaitingOnCustomer),
        Signal::Promised(Some(office(100))),
        Signal::Promised(None),
    ] {
        let history = history("Mon 08:00", 2, vec![("Mon 11:00", late.clone())]);
        let clock = clock(&history, "Tue 08:00");
        assert_eq!(clock.state, ClockState::Missed, "{late:?}");
        assert_eq!(clock.breached_at, Some(at("Mon 10:00")), "{late:?}");
        assert_eq!(clock.decided_at, Some(at("Mon 10:00")), "{late:?}");
    }
}

#[test]
fn a_missed_clock_that_still_runs_keeps_its_due_time() {
    let missed = history("Mon 08:00", 2, vec![]);
    let missed = clock(&missed, "Tue 08:00");
    assert_eq!(missed.due_at, Some(at("Mon 10:00")));
    assert_eq!(missed.remaining, minutes(-7 * 60));
}

#[test]
fn a_cancelled_clock_decides_nothing() {
    let cancelled = history("Mon 08:00", 4, vec![("Mon 10:00", Signal::Cancelled)]);
    let cancelled = clock(&cancelled, "Tue 12:00");
    assert_eq!(cancelled.state, ClockState::Cancelled);
    assert_eq!((cancelled.decided_at, cancelled.good), (None, false));
    assert_eq!(cancelled.ended_at, Some(at("Mon 10:00")));
}

#[test]
fn reopening_resumes_with_what_was_used_and_the_time_between_is_free() {
    let reopened = history(
        "Mon 08:00",
        4,
        vec![
            ("Mon 09:00", Signal::Pause(WaitingOnCustomer)),
            ("Mon 10:00", Signal::Met),
            ("Wed 08:00", Signal::Reopened),
        ],
    );
    let running = clock(&reopened, "Wed 09:00");
    assert_eq!(
        (running.state, running.elapsed),
        (ClockState::Running, minutes(120))
    );
    assert_eq!(
        (running.due_at, running.ended_at),
        (Some(at("Wed 11:00")), None)
    );
    let ended: Vec<Interval> = reopened
        .explain(at("Wed 09:00"), usize::MAX)
        .unwrap()
        .into_iter()
        .filter(|interval| interval.reason == IntervalReason::Ended)
        .collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].from, ended[0].until),
        (at("Mon 10:00"), at("Wed 08:00"))
    );
}

#[test]
fn another_priority_measures_again_from_the_start_and_may_breach_at_once() {
    let pauses = vec![
        ("Mon 09:00", Signal::Pause(WaitingOnCustomer)),
        ("Mon 12:00", Signal::Resume(WaitingOnCustomer)),
    ];
    let with = |hours| {
        let mut signals = pauses.clone();
        signals.push(("Mon 15:00", Signal::Promised(Some(office(hours)))));
        history("Mon 08:00", 40, signals)
    };
    // One hour before the wait and three after it were used.
    let at_once = clock(&with(3), "Mon 16:00");
    assert_eq!(at_once.breached_at, Some(at("Mon 15:00")));
    assert_eq!(at_once.due_at, Some(at("Mon 14:00")));
    assert_eq!(at_once.at_risk_at, None);
    let warned = clock(&with(5), "Mon 15:00");
    assert_eq!(
        (warned.at_risk_at, warned.breached),
        (Some(at("Mon 15:00")), false)
    );
    assert_eq!(warned.due_at, Some(at("Mon 16:00")));
    let calm = clock(&with(10), "Mon 15:00");
    assert_eq!((calm.elapsed, calm.at_risk), (minutes(240), false));
}

#[test]
fn a_longer_promise_puts_a_clock_out_of_risk() {
    let signals = vec![("Mon 12:30", Signal::Promised(Some(office(20))))];
    let calmed = history("Mon 08:00", 5, signals);
    assert_eq!(
        clock(&calmed, "Mon 12:15").at_risk_at,
        Some(at("Mon 12:00"))
    );
    let after = clock(&calmed, "Mon 12:30");
    assert_eq!((after.at_risk, after.at_risk_at), (false, None));
    assert_eq!(after.warns_at, Some(at("Tue 15:00")));
}

#[test]
fn a_priority_that_nothing_is_promised_for_cancels_until_something_is() {
    let signals = vec![
        ("Mon 09:00", Signal::Promised(None)),
        ("Mon 16:00", Signal::Promised(Some(office(20)))),
    ];
    let history = history("Mon 08:00", 5, signals);
    let cancelled = clock(&history, "Mon 15:00");
    assert_eq!(cancelled.state, ClockState::Cancelled);
    assert_eq!(cancelled.ended_at, Some(at("Mon 09:00")));
    assert_eq!((cancelled.elapsed, cancelled.due_at), (minutes(60), None));
    let again = clock(&history, "Mon 16:00");
    assert_eq!(
        (again.state, again.elapsed),
        (ClockState::Running, minutes(480))
    );
}

#[test]
fn an_end_is_judged_by_the_promise_of_its_time() {
    let signals = vec![
        ("Mon 11:00", Signal::Met),
        ("Mon 12:00", Signal::Promised(Some(office(2)))),
        ("Mon 13:00", Signal::Reopened),
    ];
    let history = history("Mon 08:00", 5, signals);
    assert_eq!(clock(&history, "Mon 12:30").state, ClockState::Met);
    let reopened = clock(&history, "Mon 14:00");
    assert_eq!(reopened.breached_at, Some(at("Mon 13:00")));
}

#[test]
fn without_a_promise_there_is_no_clock() {
    let mut history = history("Mon 08:00", 5, vec![]);
    history.promise = None;
    assert_eq!(history.clock(at("Mon 12:00")), None);
    assert_eq!(
        history.explain(at("Mon 12:00"), usize::MAX).unwrap(),
        Vec::new()
    );
    history
        .signals
        .push((at("Mon 10:00"), Signal::Promised(Some(office(5)))));
    assert_eq!(clock(&history, "Mon 12:00").elapsed, minutes(240));
}

#[test]
fn what_happens_later_is_not_known_yet() {
    let history = history("Mon 08:00", 5, vec![("Mon 10:00", Signal::Met)]);
    assert_eq!(clock(&history, "Mon 09:00").state, ClockState::Running);
    let before_it_starts = clock(&history, "Mon 07:00");
    assert_eq!(before_it_starts.elapsed, minutes(0));
    assert_eq!(
        history.explain(at("Mon 07:00"), usize::MAX).unwrap(),
        Vec::new()
    );
}

#[test]
fn history_never_runs_backwards() {
    let signals = vec![
        ("Mon 10:00", Signal::Pause(WaitingOnCustomer)),
        ("Mon 09:59", Signal::Resume(WaitingOnCustomer)),
    ];
    let skewed = history("Mon 08:00", 5, signals);
    assert_eq!(clock(&skewed, "Mon 12:00").elapsed, minutes(240));
}
