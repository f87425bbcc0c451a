//! Which documents may run, and the names by which clients ask for them: a document's own text, its hash, or its id in a
//! list of trusted documents.

mod manifest;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

use super::{
    document::{Document, Documents},
    parameters::{DocumentName, Hash, Parameters},
    problem::Problem,
};
use crate::{config::LimitSettings, shared::error_code::ErrorCode};

/// How many documents are known by their hash.
const MAX_PERSISTED: usize = 10_000;
/// How much text is known by its hash, bytes.
const MAX_PERSISTED_BYTES: u64 = 8 * 1024 * 1024;

/// The documents that may run.
pub(crate) struct Library {
    documents: Documents,
    names: Names,
}

enum Names {
    /// Every document may run, and clients may leave out the text of one that was sent before.
    Open(Option<Cache<Hash, Arc<str>, TextLength>>),
    /// Only these may run.
    Trusted(Trusted),
}

#[derive(Default)]
struct Trusted {
    by_id: HashMap<Box<str>, Arc<Document>>,
    by_text: HashMap<Box<str>, Arc<Document>>,
}

#[derive(Clone)]
struct TextLength;

impl Weighter<Hash, Arc<str>> for TextLength {
    fn weight(&self, _: &Hash, text: &Arc<str>) -> u64 {
        text.len() as u64
    }
}

/// Why a list of trusted documents is of no use.
#[derive(Debug, thiserror::Error)]
pub enum UntrustedDocuments {
    /// The file is not there or cannot be read.
    #[error("cannot read the trusted documents in {}", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is no list of documents.
    #[error("{} is no list of trusted documents: {}", .0.display(), .1)]
    Malformed(PathBuf, String),
    /// A document does not fit the schema, or exceeds a limit.
    #[error("the trusted document {id:?} in {} cannot run: {message}", .file.display())]
    Refused {
        /// Where it stands.
        file: PathBuf,
        /// Its id.
        id: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Library {
    /// The documents that the settings allow.
    ///
    /// # Errors
    /// The settings name a file of trusted documents that is of no use.
    pub(crate) async fn new(
        documents: Documents,
        limits: &LimitSettings,
    ) -> Result<Self, UntrustedDocuments> {
        let names = match &limits.trusted_documents {
            Some(file) => Names::Trusted(Trusted::read(file, &documents).await?),
            None => Names::Open(
                limits
                    .persisted_queries
                    .then(|| Cache::with_weighter(MAX_PERSISTED, MAX_PERSISTED_BYTES, TextLength)),
            ),
        };
        Ok(Self { documents, names })
    }

    /// The document that a request asks for, checked against the schema.
    ///
    /// # Errors
    /// It is not known, may not run, does not fit the schema, or is new and `pay` does not agree to its length.
    pub(crate) async fn find(
        &self,
        parameters: &Parameters,
        pay: impl FnOnce(usize) -> Result<(), Problem>,
    ) -> Result<Arc<Document>, Problem> {
        let name = parameters.document()?;
        match &self.names {
            Names::Trusted(trusted) => trusted.find(&name),
            Names::Open(persisted) => self.find_open(persisted.as_ref(), name, pay).await,
        }
    }

    async fn find_open(
        &self,
        persisted: Option<&Cache<Hash, Arc<str>, TextLength>>,
        name: DocumentName<'_>,
        pay: impl FnOnce(usize) -> Result<(), Problem>,
    ) -> Result<Arc<Document>, Problem> {
        match (name, persisted) {
            (DocumentName::Text(text), _) => self.documents.get(text, pay).await,
            (DocumentName::Id(_), _) => {
                let message = "No list of trusted documents is in use here, so there are no ids: send the text as \"query\".";
                Err(Problem::bad_request(
                    ErrorCode::PersistedQueryNotFound,
                    message,
                ))
            }
            (DocumentName::Hash(_) | DocumentName::TextWithHash(..), None) => {
                // Clients know this message and send texts from then on.
                let message = "PersistedQueryNotSupported";
                Err(Problem::bad_request(
                    ErrorCode::PersistedQueryNotSupported,
                    message,
                ))
            }
            (DocumentName::Hash(hash), Some(persisted)) => {
                let text = persisted.get(&hash).ok_or_else(not_found)?;
                self.documents.get(&text, pay).await
            }
            (DocumentName::TextWithHash(text, hash), Some(persisted)) => {
                if persisted.get(&hash).is_some_and(|known| *known == *text) {
                    return self.documents.get(text, pay).await;
                }
                let actual = Hash(Sha256::digest(text).into());
                if actual != hash {
                    let message = format!(
                        "\"extensions.persistedQuery.sha256Hash\" is not the hash of \"query\", which is {actual}."
                    );
                    return Err(Problem::bad_request(ErrorCode::BadUserInput, message));
                }
                let document = self.documents.get(text, pay).await?;
                persisted.insert(hash, text.into());
                Ok(document)
            }
        }
    }
}

/// Clients know this message and send the text next.
fn not_found() -> Problem {
    Problem::bad_request(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
}

impl Trusted {
    async fn read(file: &Path, documents: &Documents) -> Result<Self, UntrustedDocuments> {
        let bytes = std::fs::read(file)
            .map_err(|error| UntrustedDocuments::Unreadable(file.to_owned(), error))?;
        let listed = manifest::read(&bytes)
            .map_err(|problem| UntrustedDocuments::Malformed(file.to_owned(), problem))?;
        let mut trusted = Self::default();
        for (id, text) in listed {
            let document = documents.get(&text, |_| Ok(())).await.map_err(|problem| {
                let messages = problem.errors.iter().map(|error| error.message.as_str());
                UntrustedDocuments::Refused {
                    file: file.to_owned(),
                    id: id.clone(),
                    message: messages.collect::<Vec<_>>().join("; "),
                }
            })?;
            trusted.by_text.insert(text.into(), Arc::clone(&document));
            trusted.by_id.insert(id.into(), document);
        }
        Ok(trusted)
    }

    fn find(&self, name: &DocumentName<'_>) -> Result<Arc<Document>, Problem> {
        let found = match name {
            DocumentName::Id(id) => self.by_id.get(*id).ok_or_else(not_found),
            DocumentName::Hash(hash) => {
                let id = hash.to_string();
                self.by_id.get(id.as_str()).ok_or_else(not_found)
            }
            DocumentName::Text(text) | DocumentName::TextWithHash(text, _) => {
                self.by_text.get(*text).ok_or_else(|| {
                    let message = "Only documents of the server's list of trusted documents may run here, and this is none of them.";
                    Problem::forbidden(message)
                })
            }
        };
        found.map(Arc::clone)
    }
}
