//! Text to tree, under limits that keep a hostile document cheap.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{
    Entry, Node, Value,
    documents::{Chunk, split},
    scalar,
};
use crate::exchange::diagnostics::Mark;

/// How deep collections may nest, those that an alias brings included. The feed shows what was imported a few levels deeper,
/// and JSON is read down to level 127 only.
const MAX_DEPTH: usize = 120;
/// How long one document may be, in bytes.
const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
/// How many brackets, braces and commas one document may have. The parser has to see a whole `[…]` or `{…}` before it knows
/// that it is no key, and holds all of its parts until then.
const MAX_FLOW_CHARACTERS: usize = 500_000;
/// How much the aliases of one document may add to it: a node weighs [`NODE_WEIGHT`] and its text's bytes.
const MAX_COPIED: usize = 4 * 1024 * 1024;
const NODE_WEIGHT: usize = 64;

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Where.
    pub mark: Mark,
    /// Which lines the document fills, so that a caller can look at its text: the first, and the one after the last.
    pub lines: (usize, usize),
    /// What is wrong and what would be right.
    pub message: String,
}

/// Reads every document of `stream`; each has its own result. Documents without content are left out.
pub fn read(stream: &str) -> Vec<Result<Node, YamlError>> {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
    split(stream)
        .into_iter()
        .filter_map(|chunk| Reader::new(chunk).read().transpose())
        .collect()
}

/// A collection that is still being filled.
struct Open {
    node: Node,
    anchor: usize,
    weight: usize,
    height: usize,
    keys: HashSet<String>,
    key: Option<(String, Mark)>,
}

/// A finished node with what it would cost to repeat it.
#[derive(Clone)]
struct Done {
    node: Node,
    weight: usize,
    /// How many collections lie within one another in it.
    height: usize,
}

struct Reader<'a> {
    chunk: Chunk<'a>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Done>,
    copied: usize,
}

/// Where and what; the document's extent is added at the end.
type Fault = (Mark, String);

impl<'a> Reader<'a> {
    fn new(chunk: Chunk<'a>) -> Self {
        Self {
            chunk,
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            copied: 0,
        }
    }

    fn read(mut self) -> Result<Option<Node>, YamlError> {
        let first = self.chunk.lines_before + 1;
        let lines = (first, first + self.chunk.text.lines().count());
        self.build().map_err(|(mark, message)| YamlError {
            mark,
            lines,
            message,
        })?;
        Ok(self.root.filter(|root| !root.is_null()))
    }

    fn build(&mut self) -> Result<(), Fault> {
        self.check_size()?;
        for event in Parser::new_from_str(self.chunk.text) {
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            let mark = self.mark(span.start);
            self.take(event, mark)?;
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Fault> {
        let bytes = self.chunk.text.len();
        let flow = |byte: &u8| matches!(byte, b'[' | b']' | b'{' | b'}' | b',');
        let flow_characters = self.chunk.text.bytes().filter(flow).count();
        let too_much = if bytes > MAX_DOCUMENT_BYTES {
            format!("{bytes} bytes; at most {MAX_DOCUMENT_BYTES} are read")
        } else if flow_characters > MAX_FLOW_CHARACTERS {
            format!(
                "{flow_characters} brackets, braces and commas; at most {MAX_FLOW_CHARACTERS} are read"
            )
        } else {
            return Ok(());
        };
        let mark = Mark {
            line: self.chunk.lines_before + 1,
            column: 1,
        };
        Err((mark, format!("this document has {too_much}")))
    }

    fn mark(&self, marker: Marker) -> Mark {
        Mark {
            line: self.chunk.lines_before + marker.line(),
            column: marker.col() + 1,
        }
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        (self.mark(*error.marker()), explain(error.info()))
    }

    fn take(&mut self, event: Event<'_>, mark: Mark) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), mark)
            }
            Event::SequenceStart(anchor, _) => self.begin(Value::List(Vec::new()), anchor, mark),
            Event::MappingStart(anchor, _) => self.begin(Value::Map(Vec::new()), anchor, mark),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, mark),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        mark: Mark,
    ) -> Result<(), Fault> {
        let value = match (tag, style) {
            (Some(tag), _) => {
                scalar::tagged(text, &tag.handle, &tag.suffix).map_err(|message| (mark, message))?
            }
            (None, ScalarStyle::Plain) if !self.awaits_key() => scalar::plain(text),
            // A key is its text: `1: one` and `"1": one` are the same to everything that reads JSON.
            (None, _) => Value::Text(text.to_owned()),
        };
        let done = Done {
            weight: NODE_WEIGHT + text.len(),
            height: 0,
            node: Node { value, mark },
        };
        self.finish(done, anchor)
    }

    fn awaits_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| matches!(open.node.value, Value::Map(_)) && open.key.is_none())
    }

    fn begin(&mut self, value: Value, anchor: usize, mark: Mark) -> Result<(), Fault> {
        if self.awaits_key() {
            return Err((
                mark,
                "a list or mapping cannot be a key; a value that begins with `{` or `[` needs quotes"
                    .to_owned(),
            ));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err((mark, too_deep()));
        }
        self.open.push(Open {
            node: Node { value, mark },
            anchor,
            weight: NODE_WEIGHT,
            height: 0,
            keys: HashSet::new(),
            key: None,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let done = Done {
            node: open.node,
            weight: open.weight,
            height: open.height + 1,
        };
        self.finish(done, open.anchor)
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<(), Fault> {
        let Some(done) = self.anchors.get(&anchor) else {
            return Err((
                mark,
                "an alias cannot stand within what it repeats".to_owned(),
            ));
        };
        let (weight, height) = (done.weight, done.height);
        if self.open.len() + height > MAX_DEPTH {
            return Err((mark, too_deep()));
        }
        self.pay(weight, mark)?;
        let mut done = self.anchors[&anchor].clone();
        done.node.mark = mark;
        self.finish(done, 0)
    }

    /// Books the copy that an anchor or alias makes.
    fn pay(&mut self, weight: usize, mark: Mark) -> Result<(), Fault> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > MAX_COPIED {
            return Err((
                mark,
                "the aliases of this document repeat too much; write out what is meant".to_owned(),
            ));
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, done: Done, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            self.pay(done.weight, done.node.mark)?;
            self.anchors.insert(anchor, done.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(done.node);
            return Ok(());
        };
        open.weight += done.weight;
        open.height = open.height.max(done.height);
        match &mut open.node.value {
            Value::List(items) => items.push(done.node),
            Value::Map(entries) => match open.key.take() {
                Some((key, mark)) => entries.push(Entry {
                    key,
                    mark,
                    value: done.node,
                }),
                None => open.key = Some(key(&mut open.keys, entries, done.node)?),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
        Ok(())
    }
}

/// Makes `node` the next key of a mapping that has `keys` already.
fn key(keys: &mut HashSet<String>, entries: &[Entry], node: Node) -> Result<(String, Mark), Fault> {
    let text = match node.value {
        Value::Text(text) => text,
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::List(_) | Value::Map(_) => {
            return Err((node.mark, "a list or mapping cannot be a key".to_owned()));
        }
    };
    if keys.insert(text.clone()) {
        return Ok((text, node.mark));
    }
    let first = entries
        .iter()
        .find(|entry| entry.key == text)
        .map_or(node.mark, |entry| entry.mark);
    Err((
        node.mark,
        format!(
            "the key `{text}` is already on line {}; a mapping has each key once",
            first.line
        ),
    ))
}

fn too_deep() -> String {
    format!("lists and mappings nest deeper than {MAX_DEPTH} levels here")
}

/// Says the parser's more cryptic complaints in words that help.
fn explain(info: &str) -> String {
    match info {
        "simple key expect ':'" | "simple key expected ':'" => {
            "a line that should read `key: value` has no `: `".to_owned()
        }
        "mapping values are not allowed in this context" => {
            "a second `: ` on this line; a value that contains `: ` needs quotes".to_owned()
        }
        "recursion limit exceeded" => too_deep(),
        "while parsing node, found unknown anchor" => {
            "this alias repeats an anchor that the document does not have before it".to_owned()
        }
        "did not find expected <document start>" => {
            "this does not belong to what stands above it; check the indentation, or begin a new document with `---`"
                .to_owned()
        }
        "while parsing a block mapping, did not find expected key" => {
            "expected a `key: value` here; check the indentation".to_owned()
        }
        other => other.replace('\'', "`"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn faults(stream: &str) -> Vec<(usize, usize, String)> {
        read(stream)
            .into_iter()
            .filter_map(Result::err)
            .map(|error| (error.mark.line, error.mark.column, error.message))
            .collect()
    }

    fn refused_at(stream: &str, line: usize, column: usize, words: &str) {
        let faults = faults(stream);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!((faults[0].0, faults[0].1), (line, column), "{faults:?}");
        assert!(faults[0].2.contains(words), "{faults:?}");
    }

    #[test]
    fn values_and_keys_know_where_they_stand() {
        let documents = read("# comment\n---\na: 1\nsüß:\n  - b\n  - c: \"2\"\n");
        let node = documents[0].as_ref().unwrap();
        assert_eq!(
            node.to_json(),
            json!({ "a": 1, "süß": ["b", { "c": "2" }] })
        );
        let list = &node.entries()[1];
        assert_eq!(list.mark, Mark { line: 4, column: 1 });
        let Value::List(items) = &list.value.value else {
            panic!("{list:?}");
        };
        assert_eq!(items[0].mark, Mark { line: 5, column: 5 });
        assert_eq!(items[1].get("c").unwrap().mark, Mark { line: 6, column: 8 });
    }

    #[test]
    fn documents_without_content_are_left_out() {
        assert!(read("").is_empty());
        assert!(read("---\n# nothing\n---\n...\n---\n~\n").is_empty());
    }

    #[test]
    fn a_broken_document_does_not_hide_the_others() {
        let documents = read("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: 'x\n---\ne: 5\n");
        let read: Vec<bool> = documents.iter().map(Result::is_ok).collect();
        assert_eq!(read, [true, false, true, false, true]);
        let lines: Vec<usize> = faults("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: 'x\n---\ne: 5\n")
            .into_iter()
            .map(|fault| fault.0)
            .collect();
        assert!(lines[0] >= 2 && lines[0] <= 4, "{lines:?}");
        assert!(lines[1] >= 6 && lines[1] <= 8, "{lines:?}");
    }

    #[test]
    fn a_key_that_comes_twice_is_refused() {
        refused_at("a: 1\nb:\n  c: 1\n  c: 2\n", 4, 3, "already on line 3");
    }

    #[test]
    fn a_mapping_as_key_is_refused() {
        refused_at("name: {{ name }}\n", 1, 8, "needs quotes");
    }

    #[test]
    fn keys_are_text() {
        let documents = read("1: a\ntrue: b\n~: c\n");
        assert_eq!(
            documents[0].as_ref().unwrap().to_json(),
            json!({ "1": "a", "true": "b", "~": "c" })
        );
    }

    #[test]
    fn aliases_repeat_their_anchor() {
        let documents = read("a: &x {b: [1, two]}\nc: *x\n");
        let node = documents[0].as_ref().unwrap();
        assert_eq!(
            node.get("a").unwrap().to_json(),
            node.get("c").unwrap().to_json()
        );
        assert_eq!(node.get("c").unwrap().mark, Mark { line: 2, column: 4 });
    }

    #[test]
    fn an_alias_to_nothing_or_to_its_own_inside_is_refused() {
        refused_at("a: *x\n", 1, 4, "anchor");
        refused_at("a: &x [1, *x]\n", 1, 11, "within");
    }

    #[test]
    fn an_alias_bomb_is_refused_at_once() {
        use std::fmt::Write;

        let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..40 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            writeln!(bomb, "a{level}: &a{level} [{items}]").unwrap();
        }
        let start = Instant::now();
        let faults = faults(&bomb);
        assert!(start.elapsed() < Duration::from_mins(1));
        assert!(faults[0].2.contains("repeat too much"), "{faults:?}");
    }

    #[test]
    fn a_long_text_cannot_be_multiplied_by_aliases() {
        let text = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(100_000),
            "*a, ".repeat(10_000)
        );
        let faults = faults(&text);
        assert!(faults[0].2.contains("repeat too much"), "{faults:?}");
    }

    #[test]
    fn nesting_without_end_is_refused_at_once() {
        let start = Instant::now();
        let flow = faults(&"[".repeat(MAX_FLOW_CHARACTERS));
        assert!(flow[0].2.contains("nest deeper"), "{flow:?}");
        let block = faults(&"- ".repeat(1_000_000));
        assert!(block[0].2.contains("nest deeper"), "{block:?}");
        let deep: Vec<String> = (0..2_000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect();
        let deep = deep.concat();
        assert!(faults(&deep)[0].2.contains("nest deeper"));
        assert!(start.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn aliases_cannot_nest_deeper_than_text() {
        let mut text = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n".to_owned();
        for level in 1..20 {
            let item = format!("a{level}: &a{level} [[[[[[[[[[*a{}]]]]]]]]]]\n", level - 1);
            text.push_str(&item);
        }
        let faults = faults(&text);
        assert!(faults[0].2.contains("nest deeper"), "{faults:?}");
    }

    #[test]
    fn a_document_that_is_too_long_is_refused_unread() {
        let text = format!("---\na: 1\n---\nb: {}\n", "x".repeat(MAX_DOCUMENT_BYTES));
        refused_at(&text, 3, 1, "at most");
        let text = format!("a: 1\n---\n[{}", "a,".repeat(MAX_FLOW_CHARACTERS));
        refused_at(&text, 2, 1, "brackets, braces and commas");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn no_text_that_looks_like_yaml_breaks_the_reader(
            text in "(([ ]{0,4}(- |\\? |: |a: |b:|[&*]x ?|[\\[\\]{},'\"|>!%#~]|---|\\.\\.\\.|\t|word)){0,6}\n){0,12}"
        ) {
            for error in read(&text).into_iter().filter_map(Result::err) {
                prop_assert!(error.mark.line >= 1 && error.mark.line <= text.lines().count() + 2);
            }
        }
    }
}
