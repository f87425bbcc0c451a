//! Bounds on a document's shape, checked before anything recursive touches it: the parser descends without a bound of
//! its own into values, and fragments that spread one another twice double with every level.

use std::collections::HashMap;

use async_graphql::{
    Name, ServerError,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use crate::shared::error_code::ErrorCode;

use super::problem::Problem;

/// The longest document, bytes. Large values belong into variables.
const MAX_LENGTH: usize = 1024 * 1024;
/// How deep brackets of any kind may nest in a document's text.
const MAX_NESTING: usize = 100;
/// How many selections a document may have once its fragments are spread.
const MAX_SELECTIONS: usize = 10_000;

/// Refuses a document that is too long or nested too deep to parse.
pub(super) fn check_text(text: &str) -> Result<(), Problem> {
    if text.len() > MAX_LENGTH {
        let message = format!(
            "The document is {} bytes long, at most {MAX_LENGTH} are allowed. Pass large values as variables.",
            text.len()
        );
        return Err(Problem::bad_request(ErrorCode::QueryTooComplex, message));
    }
    if nesting(text) > MAX_NESTING {
        let message = format!("The document is nested deeper than {MAX_NESTING} levels.");
        return Err(Problem::bad_request(ErrorCode::QueryTooDeep, message));
    }
    Ok(())
}

/// How deep brackets nest, those in strings and comments left aside.
fn nesting(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'"' => after_string(bytes, at),
            b'#' => {
                at + bytes[at..]
                    .iter()
                    .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
                    .count()
            }
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                at + 1
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            _ => at + 1,
        };
    }
    deepest
}

/// Where the text goes on after the string that starts at `start`.
fn after_string(bytes: &[u8], start: usize) -> usize {
    let is_block = bytes[start..].starts_with(b"\"\"\"");
    let quote: &[u8] = if is_block { b"\"\"\"" } else { b"\"" };
    let mut at = start + quote.len();
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        let unterminated = !is_block && matches!(rest[0], b'\n' | b'\r');
        if unterminated {
            return at;
        }
        at += match rest[0] {
            b'\\' if is_block && rest[1..].starts_with(quote) => 1 + quote.len(),
            b'\\' if !is_block => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// Refuses a document whose fragments make it too large, or go round in a circle.
pub(super) fn check_size(document: &ExecutableDocument) -> Result<(), Problem> {
    let mut sizes = Sizes {
        document,
        known: HashMap::new(),
    };
    for (_, operation) in document.operations.iter() {
        let size = sizes.of(&operation.node.selection_set.node)?;
        if size > MAX_SELECTIONS {
            let message = format!(
                "The document selects {size} fields, at most {MAX_SELECTIONS} are allowed."
            );
            return Err(Problem::bad_request(ErrorCode::QueryTooComplex, message));
        }
    }
    Ok(())
}

struct Sizes<'a> {
    document: &'a ExecutableDocument,
    /// Sizes of fragments; `None` while one is being counted.
    known: HashMap<&'a Name, Option<usize>>,
}

impl<'a> Sizes<'a> {
    fn of(&mut self, selection_set: &'a SelectionSet) -> Result<usize, Problem> {
        selection_set
            .items
            .iter()
            .try_fold(0_usize, |sum, selection| {
                let inner = match &selection.node {
                    Selection::Field(field) => self.of(&field.node.selection_set.node)?,
                    Selection::InlineFragment(fragment) => {
                        self.of(&fragment.node.selection_set.node)?
                    }
                    Selection::FragmentSpread(spread) => {
                        self.of_fragment(&spread.node.fragment_name.node)?
                    }
                };
                Ok(sum.saturating_add(inner).saturating_add(1))
            })
    }

    fn of_fragment(&mut self, name: &Name) -> Result<usize, Problem> {
        // A fragment that does not exist is found by validation, with a better message.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(0);
        };
        match self.known.get(name) {
            Some(Some(size)) => Ok(*size),
            Some(None) => {
                let message = format!("Cannot spread fragment \"{name}\" within itself.");
                Err(Problem::refused(
                    ErrorCode::GraphqlValidationFailed,
                    ServerError::new(message, Some(fragment.pos)),
                ))
            }
            None => {
                self.known.insert(name, None);
                let size = self.of(&fragment.node.selection_set.node)?;
                self.known.insert(name, Some(size));
                Ok(size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(
            nesting(r#"{ a(b: "{{{[[[", c: """ {{{ \""" [[[ "quoted" """) # ((("#),
            2
        );
        assert_eq!(nesting("# {{{\n{ a }"), 1);
        assert_eq!(nesting(r#"{ a(b: "\"{{{") }"#), 2);
    }

    #[test]
    fn brackets_after_a_string_that_never_ends_still_count() {
        assert_eq!(nesting("{ a(b: \"open\n[[["), 5);
        assert_eq!(nesting("\"\"\" {{{ \\"), 0);
    }
}
