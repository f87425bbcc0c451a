//! The all-day events of a calendar.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::lines::Line;
use super::recurrence::Rule;

/// The longest event, in days.
const LONGEST: i32 = 366;

/// Days with a name, that may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// On which line of the text it begins.
    pub line: usize,
    /// Its first day, and others that it was put on besides.
    starts: Vec<Date>,
    /// How many days it lasts.
    days: i32,
    rule: Option<Rule>,
    /// Days on which it does not begin, whatever the rule says.
    except: BTreeSet<Date>,
}

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// Its number.
    pub(super) line: usize,
    /// Whether nothing can be imported because of it.
    pub(super) is_error: bool,
    /// What.
    pub(super) message: String,
}

impl Event {
    /// Every day of it: all where it takes place once, those of `from..=until` where it comes again.
    pub fn dates(&self, from: Date, until: Date) -> Vec<Date> {
        let mut starts: Vec<Date> = self.starts.clone();
        if let (Some(rule), Some(&first)) = (self.rule, self.starts.first()) {
            starts.extend(rule.days(first, until).filter(|day| *day >= from));
            if first < from {
                starts.retain(|day| *day != first);
            }
        }
        let starts: BTreeSet<Date> = starts
            .into_iter()
            .filter(|day| !self.except.contains(day))
            .collect();
        let days: BTreeSet<Date> = starts
            .into_iter()
            .flat_map(|start| {
                (0..self.days).filter_map(move |more| start.checked_add(more.days()).ok())
            })
            .collect();
        days.into_iter().collect()
    }
}

/// What the properties of one event say; nothing where it is no all-day event.
pub(super) fn read(begin: usize, properties: &[Line], remarks: &mut Vec<Remark>) -> Option<Event> {
    let find = |name: &str| properties.iter().find(|line| line.name == name);
    let mut warn = |line: usize, message: String| {
        remarks.push(Remark {
            line,
            is_error: false,
            message,
        });
    };
    let name = find("SUMMARY")
        .map(Line::text)
        .filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "Holiday".to_owned());
    let Some(start) = find("DTSTART") else {
        warn(begin, format!("{name:?} has no DTSTART; it is left out"));
        return None;
    };
    let Some(first) = day(&start.value) else {
        let what = if start.value.contains('T') {
            "takes place at a time of the day"
        } else {
            "has a DTSTART that is no day"
        };
        warn(
            start.number,
            format!(
                "{name:?} {what} ({}); only whole days are holidays, it is left out",
                start.value
            ),
        );
        return None;
    };
    if let Some(line) = find("RECURRENCE-ID") {
        warn(
            line.number,
            format!("{name:?} moves one day of an event that comes again; it is left out"),
        );
        return None;
    }
    if find("STATUS").is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED")) {
        warn(begin, format!("{name:?} is cancelled; it is left out"));
        return None;
    }
    let days = length(first, find("DTEND"), find("DURATION"), &name, &mut warn)?;
    let rule = find("RRULE").and_then(|line| {
        let rule = Rule::read(&line.value, first);
        if rule.is_none() {
            warn(line.number, format!("{name:?} comes again by RRULE:{}, which is not understood; only the first time is taken over", line.value));
        }
        rule
    });
    let mut listed = |name: &str| {
        let lines = properties.iter().filter(|line| line.name == name);
        let mut days = Vec::new();
        for line in lines {
            for text in line.value.split(',') {
                match day(text.get(..8).unwrap_or(text)) {
                    Some(day) => days.push(day),
                    None => warn(
                        line.number,
                        format!("{name} is {text:?}, which is no day; it is left out"),
                    ),
                }
            }
        }
        days
    };
    let (more, except) = (listed("RDATE"), listed("EXDATE"));
    Some(Event {
        name,
        line: begin,
        starts: std::iter::once(first).chain(more).collect(),
        days,
        rule,
        except: except.into_iter().collect(),
    })
}

/// How many days an event lasts.
fn length(
    first: Date,
    end: Option<&Line>,
    duration: Option<&Line>,
    name: &str,
    warn: &mut impl FnMut(usize, String),
) -> Option<i32> {
    let (line, days) = match (end, duration) {
        (Some(end), _) => {
            let until = day(end.value.get(..8).unwrap_or(&end.value));
            (
                end,
                until.and_then(|until| Some(first.until(until).ok()?.get_days())),
            )
        }
        (None, Some(duration)) => (duration, whole_days(&duration.value)),
        (None, None) => return Some(1),
    };
    match days {
        // Some programs write the day on which it ends.
        Some(0) => Some(1),
        Some(days) if (1..=LONGEST).contains(&days) => Some(days),
        _ => {
            warn(
                line.number,
                format!(
                    "{name:?} has a {} of {:?}; it must be 1 to {LONGEST} days; it is left out",
                    line.name, line.value
                ),
            );
            None
        }
    }
}

/// `P1D`, `P2W`.
fn whole_days(text: &str) -> Option<i32> {
    let span: Span = text.parse().ok()?;
    let weeks = span.get_weeks().checked_mul(7)?;
    let days = weeks.checked_add(span.get_days())?;
    (text
        .strip_prefix('P')?
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"DW".contains(&byte)))
    .then_some(days)
}

/// `20261225`.
pub(super) fn day(text: &str) -> Option<Date> {
    let is_plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
    let year: i16 = text.get(..4)?.parse().ok()?;
    Date::new(year, part(4..6)?, part(6..8)?).ok()
}
