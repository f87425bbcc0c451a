//! iCalendar: the all-day events of a file become holidays of a calendar.
//!
//! Other people's calendars hold more than holidays. An event at a time of the day is a warning, and so is a rule that is not
//! understood; only what is no iCalendar at all is an error.

mod events;
mod lines;
mod recurrence;

use std::collections::BTreeMap;

pub use events::Event;

use self::{
    events::Remark,
    lines::{Line, NoProperty},
};
use super::{
    diagnostics::{Mark, Problems},
    plan::{Change, Festival, Identity, Item, Manner},
    sources::{Source, Sources},
};
use crate::shared::text::{MAX_LINE, forbidden_character};

/// Reads every event of `sources` as a holiday of the calendar with this slug. `progress` is told after each file how many are
/// read and how many are known.
pub fn items(
    calendar: &str,
    sources: &mut Sources,
    problems: &mut Problems,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Item> {
    let mut festivals = Vec::new();
    let mut at = None;
    let mut files = 0;
    while let Some(source) = sources.next(problems) {
        at.get_or_insert_with(|| source.place(Mark::START));
        festivals.extend(read(&source, problems));
        files += 1;
        progress(files, files + sources.waiting());
    }
    let item = at.map(|at| Item {
        at,
        identity: Identity {
            origin: None,
            slug: calendar.to_owned(),
            suffix: "",
        },
        manner: Manner::Replace,
        change: Change::Holidays(festivals),
        stated: Vec::new(),
        mentions: Vec::new(),
        places: BTreeMap::new(),
    });
    item.into_iter().collect()
}

fn read(source: &Source, problems: &mut Problems) -> Vec<Festival> {
    let place = |line: usize| source.place(Mark { line, column: 1 });
    let mut remarks = Vec::new();
    let mut festivals = Vec::new();
    let mut components = Components::default();
    for line in lines::read(&source.text) {
        let event = match line {
            Ok(line) => components.take(line, &mut remarks),
            Err(NoProperty { number }) => {
                let message = "is no property like `SUMMARY:New Year's Day`";
                remarks.push(error(number, message));
                None
            }
        };
        if let Some(event) = event.filter(|event| is_fit(event, &mut remarks)) {
            let at = place(event.line);
            festivals.push(Festival { event, at });
        }
    }
    components.finish(&mut remarks);
    for remark in remarks {
        let at = place(remark.line);
        if remark.is_error {
            problems.error(at, remark.message);
        } else {
            problems.warning(at, remark.message);
        }
    }
    festivals
}

fn error(line: usize, message: impl Into<String>) -> Remark {
    Remark {
        line,
        is_error: true,
        message: message.into(),
    }
}

/// Whether an event's name can be a holiday's.
fn is_fit(event: &Event, remarks: &mut Vec<Remark>) -> bool {
    let length = event.name.chars().count();
    let wrong = if length > MAX_LINE {
        format!("has {length} characters; a holiday's name has at most {MAX_LINE}")
    } else if let Some(character) = forbidden_character(&event.name) {
        format!("holds the control character U+{:04X}", u32::from(character))
    } else {
        return true;
    };
    remarks.push(error(event.line, format!("the event's SUMMARY {wrong}")));
    false
}

/// The components that are open, the outermost first, and the properties of the event among them.
#[derive(Default)]
struct Components {
    open: Vec<(String, usize)>,
    properties: Vec<Line>,
    has_begun: bool,
}

impl Components {
    /// Takes a property in; the event that ends with it, if one does.
    fn take(&mut self, line: Line, remarks: &mut Vec<Remark>) -> Option<Event> {
        if !self.has_begun {
            self.has_begun = true;
            let is_calendar = line.name == "BEGIN" && line.value.eq_ignore_ascii_case("VCALENDAR");
            if !is_calendar {
                remarks.push(error(
                    line.number,
                    "this is no iCalendar file, which begins with BEGIN:VCALENDAR",
                ));
            }
        }
        let is_event = self.open.last().is_some_and(|(name, _)| name == "VEVENT");
        match line.name.as_str() {
            "BEGIN" => {
                let name = line.value.trim().to_ascii_uppercase();
                if name == "VEVENT" {
                    self.properties.clear();
                }
                self.open.push((name, line.number));
                None
            }
            "END" => {
                let (name, begin) = self.open.pop().unwrap_or_default();
                if !name.eq_ignore_ascii_case(line.value.trim()) {
                    remarks.push(error(
                        line.number,
                        format!("END:{} ends nothing that has begun", line.value),
                    ));
                    return None;
                }
                is_event
                    .then(|| events::read(begin, &self.properties, remarks))
                    .flatten()
            }
            _ => {
                if is_event {
                    self.properties.push(line);
                }
                None
            }
        }
    }

    fn finish(self, remarks: &mut Vec<Remark>) {
        if !self.has_begun {
            remarks.push(error(1, "this is no iCalendar file: it is empty"));
        }
        for (name, begin) in self.open {
            remarks.push(error(begin, format!("BEGIN:{name} has no end")));
        }
    }
}
