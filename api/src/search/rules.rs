//! What words a text has, and when two of them are the same.
//!
//! A word is compared by its [`fold`]: lower case, ASCII, `ü`, `ue` and `u` alike, `ß` as `ss`. Beside it stand its stems, German
//! and English, since a catalog mostly has both and seldom says which. Texts and queries are taken apart by the same functions.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use deunicode::deunicode_char;
use frostem::{Algorithm, Stemmer};
use quick_cache::sync::Cache;

use super::typos::MIN_LETTERS;

/// The longest query, in characters.
pub const MAX_QUERY: usize = 200;
/// The most words of a query.
pub const MAX_WORDS: usize = 10;
/// The longest word, in bytes of its fold; what is beyond is cut off.
const MAX_FOLD: usize = 60;
/// The shortest word that has stems, in bytes of its fold.
const MIN_STEMMED: usize = 3;

/// The shortest word that may be a compound, and that is also known by how it ends, in letters.
const MIN_COMPOUND: usize = 10;

/// The longest word that is remembered, in bytes.
const MAX_KNOWN: usize = 40;

/// Terms of words: texts have the same few thousand again and again, and taking a word apart takes much longer than finding it here.
static KNOWN: LazyLock<Cache<String, Term>> = LazyLock::new(|| Cache::new(20_000));

/// Words that say too little to be looked for beside others, folded: English and German.
const FILLERS: [&str; 58] = [
    "a", "als", "am", "an", "and", "are", "as", "at", "auf", "aus", "be", "bei", "by", "das",
    "dem", "den", "der", "des", "die", "ein", "eine", "einem", "einen", "einer", "eines", "for",
    "from", "fur", "how", "i", "ich", "im", "in", "is", "ist", "it", "mit", "my", "nach", "of",
    "on", "or", "the", "to", "und", "vom", "von", "we", "wie", "wir", "with", "zu", "zum", "zur",
    "mein", "meine", "our", "oder",
];

/// What a text is compared by: letters and digits in lower case and ASCII, with no `e` after `a`, `o` or `u`, so that every way
/// to write an umlaut becomes one. The fold of a text's beginning is the beginning of the text's fold.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let letters = text.chars().flat_map(char::to_lowercase);
    for letter in letters.filter_map(deunicode_char).flat_map(str::chars) {
        let letter = letter.to_ascii_lowercase();
        let is_spelling = letter == 'e' && folded.ends_with(['a', 'o', 'u']);
        if letter.is_ascii_alphanumeric() && !is_spelling && folded.len() < MAX_FOLD {
            folded.push(letter);
        }
    }
    folded
}

/// A word as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Its fold, never empty.
    pub folded: String,
    /// The folds of its stems; none for short words and numbers.
    pub stems: Vec<String>,
}

impl Term {
    fn new(word: &str) -> Option<Self> {
        if word.len() > MAX_KNOWN {
            return Self::worked_out(word);
        }
        if let Some(known) = KNOWN.get(word) {
            return Some(known);
        }
        let term = Self::worked_out(word)?;
        KNOWN.insert(word.to_owned(), term.clone());
        Some(term)
    }

    fn worked_out(word: &str) -> Option<Self> {
        let folded = fold(word);
        if folded.is_empty() {
            return None;
        }
        let has_stems = folded.len() >= MIN_STEMMED && !has_digit(&folded);
        let stems = if has_stems { stems(word) } else { Vec::new() };
        Some(Self { folded, stems })
    }

    /// How many letters may be wrong in it: none of a short word or a number, one of a word, two of a long one.
    pub fn forgiven(&self) -> u8 {
        match self.folded.len() {
            _ if has_digit(&self.folded) => 0,
            0..MIN_LETTERS => 0,
            MIN_LETTERS..=7 => 1,
            _ => 2,
        }
    }

    /// It and the next word, written as one.
    #[must_use]
    pub fn joined(&self, next: &Self) -> Self {
        let both = |end: &String| fold(&format!("{}{end}", self.folded));
        Self {
            folded: both(&next.folded),
            stems: next.stems.iter().map(both).collect(),
        }
    }

    /// It and its stems, each once.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        let stems = self.stems.iter().filter(|stem| **stem != self.folded);
        std::iter::once(&self.folded)
            .chain(stems)
            .map(String::as_str)
    }
}

/// A word from its end to its beginning: words that end alike begin alike.
pub fn reversed(folded: &str) -> String {
    folded.chars().rev().collect()
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn stems(word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let stem = |algorithm| fold(&Stemmer::new(algorithm).stem(&word));
    let stems = BTreeSet::from([stem(Algorithm::German), stem(Algorithm::English)]);
    stems.into_iter().filter(|stem| !stem.is_empty()).collect()
}

/// A word, and what it is made of where it is written as several: `E-Mail`, `BedManager`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// All of it, as one.
    pub whole: Term,
    /// Its parts; none where it has but one.
    pub parts: Vec<Term>,
}

/// The words of a text, in their order.
pub fn words(text: &str) -> Vec<Word> {
    text.split(|c: char| !(is_letter(c) || is_joint(c)))
        .filter_map(word)
        .collect()
}

/// Letters, digits, and the accents that may follow a letter.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// What holds the parts of one word together.
fn is_joint(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{ad}' | '\u{2010}' | '\u{2011}')
}

fn word(text: &str) -> Option<Word> {
    let parts: Vec<Term> = text
        .split(is_joint)
        .flat_map(humps)
        .filter_map(Term::new)
        .collect();
    let joined: String = text.split(is_joint).collect();
    let whole = Term::new(&joined)?;
    let parts = if parts.len() > 1 { parts } else { Vec::new() };
    Some(Word { whole, parts })
}

/// The parts of `bedManager` and `HTTPServer`: a part begins with a capital after a small letter, or with the last of several
/// capitals that a small letter follows.
fn humps(text: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let begins = |at: usize| {
        let is_small = |at: usize| letters.get(at).is_some_and(|(_, c)| c.is_lowercase());
        letters[at].1.is_uppercase()
            && (is_small(at - 1) || letters[at - 1].1.is_uppercase() && is_small(at + 1))
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for at in (1..letters.len()).filter(|&at| begins(at)) {
        parts.push(&text[start..letters[at].0]);
        start = letters[at].0;
    }
    parts.push(&text[start..]);
    parts
}

/// The different words and stems of a text: what an index holds of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Folds of words and of their parts.
    pub folded: BTreeSet<String>,
    /// Folds of their stems.
    pub stems: BTreeSet<String>,
    /// Long words and their stems, [reversed]. German writes several words as one, and the last says what it is: by how
    /// `Prüfungsverwaltung` ends it is found as a `Verwaltung`.
    pub ends: BTreeSet<String>,
}

impl Terms {
    /// Those of several texts together.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut terms = Self::default();
        let words = texts.into_iter().flat_map(words);
        for term in words.flat_map(|word| std::iter::once(word.whole).chain(word.parts)) {
            if term.folded.len() >= MIN_COMPOUND {
                terms.ends.extend(term.forms().map(reversed));
            }
            terms.folded.insert(term.folded);
            terms.stems.extend(term.stems);
        }
        terms
    }
}

/// Why a query can't be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It has too many characters.
    #[error("has {0} characters; at most {MAX_QUERY} are allowed")]
    TooLong(usize),
    /// It has too many words.
    #[error("has {0} words; at most {MAX_WORDS} are allowed")]
    TooManyWords(usize),
}

/// The words that a query looks for: all of them, without those that say too little beside others.
///
/// # Errors
/// The query is too long.
pub fn query(text: &str) -> Result<Vec<Word>, QueryError> {
    let length = text.chars().count();
    if length > MAX_QUERY {
        return Err(QueryError::TooLong(length));
    }
    let words = telling(words(text));
    if words.len() > MAX_WORDS {
        return Err(QueryError::TooManyWords(words.len()));
    }
    Ok(words)
}

/// The words of a text that say something; all where none does.
pub fn telling(words: Vec<Word>) -> Vec<Word> {
    let says = |word: &Word| !FILLERS.contains(&word.whole.folded.as_str());
    if words.iter().any(says) {
        words.into_iter().filter(says).collect()
    } else {
        words
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folds(text: &str) -> Vec<String> {
        Terms::of([text]).folded.into_iter().collect()
    }

    fn share_a_stem(one: &str, other: &str) -> bool {
        let (one, other) = (Terms::of([one]), Terms::of([other]));
        !one.stems.is_disjoint(&other.stems)
    }

    #[test]
    fn every_way_to_write_an_umlaut_is_the_same() {
        for spelling in [
            "Übersicht",
            "Uebersicht",
            "ubersicht",
            "U\u{308}bersicht",
            "ÜBERSICHT",
        ] {
            assert_eq!(folds(spelling), ["ubersicht"], "{spelling}");
        }
        assert_eq!(folds("Straße"), folds("STRASSE"));
        assert_eq!(folds("Zoë"), folds("zoe"));
    }

    #[test]
    fn words_written_as_several_are_known_by_all_and_by_each() {
        assert_eq!(folds("E-Mail"), ["e", "email", "mail"]);
        assert_eq!(folds("bedManager"), ["bed", "bedmanager", "manager"]);
        assert_eq!(folds("HTTPServer"), ["http", "httpserver", "server"]);
        assert_eq!(folds("DEM-17"), ["17", "dem", "dem17"]);
        assert_eq!(folds("SAP, VPN."), ["sap", "vpn"]);
        assert_eq!(folds("anna@example.org"), ["anna", "example", "org"]);
    }

    #[test]
    fn inflections_share_a_stem_in_both_languages() {
        for (one, other) in [
            ("Dienste", "Dienst"),
            ("Patienten", "Patient"),
            ("Häuser", "Haus"),
            ("Uebersichten", "Übersicht"),
            ("printing", "printer's prints"),
            ("policies", "policy"),
        ] {
            assert!(share_a_stem(one, other), "{one}, {other}");
        }
        assert!(!share_a_stem("Drucker", "Server"));
    }

    #[test]
    fn words_that_say_nothing_are_looked_for_alone_only() {
        let wanted = |text| -> Vec<String> {
            let words = query(text).unwrap().into_iter();
            words.map(|word| word.whole.folded).collect()
        };
        assert_eq!(wanted("der Zugang für die Ärzte"), ["zugang", "arzte"]);
        assert_eq!(wanted("the"), ["the"]);
        assert_eq!(wanted(" - ?"), [""; 0]);
    }

    #[test]
    fn queries_are_bounded() {
        assert_eq!(query(&"ü".repeat(201)), Err(QueryError::TooLong(201)));
        assert_eq!(
            query(&"wort ".repeat(11)),
            Err(QueryError::TooManyWords(11))
        );
        assert_eq!(query(&"wort ".repeat(10)).unwrap().len(), 10);
    }

    proptest! {
        #[test]
        fn spellings_of_umlauts_fold_alike(word in "[a-zäöüßA-ZÄÖÜ]{1,20}") {
            let spelled = |replacements: [(&str, &str); 6]| {
                replacements.iter().fold(word.clone(), |word, (from, to)| word.replace(from, to))
            };
            let long = spelled([("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "AE"), ("Ö", "Oe"), ("Ü", "Ue")]);
            let short = spelled([("ä", "a"), ("ö", "o"), ("ü", "u"), ("Ä", "A"), ("Ö", "O"), ("Ü", "U")]);
            prop_assert_eq!(fold(&word), fold(&long));
            prop_assert_eq!(fold(&word), fold(&short));
            prop_assert_eq!(fold(&word), fold(&word.to_lowercase()));
            prop_assert_eq!(fold(&word), fold(&word.replace('ß', "ss")));
        }

        #[test]
        fn what_is_typed_so_far_is_a_beginning(text in ".{0,40}", cut: prop::sample::Index) {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let typed = &text[..ends[cut.index(ends.len())]];
            prop_assert!(fold(&text).starts_with(&fold(typed)));
        }

        #[test]
        fn any_text_has_folds_of_letters_and_digits_only(text in ".{0,200}") {
            let terms = Terms::of([text.as_str()]);
            for term in terms.folded.iter().chain(&terms.stems) {
                prop_assert!(!term.is_empty() && term.len() <= MAX_FOLD);
                prop_assert!(term.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
                prop_assert_eq!(&fold(term), term, "a fold is its own");
            }
        }

        #[test]
        fn a_text_finds_itself(text in ".{0,60}") {
            let held = Terms::of([text.as_str()]);
            for word in words(&text) {
                prop_assert!(held.folded.contains(&word.whole.folded));
                prop_assert!(word.parts.iter().all(|part| held.folded.contains(&part.folded)));
            }
        }
    }
}
