//! Cutting a stream into its documents before any of them is parsed.
//!
//! `---` and `...` at the beginning of a line end a document wherever they stand, so the cut needs no parser, and one
//! document that does not parse cannot hide what is wrong with the others.

/// One document's text, its markers and directives included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    /// How many lines of the stream come before it.
    pub(super) lines_before: usize,
}

/// Cuts `stream` at its document markers.
pub(super) fn split(stream: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut start_line = 0;
    // Directives, comments and blank lines belong to the document that they precede.
    let mut only_prefix = true;
    for (line_number, (offset, line)) in lines(stream).enumerate() {
        if is_marker(line, "---") {
            if !only_prefix {
                chunks.push(chunk(stream, start, offset, start_line));
                (start, start_line) = (offset, line_number);
            }
            only_prefix = false;
        } else if is_marker(line, "...") {
            let end = offset + line.len();
            chunks.push(chunk(stream, start, end, start_line));
            (start, start_line) = (end, line_number + 1);
            only_prefix = true;
        } else if !is_prefix(line) {
            only_prefix = false;
        }
    }
    if start < stream.len() {
        chunks.push(chunk(stream, start, stream.len(), start_line));
    }
    chunks
}

fn chunk(stream: &str, start: usize, end: usize, lines_before: usize) -> Chunk<'_> {
    Chunk {
        text: &stream[start..end],
        lines_before,
    }
}

/// The lines with their breaks (`\n`, `\r\n` or `\r`) and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = &text[start..];
        if rest.is_empty() {
            return None;
        }
        let length = match rest.find(['\n', '\r']) {
            None => rest.len(),
            Some(at) if rest[at..].starts_with("\r\n") => at + 2,
            Some(at) => at + 1,
        };
        let line = (start, &rest[..length]);
        start += length;
        Some(line)
    })
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

fn is_prefix(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.is_empty() || trimmed.starts_with('#') || line.starts_with('%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(stream: &str) -> Vec<(&str, usize)> {
        split(stream)
            .into_iter()
            .map(|chunk| (chunk.text, chunk.lines_before))
            .collect()
    }

    #[test]
    fn documents_end_at_markers_only() {
        assert_eq!(
            texts("a: 1\n---\nb: |\n  --- no\n----\n--- c\n"),
            [
                ("a: 1\n", 0),
                ("---\nb: |\n  --- no\n----\n", 1),
                ("--- c\n", 5)
            ]
        );
    }

    #[test]
    fn directives_and_comments_stay_with_the_document_that_follows() {
        assert_eq!(
            texts("# top\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2"),
            [("# top\n---\na: 1\n...\n", 0), ("%YAML 1.2\n---\nb: 2", 4)]
        );
    }

    #[test]
    fn all_line_breaks_count() {
        assert_eq!(
            texts("a: 1\r\nb: 2\r---\rc: 3"),
            [("a: 1\r\nb: 2\r", 0), ("---\rc: 3", 2)]
        );
    }
}
