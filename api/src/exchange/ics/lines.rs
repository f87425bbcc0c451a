//! The content lines of an iCalendar text (RFC 5545, section 3.1), each with the number of the line on which it begins.
//!
//! The crates that read iCalendar keep no line numbers, and an import says where something is wrong.

/// A property: `NAME;PARAMETER=VALUE:VALUE`. No holiday depends on its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// On which line of the text it begins, from 1.
    pub(super) number: usize,
    /// In upper case.
    pub(super) name: String,
    /// As it is written.
    pub(super) value: String,
}

/// A line that is no property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoProperty {
    /// Its number.
    pub(super) number: usize,
}

impl Line {
    /// The value as text on one line: escapes are resolved, line breaks are spaces.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some('n' | 'N') | None => text.push(' '),
                    Some(escaped) => text.push(escaped),
                },
                letter => text.push(letter),
            }
        }
        text.trim().to_owned()
    }
}

/// Every property of a text. A line that begins with a space or a tab continues the one before.
pub(super) fn read(text: &str) -> Vec<Result<Line, NoProperty>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut unfolded: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), unfolded.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => unfolded.push((index + 1, line.to_owned())),
        }
    }
    unfolded
        .into_iter()
        .map(|(number, line)| property(number, &line).ok_or(NoProperty { number }))
        .collect()
}

fn property(number: usize, line: &str) -> Option<Line> {
    let (head, value) = split_at(line, ':')?;
    let (name, parameters) = split_at(head, ';').unwrap_or((head, ""));
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_good = is_name(name) && (parameters.is_empty() || parameters.contains('='));
    is_good.then(|| Line {
        number,
        name: name.to_ascii_uppercase(),
        value: value.to_owned(),
    })
}

/// Splits at the first mark that does not stand between quotes.
fn split_at(text: &str, mark: char) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let at = text.find(|letter| {
        is_quoted ^= letter == '"';
        letter == mark && !is_quoted
    })?;
    Some((&text[..at], &text[at + mark.len_utf8()..]))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_unfolded_and_taken_apart() {
        let text = "\u{feff}BEGIN:VEVENT\r\nsummary;X-A=\"a;b:c\";language=de:Tag der\r\n  Deutschen\n\t Einheit\\, \\\"\\n2\r\n\r\nDTSTART;VALUE=DATE:20261003";
        let lines: Vec<Line> = read(text).into_iter().map(Result::unwrap).collect();
        assert_eq!(
            lines.iter().map(|line| line.number).collect::<Vec<_>>(),
            [1, 2, 6]
        );
        assert_eq!(lines[1].name, "SUMMARY");
        assert_eq!(lines[1].text(), "Tag der Deutschen Einheit, \" 2");
        assert_eq!(
            (lines[2].name.as_str(), lines[2].value.as_str()),
            ("DTSTART", "20261003")
        );
    }

    #[test]
    fn what_is_no_property_is_named_by_its_line() {
        for (text, number) in [
            ("SUMMARY", 1),
            ("A:b\nnothing here", 2),
            ("A;B:c", 1),
            (":x", 1),
            ("Ä:x", 1),
            ("A;B=\"x:y", 1),
        ] {
            assert_eq!(read(text).pop(), Some(Err(NoProperty { number })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[A-Z;:=\",\\\\ \t\r\nä]{0,60}") {
            for line in read(&text).into_iter().flatten() {
                let _ = line.text();
            }
        }

        #[test]
        fn any_text_survives_folding(name in "[A-Z-]{1,9}", value in "[a-zä ]{0,200}", width in 1_usize..20) {
            let whole: Vec<char> = format!("{name}:{value}").chars().collect();
            let folded: Vec<String> = whole.chunks(width).map(|piece| piece.iter().collect()).collect();
            // Nothing but a continuation begins with a space.
            let lines = read(&folded.join("\r\n "));
            prop_assert_eq!(lines.len(), 1);
            let line = lines[0].clone().unwrap();
            prop_assert_eq!((line.name, line.value), (name, value));
        }
    }
}
