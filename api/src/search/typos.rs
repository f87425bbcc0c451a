//! Words with letters wrong, as a query of the library.

use tantivy::query::{AutomatonWeight, DfaWrapper, EnableScoring, FuzzyTermQuery, Query, Weight};
use tantivy::schema::Field;
use tantivy::{TantivyError, Term};
use tantivy_fst::Automaton;

/// The fewest letters of a word that a typo is looked for in, and of one that it is taken for: of three letters one less is
/// another word.
pub(super) const MIN_LETTERS: usize = 4;
/// From so many letters on a word with one letter wrong is more likely that word than another one, and its beginning can be
/// recognised. Of `wlan` one letter makes `plan`.
pub(super) const MIN_SURE: usize = 6;

/// What a word is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slip {
    /// All of another word, with so many letters wrong.
    Word(u8),
    /// The beginning of one, with one letter wrong.
    Beginning,
}

/// Finds documents with words that one may be meant for. Of a short word, and of a beginning, the first letter is right: it is the
/// one that people get wrong least, and what is left of so little says something else.
#[derive(Clone, Debug)]
pub(super) struct SlipQuery {
    fuzzy: FuzzyTermQuery,
    field: Field,
    /// What the word found has to begin with.
    first: Option<u8>,
}

impl SlipQuery {
    pub(super) fn new(field: Field, word: &str, slip: Slip) -> Self {
        let term = Term::from_field_text(field, word);
        let (fuzzy, is_sure) = match slip {
            Slip::Word(distance) => (
                FuzzyTermQuery::new(term, distance, true),
                word.len() >= MIN_SURE,
            ),
            Slip::Beginning => (FuzzyTermQuery::new_prefix(term, 1, true), false),
        };
        let first = word.bytes().next().filter(|_| !is_sure);
        Self {
            fuzzy,
            field,
            first,
        }
    }
}

impl Query for SlipQuery {
    fn weight(&self, _: EnableScoring<'_>) -> Result<Box<dyn Weight>, TantivyError> {
        let slips = Slips {
            letters: self.fuzzy.automaton()?,
            first: self.first,
        };
        Ok(Box::new(AutomatonWeight::new(self.field, slips)))
    }
}

/// Accepts words of enough letters, with the right first one.
struct Slips {
    letters: DfaWrapper,
    first: Option<u8>,
}

/// What has been read of a word: none where it is no match, whatever follows.
type Read = Option<(u32, usize)>;

impl Automaton for Slips {
    type State = Read;

    fn start(&self) -> Read {
        Some((self.letters.start(), 0))
    }

    fn is_match(&self, read: &Read) -> bool {
        read.is_some_and(|(state, length)| length >= MIN_LETTERS && self.letters.is_match(&state))
    }

    fn can_match(&self, read: &Read) -> bool {
        read.is_some_and(|(state, _)| self.letters.can_match(&state))
    }

    fn accept(&self, read: &Read, byte: u8) -> Read {
        let (state, length) = (*read)?;
        let is_right = length > 0 || self.first.is_none_or(|first| first == byte);
        // Lengths beyond the least make no difference, so that there are few states.
        let length = (length + 1).min(MIN_LETTERS);
        is_right.then(|| (self.letters.accept(&state, byte), length))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tantivy::schema::{STRING, Schema};

    use super::*;

    fn takes(typed: &str, slip: Slip, word: &str) -> bool {
        let field = Schema::builder().add_text_field("any", STRING);
        let query = SlipQuery::new(field, typed, slip);
        let slips = Slips {
            letters: query.fuzzy.automaton().unwrap(),
            first: query.first,
        };
        let read = word
            .bytes()
            .fold(slips.start(), |read, byte| slips.accept(&read, byte));
        slips.is_match(&read)
    }

    #[test]
    fn a_short_word_is_taken_for_words_of_its_first_letter_and_of_four_letters() {
        let one = Slip::Word(1);
        assert!(takes("portl", one, "portal") && takes("prnit", one, "print"));
        assert!(takes("pint", one, "print"));
        for (typed, word) in [
            ("wlan", "plan"),
            ("mail", "mai"),
            ("mail", "ail"),
            ("rint", "print"),
        ] {
            assert!(!takes(typed, one, word), "{typed}, {word}");
        }
    }

    #[test]
    fn a_long_word_is_taken_for_words_with_any_letter_wrong() {
        assert!(takes("ienstplan", Slip::Word(1), "dienstplan"));
        assert!(takes("druckmanagmnt", Slip::Word(2), "druckmanagement"));
        assert!(!takes("druckmanagmnt", Slip::Word(1), "druckmanagement"));
    }

    #[test]
    fn a_beginning_has_the_right_first_letter() {
        assert!(takes("betton", Slip::Beginning, "bettenmanagement"));
        assert!(!takes("netten", Slip::Beginning, "bettenmanagement"));
    }
}
