//! The full-text index: documents in, ids out. It knows nothing of the catalog.

use std::sync::{Mutex, PoisonError};

use tantivy::query::{EnableScoring, Query};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{DocSet, IndexReader, IndexWriter, ReloadPolicy, TERMINATED, TantivyDocument, Term};
use uuid::Uuid;

use super::matching::{Found, Hits, Page, Wanted};
use super::rules::Terms;

/// What the writer gathers before it makes a part of the index of it, bytes. The library's least is 15 MB.
const WRITE_MEMORY: usize = 30_000_000;

/// Something that can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is, as a number that its owner knows.
    pub kind: u64,
    /// Its key.
    pub id: Uuid,
    /// Its name or title.
    pub name: String,
    /// What else it is known by: slug, number, tags, an e-mail address.
    pub keys: Vec<String>,
    /// What is said about it.
    pub texts: Vec<String>,
    /// Plain words that a search can ask for: who may see it, what state it is in.
    pub marks: Vec<String>,
}

/// The fields of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The key, to replace a document.
    id: Field,
    pub(super) marks: Field,
    /// Folds of the words of each part, and of stems.
    pub(super) name: Field,
    pub(super) name_stems: Field,
    pub(super) keys: Field,
    pub(super) text: Field,
    pub(super) text_stems: Field,
    /// How long words end.
    pub(super) name_ends: Field,
    pub(super) text_ends: Field,
}

/// Numbers of a document that a search looks at.
pub(super) const KIND: &str = "kind";
pub(super) const HIGH: &str = "high";
pub(super) const LOW: &str = "low";
pub(super) const NAME_LENGTH: &str = "name_length";

/// A full-text index in memory.
pub struct TextIndex {
    fields: Fields,
    numbers: [Field; 4],
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

/// Why the index can't be read or written: a fault of this program.
pub type IndexError = tantivy::TantivyError;

impl TextIndex {
    /// One that holds nothing.
    ///
    /// # Errors
    /// The index can't be made.
    pub fn new() -> Result<Self, IndexError> {
        let mut schema = Schema::builder();
        let words = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_fieldnorms(false)
                .set_index_option(IndexRecordOption::Basic),
        );
        let fields = Fields {
            id: schema.add_text_field("id", STRING),
            marks: schema.add_text_field("marks", STRING),
            name: schema.add_text_field("name", words.clone()),
            name_stems: schema.add_text_field("name_stems", words.clone()),
            keys: schema.add_text_field("keys", words.clone()),
            text: schema.add_text_field("text", words.clone()),
            text_stems: schema.add_text_field("text_stems", words.clone()),
            name_ends: schema.add_text_field("name_ends", words.clone()),
            text_ends: schema.add_text_field("text_ends", words),
        };
        let number = FAST | INDEXED;
        let numbers =
            [KIND, HIGH, LOW, NAME_LENGTH].map(|name| schema.add_u64_field(name, number.clone()));
        let index = tantivy::Index::create_in_ram(schema.build());
        let writer = index.writer_with_num_threads(1, WRITE_MEMORY)?;
        let reader = index.reader_builder();
        let reader = reader.reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self {
            fields,
            numbers,
            reader,
            writer: Mutex::new(writer),
        })
    }

    /// Adds documents, replaces those that are there, and takes those out that are gone; whoever searches from now on finds them
    /// so. Blocks for milliseconds, longer for many.
    ///
    /// # Errors
    /// The index can't be written.
    pub fn put(
        &self,
        documents: impl IntoIterator<Item = Document>,
        gone: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), IndexError> {
        // A writer that panicked has committed nothing, and goes on.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for id in gone {
            writer.delete_term(self.key(id));
        }
        for document in documents {
            writer.delete_term(self.key(document.id));
            writer.add_document(self.row(&document))?;
        }
        writer.commit()?;
        self.reader.reload()
    }

    /// Adds documents of which none is there. Nobody finds them before [`Self::show`]. Blocks as long as it takes.
    ///
    /// # Errors
    /// The index can't be written.
    pub fn add_new(&self, documents: impl IntoIterator<Item = Document>) -> Result<(), IndexError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for document in documents {
            writer.add_document(self.row(&document))?;
        }
        Ok(())
    }

    /// Has whoever searches from now on find all that was added. Blocks as long as it takes.
    ///
    /// # Errors
    /// The index can't be written.
    pub fn show(&self) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.commit()?;
        self.reader.reload()
    }

    fn key(&self, id: Uuid) -> Term {
        Term::from_field_text(self.fields.id, &id.simple().to_string())
    }

    fn row(&self, document: &Document) -> TantivyDocument {
        let mut row = TantivyDocument::new();
        row.add_text(self.fields.id, document.id.simple().to_string());
        for mark in &document.marks {
            row.add_text(self.fields.marks, mark);
        }
        let name = Terms::of([document.name.as_str()]);
        let keys = Terms::of(document.keys.iter().map(String::as_str));
        let texts = Terms::of(document.texts.iter().map(String::as_str));
        let name_length = super::rules::words(&document.name).len() as u64;
        let words = [
            (self.fields.name, name.folded),
            (self.fields.name_stems, name.stems),
            (self.fields.keys, keys.folded),
            (self.fields.text, texts.folded),
            (self.fields.text_stems, texts.stems),
            (self.fields.name_ends, name.ends),
            (self.fields.text_ends, texts.ends),
        ];
        for (field, words) in words {
            row.add_pre_tokenized_text(field, tokens(words));
        }
        let (high, low) = document.id.as_u64_pair();
        for (field, number) in self
            .numbers
            .into_iter()
            .zip([document.kind, high, low, name_length])
        {
            row.add_u64(field, number);
        }
        row
    }

    /// A page of what matches, best first. Blocks for milliseconds at most: the work is bounded by how many words a query may
    /// have.
    ///
    /// # Errors
    /// The index can't be read.
    pub fn search(&self, wanted: &Wanted, page: Page) -> Result<Found, IndexError> {
        let Some(query) = wanted.query(&self.fields) else {
            return Ok(Found::default());
        };
        self.reader.searcher().search(&query, &Hits(page))
    }

    /// Whether anything matches.
    ///
    /// # Errors
    /// The index can't be read.
    pub fn finds(&self, wanted: &Wanted) -> Result<bool, IndexError> {
        let Some(query) = wanted.query(&self.fields) else {
            return Ok(false);
        };
        let searcher = self.reader.searcher();
        let weight = query.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        for segment in searcher.segment_readers() {
            let mut matches = weight.scorer(segment, 1.0)?;
            let alive = segment.alive_bitset();
            while matches.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(matches.doc())) {
                    return Ok(true);
                }
                matches.advance();
            }
        }
        Ok(false)
    }

    /// How many documents it holds.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Words as the library takes them, already taken apart.
fn tokens(words: impl IntoIterator<Item = String>) -> PreTokenizedString {
    let token = |(position, text): (usize, String)| Token {
        offset_from: 0,
        offset_to: 0,
        position,
        text,
        position_length: 1,
    };
    PreTokenizedString {
        text: String::new(),
        tokens: words.into_iter().enumerate().map(token).collect(),
    }
}
