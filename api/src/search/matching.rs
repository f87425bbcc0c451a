//! What a search matches, and in which order.
//!
//! Each word of a query has to be in a document: as it is, as another form of the same stem, as the beginning of a word or the end
//! of a long one, as one with its neighbour, or with a typo. How it is there gives points; the best way counts, and the words' points add up. All points are whole numbers, so the
//! order depends on the documents only: every replica has the same one, and a cursor stays good.

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, Term};
use uuid::Uuid;

use super::index::{Fields, HIGH, KIND, LOW, NAME_LENGTH};
use super::rules::{self, Word};
use super::typos::{MIN_SURE, Slip, SlipQuery};

/// Points for a word that is there as it was typed: in the name, in what else a document is known by, in what is said about it.
const EXACT: [f32; 3] = [1000.0, 950.0, 800.0];
/// For another form of it: in the name, in what is said.
const STEM: [f32; 2] = [900.0, 750.0];
/// For a word that begins with it.
const PREFIX: [f32; 3] = [600.0, 550.0, 450.0];
/// For two words that are written as one: as they are, and the beginning of it.
const JOINED: [f32; 3] = [850.0, 800.0, 650.0];
const JOINED_PREFIX: [f32; 3] = [500.0, 470.0, 380.0];
/// For a long word that ends with it, or with another form of it: in the name, elsewhere.
const END: [f32; 2] = [420.0, 320.0];
/// For a word that begins with another form of it.
const STEM_PREFIX: [f32; 3] = [400.0, 360.0, 310.0];
/// For a word with one letter wrong, and with two.
const TYPO: [[f32; 3]; 2] = [[300.0, 250.0, 200.0], [150.0, 120.0, 100.0]];
/// For a word that begins with it, with one letter wrong: in the name, in what else it is known by.
const TYPO_PREFIX: [f32; 2] = [180.0, 160.0];
/// The shortest word that others may end with, and the shortest stem that others may begin with, in letters.
const MIN_PART: usize = 5;
/// The shortest beginning of a word that is looked for where it may also be a whole word, in letters.
const MIN_PREFIX: usize = 3;
/// The shortest beginning that is looked for in what is said about documents, where it would be in most of them.
const MIN_TEXT_PREFIX: usize = 3;
/// What a point of a word counts beside how short a name is.
const SCALE: i64 = 100;
/// A score of 1.
const FULL: i64 = 1000 * SCALE;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Words.
    pub words: Vec<Word>,
    /// Words that need not be there, and count where they are.
    pub beside: Vec<Word>,
    /// How many of the words have to be there; all where absent.
    pub at_least: Option<usize>,
    /// Whether the last word may be the beginning of one that is still being typed.
    pub is_being_typed: bool,
    /// Only documents that have all marks of one of these lists; all documents where absent.
    pub marks: Option<Vec<Vec<String>>>,
    /// Whether a short word with a letter wrong is found, too, though it may as well be another word.
    pub forgives_short: bool,
}

/// The part of the matches that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only what comes after this place.
    pub after: Option<Place>,
    /// How many at most.
    pub first: usize,
}

/// A match's place in the order: best first, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Points below none: the best match comes first.
    pub below: i64,
    /// The document's key.
    pub id: Uuid,
}

/// One match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Its place.
    pub place: Place,
    /// What it is.
    pub kind: u64,
}

/// A page of matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In their order.
    pub hits: Vec<Hit>,
    /// How many there are on all pages.
    pub total: usize,
    /// Whether any come before the page.
    pub has_previous: bool,
    /// Whether any come after it.
    pub has_next: bool,
}

impl Place {
    /// How good a match is for a query of so many words: 1 where each of them is in a name of few words as it was typed.
    pub fn score(self, words: usize) -> f64 {
        let full = FULL.saturating_mul(i64::try_from(words.max(1)).unwrap_or(i64::MAX));
        #[expect(
            clippy::cast_precision_loss,
            reason = "points have seven digits at most"
        )]
        let share = |points: i64| points as f64;
        share(-self.below) / share(full)
    }
}

impl Wanted {
    /// All of these words, in any document.
    pub fn all(words: Vec<Word>) -> Self {
        Self {
            words,
            beside: Vec::new(),
            at_least: None,
            is_being_typed: true,
            marks: None,
            forgives_short: true,
        }
    }

    /// Whether it finds anything by short words with a letter wrong only. A match of more points than these give is none of them.
    pub(super) fn doubts(&self, best: Place) -> bool {
        let mut terms = self
            .words
            .iter()
            .flat_map(|word| std::iter::once(&word.whole).chain(&word.parts));
        let is_short = |term: &rules::Term| term.forgiven() > 0 && term.folded.len() < MIN_SURE;
        #[expect(clippy::cast_possible_truncation, reason = "points are whole numbers")]
        let points = |points: f32| points as i64 * SCALE;
        let others = i64::try_from(self.words.len())
            .unwrap_or(i64::MAX)
            .saturating_sub(1);
        let sure = others
            .saturating_mul(points(EXACT[0]))
            .saturating_add(points(TYPO[0][0]));
        self.forgives_short && terms.any(is_short) && -best.below < sure.saturating_add(SCALE)
    }

    /// As a query of the library; none where nothing is looked for.
    pub(super) fn query(&self, fields: &Fields) -> Option<BooleanQuery> {
        let last = self.words.len().checked_sub(1)?;
        let ways = |place: usize, word| {
            let is_last = self.is_being_typed && place == last;
            let mut ways = self.word(fields, word, is_last);
            if let Some(before) = place
                .checked_sub(1)
                .and_then(|before| self.words.get(before))
            {
                ways.extend(joined(fields, before, word, is_last));
            }
            if let Some(next) = self.words.get(place + 1) {
                let is_last = self.is_being_typed && place + 1 == last;
                ways.extend(joined(fields, word, next, is_last));
            }
            best_of(ways)
        };
        let words = self.words.iter().enumerate();
        let words = words.map(|(place, word)| ways(place, word));
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        match self.at_least {
            None => clauses.extend(words.map(|word| (Occur::Must, word))),
            Some(enough) => {
                let some = words.map(|word| (Occur::Should, word)).collect();
                let some = BooleanQuery::with_minimum_required_clauses(some, enough);
                clauses.push((Occur::Must, Box::new(some)));
            }
        }
        let beside = self
            .beside
            .iter()
            .map(|word| best_of(self.word(fields, word, false)));
        clauses.extend(beside.map(|word| (Occur::Should, word)));
        if let Some(lists) = &self.marks {
            clauses.push((Occur::Must, scored(marked(fields, lists), 0.0)));
        }
        Some(BooleanQuery::new(clauses))
    }

    /// The ways in which a word is there: as one, or all of its parts.
    fn word(&self, fields: &Fields, word: &Word, is_last: bool) -> Vec<Box<dyn Query>> {
        let mut ways = self.term(fields, &word.whole, is_last);
        if let Some(last) = word.parts.len().checked_sub(1) {
            let parts = word.parts.iter().enumerate();
            let parts = parts
                .map(|(place, part)| best_of(self.term(fields, part, is_last && place == last)));
            // Together they count as one word.
            let parts = BooleanQuery::intersection(parts.collect());
            ways.push(scored(Box::new(parts), STEM[0]));
        }
        ways
    }

    fn term(&self, fields: &Fields, term: &rules::Term, is_last: bool) -> Vec<Box<dyn Query>> {
        let folded = term.folded.as_str();
        let mut ways = forms(fields, term, EXACT, STEM);
        if is_last || folded.len() >= MIN_PREFIX {
            ways.extend(beginnings(fields, folded, PREFIX));
        }
        for form in term.forms().filter(|form| form.len() >= MIN_PART) {
            if form != folded {
                ways.extend(beginnings(fields, form, STEM_PREFIX));
            }
            let end = rules::reversed(form);
            for (field, points) in [fields.name_ends, fields.text_ends].into_iter().zip(END) {
                ways.push(scored(begins(field, &end), points));
            }
        }
        if self.forgives_short || folded.len() >= MIN_SURE {
            ways.extend(slips(fields, term, is_last));
        }
        ways
    }
}

fn parts(fields: &Fields) -> [Field; 3] {
    [fields.name, fields.keys, fields.text]
}

fn best_of(ways: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(DisjunctionMaxQuery::new(ways))
}

fn begins(field: Field, word: &str) -> Box<dyn Query> {
    let term = Term::from_field_text(field, word);
    Box::new(FuzzyTermQuery::new_prefix(term, 0, true))
}

/// A word as it is, and in other forms.
fn forms(
    fields: &Fields,
    term: &rules::Term,
    exact: [f32; 3],
    stem: [f32; 2],
) -> Vec<Box<dyn Query>> {
    let mut ways = Vec::new();
    for (field, points) in parts(fields).into_iter().zip(exact) {
        ways.push(scored(exactly(field, &term.folded), points));
    }
    for (field, points) in [fields.name_stems, fields.text_stems].into_iter().zip(stem) {
        for stem in &term.stems {
            ways.push(scored(exactly(field, stem), points));
        }
    }
    ways
}

/// Words that begin so.
fn beginnings(
    fields: &Fields,
    beginning: &str,
    points: [f32; 3],
) -> impl Iterator<Item = Box<dyn Query>> {
    let count = if beginning.len() >= MIN_TEXT_PREFIX {
        3
    } else {
        2
    };
    let fields = parts(fields).into_iter().zip(points).take(count);
    fields.map(|(field, points)| scored(begins(field, beginning), points))
}

/// Two words that stand side by side and are written as one.
fn joined(fields: &Fields, one: &Word, next: &Word, is_last: bool) -> Vec<Box<dyn Query>> {
    let both = one.whole.joined(&next.whole);
    let mut ways = forms(fields, &both, JOINED, [JOINED[0], JOINED[2]]);
    if is_last {
        ways.extend(beginnings(fields, &both.folded, JOINED_PREFIX));
    }
    ways
}

/// Words that it may be meant for.
fn slips(fields: &Fields, term: &rules::Term, is_last: bool) -> Vec<Box<dyn Query>> {
    let folded = term.folded.as_str();
    let slip = |field, slip| Box::new(SlipQuery::new(field, folded, slip));
    let mut ways = Vec::new();
    for (distance, points) in (1..=term.forgiven()).zip(TYPO) {
        for (field, points) in parts(fields).into_iter().zip(points) {
            ways.push(scored(slip(field, Slip::Word(distance)), points));
        }
    }
    if is_last && term.forgiven() > 0 && folded.len() >= MIN_SURE {
        for (field, points) in parts(fields).into_iter().zip(TYPO_PREFIX) {
            ways.push(scored(slip(field, Slip::Beginning), points));
        }
    }
    ways
}

fn marked(fields: &Fields, lists: &[Vec<String>]) -> Box<dyn Query> {
    let mark = |mark: &String| exactly(fields.marks, mark);
    let all = |marks: &Vec<String>| -> Box<dyn Query> {
        Box::new(BooleanQuery::intersection(marks.iter().map(mark).collect()))
    };
    Box::new(BooleanQuery::union(lists.iter().map(all).collect()))
}

fn scored(query: Box<dyn Query>, points: Score) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, points))
}

fn exactly(field: Field, word: &str) -> Box<dyn Query> {
    let term = Term::from_field_text(field, word);
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// Collects a page of what matches.
pub(super) struct Hits(pub(super) Page);

/// What one part of the index has.
pub(super) struct PartHits {
    page: Page,
    kind: Column,
    high: Column,
    low: Column,
    name_length: Column,
    hits: Vec<Hit>,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    total: usize,
    /// How many stand at the place or before it after which the page begins.
    before: usize,
}

impl Collector for Hits {
    type Fruit = Found;
    type Child = PartHits;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<PartHits> {
        let numbers = segment.fast_fields();
        Ok(PartHits {
            page: self.0,
            kind: numbers.u64(KIND)?,
            high: numbers.u64(HIGH)?,
            low: numbers.u64(LOW)?,
            name_length: numbers.u64(NAME_LENGTH)?,
            hits: Vec::new(),
            counts: Counts::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, parts: Vec<(Vec<Hit>, (usize, usize))>) -> tantivy::Result<Found> {
        let mut found = Found::default();
        let mut before = 0;
        for (hits, (total, earlier)) in parts {
            found.hits.extend(hits);
            found.total += total;
            before += earlier;
        }
        found.hits.sort_unstable();
        found.hits.truncate(self.0.first);
        found.has_previous = before > 0;
        found.has_next = found.total - before > found.hits.len();
        Ok(found)
    }
}

impl SegmentCollector for PartHits {
    type Fruit = (Vec<Hit>, (usize, usize));

    fn collect(&mut self, doc: DocId, score: Score) {
        let number = |column: &Column| column.first(doc).unwrap_or_default();
        // Sums of whole numbers far below 2²⁴ are exact, in whatever order they are made.
        #[expect(clippy::cast_possible_truncation, reason = "points are whole numbers")]
        let points = score as i64 * SCALE;
        let shortness = SCALE
            - 1
            - i64::try_from(number(&self.name_length))
                .unwrap_or(SCALE)
                .min(SCALE - 1);
        let place = Place {
            below: -(points + shortness),
            id: Uuid::from_u64_pair(number(&self.high), number(&self.low)),
        };
        self.counts.total += 1;
        if self.page.after.is_some_and(|after| place <= after) {
            self.counts.before += 1;
            return;
        }
        self.hits.push(Hit {
            place,
            kind: number(&self.kind),
        });
        // Now and then all but the best are let go, so that there are never many.
        if self.hits.len() >= 2 * self.page.first + 1_000 {
            self.hits.select_nth_unstable(self.page.first);
            self.hits.truncate(self.page.first);
        }
    }

    fn harvest(self) -> Self::Fruit {
        (self.hits, (self.counts.total, self.counts.before))
    }
}
