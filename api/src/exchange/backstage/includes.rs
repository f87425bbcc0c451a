//! Placeholders: `$text`, `$yaml` and `$json` stand for the content of another file.

use crate::exchange::{
    diagnostics::{Mark, Problems},
    sources::Source,
    yaml::{self, Entry, Node, Value},
};

/// How many bytes the placeholders of one document may bring.
const MAX_INCLUDED_BYTES: usize = 16 * 1024 * 1024;

/// Whether `node` is a placeholder, e.g. `$yaml: ./parameters.yaml`.
pub(super) fn is_placeholder(node: &Node) -> bool {
    placeholder(node).is_some()
}

/// Whether a placeholder is left anywhere in `node`.
pub(super) fn has_placeholder(node: &Node) -> bool {
    is_placeholder(node)
        || match &node.value {
            Value::List(items) => items.iter().any(has_placeholder),
            Value::Map(entries) => entries.iter().any(|entry| has_placeholder(&entry.value)),
            _ => false,
        }
}

/// Puts the files in place of their placeholders. What cannot be read is told and stays a placeholder.
pub(super) fn resolve(node: &mut Node, source: &Source, problems: &mut Problems) {
    Resolver {
        source,
        problems,
        left: MAX_INCLUDED_BYTES,
    }
    .resolve(node);
}

struct Resolver<'a> {
    source: &'a Source,
    problems: &'a mut Problems,
    left: usize,
}

impl Resolver<'_> {
    fn resolve(&mut self, node: &mut Node) {
        if let Some(entry) = placeholder(node) {
            match self.include(entry) {
                Ok(value) => node.value = value,
                Err(why) => self.problems.warning(
                    self.source.place(entry.mark),
                    format!("{}: {why}; it is kept as it stands", entry.key),
                ),
            }
            // What was included is not searched for placeholders, so files cannot include each other without end.
            return;
        }
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.resolve(item)),
            Value::Map(entries) => entries
                .iter_mut()
                .for_each(|entry| self.resolve(&mut entry.value)),
            _ => {}
        }
    }

    fn include(&mut self, entry: &Entry) -> Result<Value, String> {
        let target = entry.value.text().unwrap_or_default();
        let file = self
            .source
            .read_beside(target)
            .map_err(|why| format!("`{target}` {why}"))?;
        self.left = self
            .left
            .checked_sub(file.text.len())
            .ok_or_else(|| format!("`{target}` is too much; placeholders of one document bring at most {MAX_INCLUDED_BYTES} bytes"))?;
        if entry.key == "$text" {
            return Ok(Value::Text(file.text));
        }
        let mut documents = yaml::read(&file.text);
        let node = match (documents.pop(), documents.pop()) {
            (Some(Ok(node)), None) => node,
            (Some(Err(error)), None) => {
                return Err(format!(
                    "`{}` does not parse: {error}",
                    file.place(error.mark)
                ));
            }
            (None, _) => return Err(format!("`{target}` is empty")),
            (Some(_), Some(_)) => return Err(format!("`{target}` has more than one document")),
        };
        Ok(moved_to(node, entry.mark).value)
    }
}

/// The one entry of a placeholder. An empty or many-keyed mapping is none, nor is one whose value is no string.
fn placeholder(node: &Node) -> Option<&Entry> {
    match node.entries() {
        [entry]
            if ["$text", "$yaml", "$json"].contains(&entry.key.as_str())
                && entry.value.text().is_some() =>
        {
            Some(entry)
        }
        _ => None,
    }
}

/// The node with every position replaced: what is wrong with an included value is told where it is included.
fn moved_to(mut node: Node, mark: Mark) -> Node {
    fn visit(node: &mut Node, mark: Mark) {
        node.mark = mark;
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| visit(item, mark)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.mark = mark;
                visit(&mut entry.value, mark);
            }),
            _ => {}
        }
    }
    visit(&mut node, mark);
    node
}
