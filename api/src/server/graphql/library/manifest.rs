//! Files of trusted documents: Apollo's manifest of persisted queries, or a JSON object of documents by id as Relay and
//! others write it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What Apollo's manifest calls itself.
const APOLLO: &str = "apollo-persisted-query-manifest";

#[derive(Deserialize)]
struct Manifest {
    version: u32,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

/// The documents of a file, each with its id.
///
/// # Errors
/// A message: the file is neither of the two, or an id stands for two documents.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    const EXPECTED: &str =
        "expected Apollo's manifest of persisted queries, or a JSON object with documents by hash";
    let file: serde_json::Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("it is not valid JSON ({error}); {EXPECTED}"))?;
    let format = file.get("format").and_then(serde_json::Value::as_str);
    if format != Some(APOLLO) {
        return serde_json::from_value(file).map_err(|error| format!("{error}; {EXPECTED}"));
    }
    let manifest: Manifest =
        serde_json::from_value(file).map_err(|error| format!("{error}; {EXPECTED}"))?;
    if manifest.version != 1 {
        let version = manifest.version;
        return Err(format!("its version is {version}; 1 is the only one known"));
    }
    let mut documents = BTreeMap::new();
    for Operation { id, body } in manifest.operations {
        if documents.get(&id).is_some_and(|other| *other != body) {
            return Err(format!("the id {id:?} stands for two documents"));
        }
        documents.insert(id, body);
    }
    Ok(documents)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_files_are_read() {
        let apollo = r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            {"id": "a1", "name": "A", "type": "query", "body": "query A { a }"},
            {"id": "b2", "name": "B", "type": "query", "body": "query B { b }"}]}"#;
        let plain = r#"{"a1": "query A { a }", "b2": "query B { b }"}"#;
        let expected = BTreeMap::from([
            ("a1".to_owned(), "query A { a }".to_owned()),
            ("b2".to_owned(), "query B { b }".to_owned()),
        ]);
        assert_eq!(read(apollo.as_bytes()).unwrap(), expected);
        assert_eq!(read(plain.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn what_is_no_list_is_refused_by_what_is_wrong_with_it() {
        let apollo = |rest: &str| format!(r#"{{"format": "{APOLLO}", {rest}}}"#);
        let twice = r#""version": 1, "operations": [{"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ b }"}]"#;
        for (file, expected) in [
            ("nothing".to_owned(), "not valid JSON"),
            ("[]".to_owned(), "expected Apollo's manifest"),
            (r#"{"a": {"b": 1}}"#.to_owned(), "expected a string"),
            (apollo(r#""version": 2, "operations": []"#), "version is 2"),
            (apollo(r#""version": 1"#), "operations"),
            (apollo(twice), "\"a\" stands for two documents"),
        ] {
            let problem = read(file.as_bytes()).unwrap_err();
            assert!(problem.contains(expected), "{file}: {problem}");
        }
    }
}
