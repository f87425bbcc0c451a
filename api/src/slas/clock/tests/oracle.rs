//! A clock as the design states it, found out by letting every minute pass.

use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};

use crate::slas::clock::{ClockState, IntervalReason, PauseReason};
use crate::slas::hours::{CalendarSpec, Holiday, OpeningHours, Weekday};
use crate::slas::open_time::{OpenTime, PieceKind};

/// How many minutes after `EPOCH` are known.
pub(super) const KNOWN: usize = 90 * 1440;
/// 2026-03-20T00:00Z: Morocco, Germany and Lord Howe set their clocks in the weeks that follow.
const EPOCH: i64 = 1_773_964_800;

/// A calendar, and what it says of each minute.
pub(super) struct Sample {
    pub(super) calendar: Arc<OpenTime>,
    kinds: Vec<PieceKind>,
}

/// Calendars that differ in what may go wrong.
pub(super) static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let weekdays = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];
    let days = |days: &[Weekday], opens: &str, closes: &str| -> Vec<OpeningHours> {
        let day = |&weekday| OpeningHours {
            weekday,
            opens: opens.parse().unwrap(),
            closes: closes.parse().unwrap(),
        };
        days.iter().map(day).collect()
    };
    let weekend = days(&[Weekday::Saturday, Weekday::Sunday], "00:00", "04:00");
    vec![
        sample(
            "Europe/Berlin",
            days(&weekdays, "08:00", "17:00"),
            "2026-04-06",
        ),
        sample("UTC", Vec::new(), "2026-05-01"),
        sample("Australia/Lord_Howe", weekend, "2026-06-08"),
        sample(
            "Africa/Casablanca",
            days(&weekdays, "22:00", "24:00"),
            "2026-04-01",
        ),
    ]
});

fn sample(zone: &str, hours: Vec<OpeningHours>, holiday: &str) -> Sample {
    let calendar = OpenTime::new(&CalendarSpec {
        time_zone: zone.to_owned(),
        hours,
        holidays: vec![Holiday {
            date: holiday.parse().unwrap(),
            name: "Feast".to_owned(),
        }],
    });
    let calendar = calendar.unwrap();
    let mut kinds = Vec::new();
    for piece in calendar
        .intervals(instant(0), instant(KNOWN), usize::MAX)
        .unwrap()
    {
        let minutes = piece.from.duration_until(piece.until).as_mins();
        kinds.extend(std::iter::repeat_n(
            piece.kind,
            usize::try_from(minutes).unwrap(),
        ));
    }
    Sample {
        calendar: Arc::new(calendar),
        kinds,
    }
}

pub(super) fn instant(minute: usize) -> Timestamp {
    let minutes = SignedDuration::from_mins(minute.try_into().unwrap());
    Timestamp::from_second(EPOCH).unwrap() + minutes
}

/// What is promised, in minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) sample: usize,
    pub(super) within: usize,
    pub(super) warn_after: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Pause(PauseReason),
    Resume(PauseReason),
    Met,
    Cancelled,
    Reopened,
    Promised(Option<Terms>),
}

/// The oracle's clock.
#[derive(Clone, Default)]
pub(super) struct Walk {
    start: usize,
    /// Why each minute since the start may not count, if it may not.
    log: Vec<Option<IntervalReason>>,
    customer: bool,
    approval: bool,
    met: Option<usize>,
    cancelled: Option<usize>,
    terms: Option<Terms>,
    /// The terms to be measured by once nothing is promised any more, or after an end.
    last_terms: Option<Terms>,
    put_off: Option<Event>,
    withdrawn: Option<usize>,
    pub(super) at_risk_at: Option<usize>,
    pub(super) breached_at: Option<usize>,
}

impl Walk {
    pub(super) fn new(start: usize, terms: Terms) -> Self {
        let mut walk = Self {
            start,
            terms: Some(terms),
            last_terms: Some(terms),
            ..Self::default()
        };
        walk.look();
        walk
    }

    pub(super) fn now(&self) -> usize {
        self.start + self.log.len()
    }

    pub(super) fn ended(&self) -> Option<usize> {
        self.withdrawn.or(self.met).or(self.cancelled)
    }

    fn has_ended(&self) -> bool {
        self.met.is_some() || self.cancelled.is_some()
    }

    pub(super) fn apply(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Pause(PauseReason::WaitingOnCustomer) => self.customer = true,
            Event::Pause(PauseReason::WaitingForApproval) => self.approval = true,
            Event::Resume(PauseReason::WaitingOnCustomer) => self.customer = false,
            Event::Resume(PauseReason::WaitingForApproval) => self.approval = false,
            Event::Met if !self.has_ended() => self.met = Some(now),
            Event::Cancelled if !self.has_ended() => self.cancelled = Some(now),
            Event::Reopened if self.has_ended() => {
                (self.met, self.cancelled, self.customer) = (None, None, false);
                if let Some(promised) = self.put_off.take() {
                    self.apply(promised);
                }
            }
            Event::Promised(_) if self.has_ended() => self.put_off = Some(event),
            Event::Promised(terms) => self.promise(terms),
            Event::Met | Event::Cancelled | Event::Reopened => {}
        }
        self.look();
    }

    fn promise(&mut self, terms: Option<Terms>) {
        self.terms = terms;
        self.last_terms = terms.or(self.last_terms);
        self.withdrawn = match terms {
            Some(_) => None,
            None => self.withdrawn.or(Some(self.now())),
        };
    }

    fn is_live(&self) -> bool {
        self.terms.is_some() && !self.has_ended()
    }

    fn why_not(&self) -> Option<IntervalReason> {
        if self.has_ended() {
            Some(IntervalReason::Ended)
        } else if self.customer {
            Some(IntervalReason::WaitingOnCustomer)
        } else if self.approval {
            Some(IntervalReason::WaitingForApproval)
        } else {
            None
        }
    }

    /// Minutes that count, in order.
    fn counted(&self) -> impl Iterator<Item = usize> {
        let kinds = &SAMPLES[self.last_terms.unwrap().sample].kinds;
        let until = self.withdrawn.unwrap_or(usize::MAX);
        (self.start..)
            .zip(&self.log)
            .filter(move |(minute, why_not)| {
                why_not.is_none() && *minute < until && kinds[*minute] == PieceKind::Open
            })
            .map(|(minute, _)| minute)
    }

    pub(super) fn elapsed(&self) -> usize {
        self.counted().count()
    }

    /// When so many minutes were used.
    pub(super) fn used(&self, minutes: usize) -> Option<usize> {
        match minutes {
            0 => Some(self.start),
            _ => self.counted().nth(minutes - 1).map(|last| last + 1),
        }
    }

    pub(super) fn terms(&self) -> Terms {
        self.last_terms.unwrap()
    }

    pub(super) fn look(&mut self) {
        if !self.is_live() || self.breached_at.is_some() {
            return;
        }
        let (elapsed, terms) = (self.elapsed(), self.terms());
        if elapsed > terms.within {
            self.breached_at = Some(self.now());
        } else if elapsed >= terms.warn_after {
            self.at_risk_at = self.at_risk_at.or(Some(self.now()));
        } else {
            self.at_risk_at = None;
        }
    }

    /// Lets minutes pass. What holds at the instant at which they have passed is left to `look`: something may happen then.
    pub(super) fn pass(&mut self, until: usize) {
        let mut elapsed = self.elapsed();
        while self.now() < until {
            let now = self.now();
            let why_not = self.why_not();
            let (is_live, terms) = (self.is_live() && self.breached_at.is_none(), self.terms());
            if is_live && elapsed >= terms.warn_after {
                self.at_risk_at = self.at_risk_at.or(Some(now));
            }
            self.log.push(why_not);
            let is_open = SAMPLES[terms.sample].kinds[now] == PieceKind::Open;
            elapsed += usize::from(is_open && why_not.is_none());
            if is_live && elapsed > terms.within {
                self.breached_at = Some(now);
            }
        }
    }

    pub(super) fn state(&self) -> ClockState {
        if self.breached_at.is_some() {
            ClockState::Missed
        } else if self.withdrawn.is_some() || self.cancelled.is_some() {
            ClockState::Cancelled
        } else if self.met.is_some() {
            ClockState::Met
        } else if self.customer || self.approval {
            ClockState::Paused
        } else {
            ClockState::Running
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.is_live() && !self.customer && !self.approval
    }

    pub(super) fn is_at_risk(&self) -> bool {
        let is_warned = self.elapsed() >= self.terms().warn_after;
        self.is_live() && self.breached_at.is_none() && is_warned
    }

    /// Why each minute from the start to the end, or until now, counted or not.
    pub(super) fn reasons(&self) -> Vec<IntervalReason> {
        let kinds = &SAMPLES[self.terms().sample].kinds;
        let until = self.ended().unwrap_or(usize::MAX);
        (self.start..)
            .zip(&self.log)
            .take_while(|(minute, _)| *minute < until)
            .map(|(minute, why_not)| match (why_not, kinds[minute]) {
                (Some(reason), _) => *reason,
                (None, PieceKind::Open) => IntervalReason::Open,
                (None, PieceKind::OutsideHours) => IntervalReason::OutsideHours,
                (None, PieceKind::Holiday) => IntervalReason::Holiday,
            })
            .collect()
    }
}
