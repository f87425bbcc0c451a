//! Days that come again every year (RFC 5545, section 3.3.10, as far as public holidays need it).

use jiff::civil::{Date, Weekday};

use super::events::day;

/// On which days something takes place again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Every so many years.
    interval: i16,
    /// So many times in all.
    count: Option<u32>,
    /// Not after this day.
    until: Option<Date>,
    /// On which day of the year.
    on: On,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// This day of this month.
    Day(i8, i8),
    /// The n-th such weekday of this month; from the month's end where it is negative.
    Weekday(i8, i8, Weekday),
}

impl Rule {
    /// The rule that is written so, for something that takes place on `first`; none where it is one of another sort.
    pub(super) fn read(text: &str, first: Date) -> Option<Self> {
        let mut rule = Self {
            interval: 1,
            count: None,
            until: None,
            on: On::Day(first.month(), first.day()),
        };
        let (mut is_yearly, mut month, mut month_day, mut weekday) = (false, None, None, None);
        for part in text.split(';') {
            let (name, value) = part.split_once('=')?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => rule.interval = number(value, 1, 1_000)?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(day(value.get(..8)?)?),
                "BYMONTH" => month = Some(number(value, 1, 12)?),
                "BYMONTHDAY" => month_day = Some(number(value, 1, 31)?),
                "BYDAY" => weekday = Some(nth_weekday(value)?),
                "WKST" => {}
                _ => return None,
            }
        }
        // Without a month these mean a day of every month, or a weekday counted from the beginning of the year.
        if !is_yearly || month.is_none() && (month_day.is_some() || weekday.is_some()) {
            return None;
        }
        let month = month.unwrap_or(first.month());
        rule.on = match (month_day, weekday) {
            (None, Some((nth, weekday))) => On::Weekday(month, nth, weekday),
            (month_day, None) => On::Day(month, month_day.unwrap_or(first.day())),
            _ => return None,
        };
        Some(rule)
    }

    /// The days that are not after `last`, from `first` on, which is one of them whatever the rule says.
    pub(super) fn days(self, first: Date, last: Date) -> impl Iterator<Item = Date> {
        let years =
            (first.year()..=last.year()).step_by(usize::try_from(self.interval).unwrap_or(1));
        let later = years
            .filter_map(move |year| self.on.in_year(year))
            .filter(move |day| *day > first);
        let until = self.until.map_or(last, |until| until.min(last));
        std::iter::once(first)
            .chain(later)
            .take(self.count.map_or(usize::MAX, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            }))
            .take_while(move |day| *day <= until)
    }
}

impl On {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Self::Day(month, day) => Date::new(year, month, day).ok(),
            Self::Weekday(month, nth, weekday) => Date::new(year, month, 1)
                .ok()?
                .nth_weekday_of_month(nth, weekday)
                .ok(),
        }
    }
}

fn number<T: std::str::FromStr + PartialOrd + Copy>(text: &str, least: T, most: T) -> Option<T> {
    let number = text.parse().ok()?;
    (least <= number && number <= most).then_some(number)
}

/// `4TH`, `-1MO`.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (nth, weekday) = (text.get(..at)?, text.get(at..)?);
    let weekday = match weekday.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth: i8 = number(nth, -5, 5)?;
    (nth != 0).then_some((nth, weekday))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn days(rule: &str, first: &str, last: &str) -> Option<Vec<String>> {
        let first: Date = first.parse().unwrap();
        let rule = Rule::read(rule, first)?;
        let days = rule.days(first, last.parse().unwrap());
        Some(days.map(|day| day.to_string()).collect())
    }

    #[test]
    fn days_come_again_every_year() {
        for (rule, first, last, expected) in [
            (
                "FREQ=YEARLY",
                "2026-12-25",
                "2028-12-24",
                vec!["2026-12-25", "2027-12-25"],
            ),
            (
                "FREQ=YEARLY;INTERVAL=2",
                "2026-01-01",
                "2030-12-31",
                vec!["2026-01-01", "2028-01-01", "2030-01-01"],
            ),
            (
                "FREQ=YEARLY;COUNT=2",
                "2026-01-01",
                "2030-12-31",
                vec!["2026-01-01", "2027-01-01"],
            ),
            (
                "FREQ=YEARLY;UNTIL=20270101T000000Z",
                "2026-01-01",
                "2030-12-31",
                vec!["2026-01-01", "2027-01-01"],
            ),
            (
                "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1",
                "2026-05-01",
                "2027-12-31",
                vec!["2026-05-01", "2027-05-01"],
            ),
            (
                "freq=yearly;bymonth=11;byday=4TH",
                "2026-11-26",
                "2028-12-31",
                vec!["2026-11-26", "2027-11-25", "2028-11-23"],
            ),
            (
                "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;WKST=MO",
                "2026-05-25",
                "2027-12-31",
                vec!["2026-05-25", "2027-05-31"],
            ),
            (
                "FREQ=YEARLY",
                "2024-02-29",
                "2030-12-31",
                vec!["2024-02-29", "2028-02-29"],
            ),
        ] {
            assert_eq!(days(rule, first, last).unwrap(), expected, "{rule}");
        }
    }

    #[test]
    fn other_rules_are_not_understood() {
        for rule in [
            "FREQ=MONTHLY",
            "FREQ=YEARLY;BYDAY=4TH",
            "FREQ=YEARLY;BYMONTHDAY=1",
            "FREQ=YEARLY;BYMONTH=1,2",
            "FREQ=YEARLY;BYSETPOS=1",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=MO",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=0MO",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=ä",
            "",
            "FREQ",
            "INTERVAL=1",
            "FREQ=YEARLY;UNTIL=soon",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO;BYMONTHDAY=2",
            "FREQ=YEARLY;BYEASTER=1",
        ] {
            assert_eq!(days(rule, "2026-11-26", "2030-01-01"), None, "{rule}");
        }
    }
}
