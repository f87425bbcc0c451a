//! What changed between two states of an object.

use serde_json::{Map, Value, json};

/// Changed fields: name to `{"from": …, "to": …}`; a field that is absent on one side, and an empty list or object, counts
/// as null.
///
/// Where both sides of a field are objects (annotations, dependencies by id) only the changed keys are listed.
pub fn diff(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let mut changed = Map::new();
    for (name, from, to) in pairs(before, after) {
        let (from, to) = match (from, to) {
            (Value::Object(from), Value::Object(to)) => narrowed(from, to),
            (from, to) => (from.clone(), to.clone()),
        };
        changed.insert(name.clone(), json!({ "from": from, "to": to }));
    }
    changed
}

/// Here absent, null and empty are three things: what an object holds is somebody else's, not a field of ours.
fn narrowed(before: &Map<String, Value>, after: &Map<String, Value>) -> (Value, Value) {
    let only_changed = |side: &Map<String, Value>, other: &Map<String, Value>| {
        side.iter()
            .filter(|&(key, value)| other.get(key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    (
        Value::Object(only_changed(before, after)),
        Value::Object(only_changed(after, before)),
    )
}

/// The names whose values differ, with both values.
fn pairs<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a String, &'a Value, &'a Value)> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    after.keys().chain(gone).filter_map(|name| {
        let (from, to) = (value(before, name), value(after, name));
        (from != to).then_some((name, from, to))
    })
}

fn value<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a Value {
    match fields.get(name) {
        None => &Value::Null,
        Some(Value::Array(items)) if items.is_empty() => &Value::Null,
        Some(Value::Object(map)) if map.is_empty() => &Value::Null,
        Some(value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn only_changed_fields_are_listed() {
        let before = object(json!({"name": "a", "tier": 1, "gone": true, "tags": []}));
        let after = object(json!({"name": "b", "tier": 1, "new": null, "more": 2}));
        assert_eq!(
            Value::Object(diff(&before, &after)),
            json!({
                "name": {"from": "a", "to": "b"},
                "more": {"from": null, "to": 2},
                "gone": {"from": true, "to": null},
            })
        );
    }

    #[test]
    fn of_an_object_only_changed_keys_are_listed() {
        let before = object(json!({"annotations": {"same": 1, "was": 2, "old": 3}}));
        let after = object(json!({"annotations": {"same": 1, "was": 4, "new": 5}}));
        assert_eq!(
            Value::Object(diff(&before, &after)),
            json!({"annotations": {"from": {"was": 2, "old": 3}, "to": {"was": 4, "new": 5}}})
        );
    }

    #[test]
    fn inside_an_object_null_and_empty_are_values() {
        let before = object(json!({"annotations": {"same": 1, "was": []}}));
        let after = object(json!({"annotations": {"same": 1, "was": {}, "new": null}}));
        assert_eq!(
            Value::Object(diff(&before, &after)),
            json!({"annotations": {"from": {"was": []}, "to": {"was": {}, "new": null}}})
        );
    }
}
