//! YAML that people like to read and that [`read`](super::read) reads back as the same value.

use serde::Serialize;
use serde_saphyr::ser::Error;

/// Appends `value` to `out` as one block-style document without a marker, ending with a line break.
///
/// # Errors
/// When `value` cannot be said in YAML, e.g. a map with maps as keys.
pub fn write<T: Serialize>(out: &mut String, value: &T) -> Result<(), Error> {
    let options = serde_saphyr::ser_options! {
        // Long lines stay whole: a folded text changes all over when one word does.
        folded_wrap_chars: usize::MAX,
        compact_list_indent: false,
    };
    serde_saphyr::to_fmt_writer_with_options(out, value, options)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::exchange::yaml::read;

    fn round_trip(value: &Json) -> Json {
        let mut text = String::new();
        write(&mut text, value).unwrap();
        let documents = read(&text);
        assert_eq!(documents.len(), 1, "{text}");
        match &documents[0] {
            Ok(node) => node.to_json(),
            Err(error) => panic!("{}: {}\n{text}", error.mark.line, error.message),
        }
    }

    const NASTY: &[&str] = &[
        "",
        " ",
        "yes",
        "No",
        "on",
        "y",
        "null",
        "~",
        "Null",
        "true",
        "1.0",
        "1",
        "0x1f",
        "0o7",
        "1e3",
        ".5",
        ".inf",
        "-",
        "--",
        "---",
        "...",
        "--- a",
        "? a",
        "- a",
        "a: b",
        "a:b",
        "a:",
        ":a",
        "a #b",
        "#a",
        "a#b",
        " a",
        "a ",
        "\ta",
        "a\t",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        "a\nb",
        " a\nb",
        "a\n b\n",
        "a \nb",
        "a\n\n\nb\n",
        "\r",
        "a\r\nb",
        "\u{0}",
        "\u{7}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{feff}a\nb",
        "😀",
        "Süd",
        "\u{1f468}\u{200d}\u{1f469}",
        "'",
        "\"",
        "\\",
        "a'b\"c\\",
        "{",
        "}",
        "[",
        "]",
        "{{ x }}",
        "${{ x }}",
        "{% x %}",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "<<",
        "=",
        "2026-11-23",
        "12:30:45",
        "1_000",
        "+1",
        "-1",
        "0b1",
        "a, b",
        ",",
        "a\n---\nb\n",
        "a\n...\n",
        "# a\n# b\n",
        "\ta\nb",
        "a\n\tb\n",
        "- a\n- b\n",
        "  \n",
        "\n  a\n",
        "a\n  ",
        "\u{fffe}",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{7f}",
        "\u{a0}",
        "\u{a0}a",
        "a\u{3000}",
    ];

    #[test]
    fn nasty_strings_come_back_as_values_keys_and_items() {
        for text in NASTY {
            for value in [
                json!(text),
                json!({ "a": text, "b": 1 }),
                json!({ *text: text }),
                json!([text, text]),
                json!({ "a": [{ "b": text, "c": [[text]] }, text], "d": { "e": { "f": text } } }),
            ] {
                assert_eq!(round_trip(&value), value, "{text:?}");
            }
        }
    }

    #[test]
    fn ordinary_text_is_written_plainly() {
        let mut text = String::new();
        let value = json!({
            "a": "Bettenmanagement Süd",
            "b": ["one", "two"],
            "c": "first\nsecond\n",
            "d": "yes",
            "e": {},
            "f": [{ "g": 1, "h": "https://example.org/a?b=c#d" }],
            "i": "A long sentence that goes on for more than eighty characters stays on one line, as it was written.",
        });
        write(&mut text, &value).unwrap();
        assert_eq!(
            text,
            "\
a: Bettenmanagement Süd
b:
  - one
  - two
c: |
  first
  second
d: \"yes\"
e: {}
f:
  - g: 1
    h: https://example.org/a?b=c#d
i: A long sentence that goes on for more than eighty characters stays on one line, as it was written.
"
        );
    }

    fn nasty_text() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(NASTY).prop_map(str::to_owned),
            proptest::collection::vec(proptest::sample::select(NASTY), 0..4)
                .prop_map(|parts| parts.concat()),
            any::<String>(),
            "[-:#{}\\[\\],&*!|>'\"%@`? \t\n\ra0.~]{0,12}",
        ]
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_filter_map("finite", |number| {
                serde_json::Number::from_f64(number).map(Json::from)
            }),
            nasty_text().prop_map(Json::from),
        ];
        leaf.prop_recursive(5, 48, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                proptest::collection::vec((nasty_text(), inner), 0..5).prop_map(|entries| entries
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_written_is_read_back(value in any_json()) {
            let document = json!({ "value": value });
            prop_assert_eq!(round_trip(&document), document);
        }
    }
}
