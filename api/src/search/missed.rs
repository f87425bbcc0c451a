//! Searches that found nothing: which of them are worth remembering.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The longest text that is remembered, in characters.
const MAX_LENGTH: usize = 100;
/// The fewest letters of a text that is remembered.
const MIN_LETTERS: usize = 3;
/// The longest word that is remembered, in characters; longer ones are tokens and keys rather than words. (The longest in the
/// Duden has 67, but nobody searches for it.)
const MAX_WORD: usize = 40;
/// The longest word of both letters and digits that is remembered, in characters.
const MAX_MIXED: usize = 12;
/// How many digits a text has at most: more are a telephone, staff or account number.
const MAX_DIGITS: usize = 4;
/// How long a text is held back, because it may be the beginning of what somebody is typing.
pub const HOLD: Duration = Duration::from_secs(5);
/// How many texts are held back at most.
const MAX_HELD: usize = 10_000;

/// A text as it is remembered: lower case, single spaces, no punctuation around. None where it is too short to mean anything, or
/// may be somebody's address, number or secret.
pub fn remembered(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .to_lowercase()
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let normal = words.join(" ");
    let count = |is: fn(char) -> bool| normal.chars().filter(|&c| is(c)).count();
    let is_fit = normal.chars().count() <= MAX_LENGTH
        && has_letters(&normal)
        && count(|c| c.is_ascii_digit()) <= MAX_DIGITS
        && !normal.contains(['@', '='])
        && !normal.contains("://")
        && !normal.contains(char::is_control)
        && !words.iter().any(|word| is_key_like(word));
    is_fit.then_some(normal)
}

fn is_key_like(word: &str) -> bool {
    let length = word.chars().count();
    let is_mixed = word.contains(|c: char| c.is_numeric()) && word.contains(char::is_alphabetic);
    length > MAX_WORD || is_mixed && length > MAX_MIXED
}

/// Whether a text has enough letters to mean anything.
fn has_letters(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= MIN_LETTERS
}

/// Whose search it was, as a hash that is kept in memory for seconds.
pub type Searcher = u64;

/// Missed searches that may still turn out to be fragments of what somebody is typing.
#[derive(Debug, Default)]
pub struct Fragments {
    held: HashMap<Searcher, Held>,
}

/// A text that may be a fragment.
#[derive(Debug)]
struct Held {
    text: String,
    /// What was left of it when letters or words had been taken away.
    left: Option<String>,
    at: Instant,
}

impl Held {
    /// Whether a text is the same search going on: more of the held one, or of what was left of it, which is how a typo is mended.
    fn goes_on_with(&self, typed: &str) -> bool {
        let begins = |left: &String| typed.starts_with(left.as_str());
        typed.starts_with(&self.text)
            || has_words(typed, &self.text)
            || self.left.as_ref().is_some_and(begins)
    }

    /// Whether a text is a part of the held one.
    fn is_more_than(&self, typed: &str) -> bool {
        self.text.starts_with(typed) || has_words(&self.text, typed)
    }
}

/// Whether all of one text stands in another as words of its own.
fn has_words(text: &str, part: &str) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(char::is_whitespace);
    !part.is_empty()
        && text.match_indices(part).any(|(at, found)| {
            is_end(text[..at].chars().next_back())
                && is_end(text[at + found.len()..].chars().next())
        })
}

impl Fragments {
    /// Takes note of a search, and of whether anything was found; what is certain now to be a search of its own. A text that holds
    /// what the same searcher missed shortly before, or is held by it, is the same search; so is what they make of it by taking
    /// letters away and typing others.
    pub fn note(
        &mut self,
        searcher: Searcher,
        text: &str,
        is_missed: bool,
        now: Instant,
    ) -> Vec<String> {
        let mut certain = self.due(now);
        let normal = remembered(text);
        let typed = normal.clone().unwrap_or_else(|| text.trim().to_lowercase());
        let mut kept = None;
        match self.held.remove(&searcher) {
            // Going on, or found in the end.
            Some(held) if held.goes_on_with(&typed) => {}
            // Taking letters away again.
            Some(held) if held.is_more_than(&typed) => {
                let left = Some(typed).filter(|left| has_letters(left));
                kept = Some(Held { left, ..held });
            }
            Some(held) => certain.push(held.text),
            None => {}
        }
        let new = |text| Held {
            text,
            left: None,
            at: now,
        };
        let next = kept.or(normal.filter(|_| is_missed).map(new));
        if let Some(next) = next {
            if self.held.len() >= MAX_HELD {
                certain.extend(self.all());
            }
            self.held.insert(searcher, Held { at: now, ..next });
        }
        certain
    }

    /// What has been held back long enough.
    pub fn due(&mut self, now: Instant) -> Vec<String> {
        let is_due = |at: Instant| now.duration_since(at) >= HOLD;
        let due = self.held.extract_if(|_, held| is_due(held.at));
        due.map(|(_, held)| held.text).collect()
    }

    /// Everything that is held back.
    pub fn all(&mut self) -> Vec<String> {
        self.held.drain().map(|(_, held)| held.text).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_remembered_in_one_form() {
        let text = remembered("  VPN   für Ärzte? ");
        assert_eq!(text.as_deref(), Some("vpn für ärzte"));
        assert_eq!(
            remembered("E-Mail-Archiv").as_deref(),
            Some("e-mail-archiv")
        );
        assert_eq!(remembered("Office 365").as_deref(), Some("office 365"));
    }

    #[test]
    fn what_is_short_or_may_be_private_is_not_remembered() {
        for text in [
            "",
            "vp",
            "12 34",
            "anna.berg@example.org",
            "+49 30 901820",
            "serv_0193a1b2c3d4e5f60718293a4b5c6d7e",
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0abc",
            "ghp_abcdefghijklmnopqrstuvwxyzabcdefghijklmn",
            "hunter2hunter3x",
            "password=geheim",
            "https://intranet/wiki",
            &"lang ".repeat(30),
        ] {
            assert_eq!(remembered(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_being_typed_counts_once_and_only_where_it_is_missed_in_the_end() {
        let mut fragments = Fragments::default();
        let start = Instant::now();
        for typed in ["dru", "druck", "drucker", "drucke", "drucker"] {
            assert!(fragments.note(1, typed, true, start).is_empty());
        }
        assert!(fragments.due(start).is_empty(), "more may come");
        assert_eq!(fragments.due(start + HOLD), ["drucker"]);

        assert!(fragments.note(1, "bet", true, start).is_empty());
        assert!(fragments.note(1, "betten", false, start).is_empty());
        assert!(fragments.due(start + HOLD).is_empty(), "it was found");
    }

    #[test]
    fn a_typo_that_is_mended_counts_as_what_it_became() {
        let left_of = |texts: &[&str]| {
            let mut fragments = Fragments::default();
            let start = Instant::now();
            let noted = |text: &&str| fragments.note(1, text, true, start);
            let mut all: Vec<String> = texts.iter().flat_map(noted).collect();
            all.extend(fragments.all());
            all
        };
        assert_eq!(
            left_of(&["quokkxa", "quokkx", "quokk", "quokka"]),
            ["quokka"]
        );
        assert_eq!(
            left_of(&["parkausweis", "park", "parkplatz"]),
            ["parkplatz"]
        );
        assert_eq!(left_of(&["xylophon", "mein xylophon"]), ["mein xylophon"]);
        assert_eq!(left_of(&["mein xylophon", "xylophon"]), ["mein xylophon"]);
        // What was taken away down to nothing is another search.
        assert_eq!(left_of(&["quokka", "q", "quartz"]), ["quokka", "quartz"]);
        assert_eq!(left_of(&["fax", "telefax"]), ["fax", "telefax"]);
    }

    #[test]
    fn another_search_and_another_searcher_are_told_apart() {
        let mut fragments = Fragments::default();
        let start = Instant::now();
        assert!(fragments.note(1, "fax", true, start).is_empty());
        assert!(fragments.note(2, "faxgerät", true, start).is_empty());
        assert_eq!(fragments.note(1, "pager", true, start), ["fax"]);
        let mut all = fragments.all();
        all.sort();
        assert_eq!(all, ["faxgerät", "pager"]);
        assert!(fragments.all().is_empty());
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_its_own_form(text in ".{0,120}|[a-z ]{0,120}") {
            if let Some(normal) = remembered(&text) {
                prop_assert_eq!(remembered(&normal), Some(normal));
            }
        }

        #[test]
        fn typing_a_text_letter_by_letter_leaves_the_text(text in "[a-zäöü]{3,30}") {
            let mut fragments = Fragments::default();
            let start = Instant::now();
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
            for end in ends {
                prop_assert!(fragments.note(7, &text[..end], true, start).is_empty());
            }
            prop_assert_eq!(fragments.all(), vec![text]);
        }
    }
}
