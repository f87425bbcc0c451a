//! Kundig's own YAML: reading it strictly and writing the whole catalog.

mod read;
mod shadow_it;
mod slas;
mod spec;
mod write;

pub use write::export;

use super::{diagnostics::Problems, plan::Item, sources::Sources, yaml};

/// What stands in `apiVersion`.
pub const API_VERSION: &str = "kundig/v1";

/// Reads every document of `sources`. `progress` is told after each file how many are read and how many are known.
pub fn items(
    sources: &mut Sources,
    problems: &mut Problems,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Item> {
    let mut items = Vec::new();
    let mut files = 0;
    while let Some(source) = sources.next(problems) {
        for document in yaml::read(&source.text) {
            match document {
                Ok(node) => items.extend(read::document(&node, &source, problems)),
                Err(error) => problems.error(source.place(error.mark), error.message),
            }
        }
        files += 1;
        progress(files, files + sources.waiting());
    }
    items
}
