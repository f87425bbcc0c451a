//! Telling a template of a YAML file from a YAML file that is broken.

/// Whether `text` holds the braces of a templating language.
pub(super) fn has_braces(text: &str) -> bool {
    ["{{", "{%", "{#"]
        .iter()
        .any(|opening| text.contains(opening))
}

/// Whether `document`, which does not parse because of `broken_line` (counted from 1), is a template to be filled in.
pub(super) fn explains(document: &str, broken_line: usize) -> bool {
    document.lines().enumerate().any(|(index, line)| {
        starts_with_braces(line) || (index + 1 == broken_line && has_braces(line))
    })
}

/// Whether a line is a templating statement, or has a value that begins with templating braces outside quotes.
/// Either makes a YAML parser stumble, there or further down.
fn starts_with_braces(line: &str) -> bool {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let value = rest
        .split_once(": ")
        .map_or(rest, |(_, value)| value.trim_start());
    [rest, value].iter().any(|text| {
        ["{{", "{%", "{#"]
            .iter()
            .any(|opening| text.starts_with(opening))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_unquoted_braces_make_a_template() {
        assert!(explains("a:\n  {% if x %}\n  b: 1\n  {% endif %}\n", 4));
        assert!(explains("name: {{ name }}\n", 1));
        assert!(explains("- - {{ name }}\n", 1));
        assert!(explains("{{- if .Values.x }}\n", 1));
        assert!(explains("a: ${{ x ? 'b: c' }}\n", 1));
    }

    #[test]
    fn braces_that_yaml_reads_as_text_excuse_nothing() {
        assert!(!explains("a: ${{ x }}\nb: [1\n", 2));
        assert!(!explains("a: 'in {{ quotes }}'\nb: [1\n", 2));
        assert!(!explains("a: b\n  c: d\n", 2));
    }
}
