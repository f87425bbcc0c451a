//! Bounds on a document's text, checked before it is parsed: the parser descends without a bound of its own into values,
//! and an unknown directive costs an error each.

use crate::{config::LimitSettings, shared::error_code::ErrorCode};

use super::problem::Problem;

/// How deep brackets of any kind may nest in a document's text, and selections once fragments are spread: whoever walks
/// through them does so by recursion, and the stack has an end.
pub(super) const MAX_NESTING: usize = 100;

/// Refuses a document that is too long, nested too deep or has too many directives.
pub(super) fn check_text(text: &str, limits: &LimitSettings) -> Result<(), Problem> {
    let max_document = limits.max_document;
    if text.len() > max_document {
        let message = format!(
            "The document is {} bytes long; at most {max_document} are allowed (setting max_document). Pass large values as variables.",
            text.len()
        );
        return Err(Problem::bad_request(ErrorCode::QueryTooComplex, message));
    }
    let Tokens {
        nesting,
        directives,
    } = scan(text);
    if nesting > MAX_NESTING {
        let message = format!("The document is nested deeper than {MAX_NESTING} levels.");
        return Err(Problem::bad_request(ErrorCode::QueryTooDeep, message));
    }
    let max_directives = limits.max_directives;
    if directives > max_directives {
        let message = format!(
            "The document has {directives} directives; at most {max_directives} are allowed (setting max_directives)."
        );
        return Err(Problem::bad_request(ErrorCode::QueryTooComplex, message));
    }
    Ok(())
}

/// What a text has outside of strings and comments.
#[derive(Debug, PartialEq, Eq)]
struct Tokens {
    /// How deep brackets nest.
    nesting: usize,
    /// How many `@` there are.
    directives: usize,
}

fn scan(text: &str) -> Tokens {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    let mut tokens = Tokens {
        nesting: 0,
        directives: 0,
    };
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
                tokens.nesting = tokens.nesting.max(depth);
                at + 1
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            b'@' => {
                tokens.directives += 1;
                at + 1
            }
            _ => at + 1,
        };
    }
    tokens
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

#[cfg(test)]
mod tests {
    use super::*;

    fn nesting(text: &str) -> usize {
        scan(text).nesting
    }

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

    #[test]
    fn a_directive_is_an_at_sign_outside_of_strings_and_comments() {
        let text = "query Q @a { b(mail: \"x@y\") @c@c # @d\n }";
        assert_eq!(scan(text).directives, 3);
    }
}
