//! How much work a JSON Schema makes.
//!
//! A schema of a few lines can keep a validator busy for years: each of `$defs` that is any of the one before, twice; or an `anyOf`
//! both of whose branches lead back to the whole. So a schema is unfolded before it is taken: against how many schemas may one value be
//! held, at most, wherever it stands?
//!
//! A value is held against a schema, against all that applies *in place* (`allOf`, `anyOf`, `not`, `$ref` …), and so on. What is
//! *below* it, a property or an item, is held against what each of those says of it. So the most that a value `n` levels below can be
//! held against is, for each property and for items, the sum over all those of the most that it can be `n - 1` levels below what they
//! say. Whatever the value is, a branch is counted: a validator may skip it, and never visits it twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The most schemas that one value may be held against.
const MOST: u64 = 1_000;
/// How deep values are nested: parsers of JSON stop there.
const LEVELS: usize = 128;
/// How much may be unfolded in all.
const MOST_UNFOLDED: usize = 100_000;

/// Against how many schemas one value is held at most; what is wrong with a schema for which that is beyond [`MOST`].
pub(super) fn effort(schema: &Value) -> Result<u64, String> {
    let places = Places::of(schema);
    let heads = Heads::unfold(&places)?;
    heads.effort().ok_or_else(|| {
        format!(
            "one value would be held against more than {MOST} schemas: those that `anyOf`, `oneOf`, `allOf` and `$ref` lead to multiply"
        )
    })
}

/// The part of a value that a schema speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part<'a> {
    Property(&'a str),
    Item(usize),
}

/// One schema of a document, with the places of those that it names.
#[derive(Debug, Default)]
struct Place<'a> {
    /// What the same value is held against.
    here: Vec<usize>,
    /// What one part is held against, and what it is not held against for that.
    parts: Vec<(Part<'a>, usize, Option<usize>)>,
    /// What all properties are held against.
    properties: Vec<usize>,
    /// What all items are held against.
    items: Vec<usize>,
    /// References to what is not there.
    lost: Option<&'a str>,
}

/// All schemas of a document.
#[derive(Debug, Default)]
struct Places<'a> {
    all: Vec<Place<'a>>,
}

impl<'a> Places<'a> {
    fn of(root: &'a Value) -> Self {
        let mut reader = Reader::new(root);
        reader.place(root);
        let mut all = Vec::new();
        while let Some(&schema) = reader.found.get(all.len()) {
            let place = match schema {
                Value::Object(keywords) => reader.read(keywords),
                _ => Place::default(),
            };
            all.push(place);
        }
        Self { all }
    }
}

/// Finds the schemas of a document.
struct Reader<'a> {
    root: &'a Value,
    /// Parts with an identity of their own, from which pointers may start.
    resources: Vec<&'a Value>,
    anchors: HashMap<&'a str, Vec<&'a Value>>,
    found: Vec<&'a Value>,
    known: HashMap<*const Value, usize>,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Value) -> Self {
        let mut reader = Self {
            root,
            resources: Vec::new(),
            anchors: HashMap::new(),
            found: Vec::new(),
            known: HashMap::new(),
        };
        reader.note_names(root);
        reader
    }

    /// Notes what references can name, wherever it stands.
    fn note_names(&mut self, value: &'a Value) {
        match value {
            Value::Object(map) => {
                if map.get("$id").is_some_and(Value::is_string) {
                    self.resources.push(value);
                }
                for keyword in ["$anchor", "$dynamicAnchor"] {
                    if let Some(name) = map.get(keyword).and_then(Value::as_str) {
                        self.anchors.entry(name).or_default().push(value);
                    }
                }
                map.values().for_each(|value| self.note_names(value));
            }
            Value::Array(items) => items.iter().for_each(|value| self.note_names(value)),
            _ => {}
        }
    }

    fn place(&mut self, schema: &'a Value) -> usize {
        match self.known.entry(std::ptr::from_ref(schema)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.found.push(schema);
                *new.insert(self.found.len() - 1)
            }
        }
    }

    fn read(&mut self, keywords: &'a Map<String, Value>) -> Place<'a> {
        let mut place = Place::default();
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = keywords.get(keyword).and_then(Value::as_array);
            let branches = branches.into_iter().flatten();
            place.here.extend(branches.map(|branch| self.place(branch)));
        }
        for keyword in ["not", "if", "then", "else"] {
            let branch = keywords.get(keyword);
            place.here.extend(branch.map(|branch| self.place(branch)));
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            let branches = keywords.get(keyword).and_then(Value::as_object);
            let branches = branches.into_iter().flat_map(Map::values);
            place.here.extend(branches.map(|branch| self.place(branch)));
        }
        for keyword in ["$ref", "$dynamicRef"] {
            let Some(reference) = keywords.get(keyword).and_then(Value::as_str) else {
                continue;
            };
            let targets = self.targets(reference);
            if targets.is_empty() {
                place.lost = Some(reference);
            }
            place
                .here
                .extend(targets.into_iter().map(|target| self.place(target)));
        }
        self.read_properties(keywords, &mut place);
        self.read_items(keywords, &mut place);
        place
    }

    fn read_properties(&mut self, keywords: &'a Map<String, Value>, place: &mut Place<'a>) {
        let additional = keywords.get("additionalProperties");
        let additional = additional.map(|schema| self.place(schema));
        let named = keywords.get("properties").and_then(Value::as_object);
        for (name, schema) in named.into_iter().flatten() {
            let part = (Part::Property(name), self.place(schema), additional);
            place.parts.push(part);
        }
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let others = patterns.into_iter().flat_map(Map::values).chain(
            ["propertyNames", "unevaluatedProperties"]
                .into_iter()
                .filter_map(|keyword| keywords.get(keyword)),
        );
        place.properties.extend(additional);
        place
            .properties
            .extend(others.map(|schema| self.place(schema)));
    }

    fn read_items(&mut self, keywords: &'a Map<String, Value>, place: &mut Place<'a>) {
        let others = keywords.get("items").map(|schema| self.place(schema));
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        for (item, schema) in first.into_iter().flatten().enumerate() {
            let part = (Part::Item(item), self.place(schema), others);
            place.parts.push(part);
        }
        place.items.extend(others);
        for keyword in ["contains", "unevaluatedItems"] {
            let schema = keywords.get(keyword);
            place.items.extend(schema.map(|schema| self.place(schema)));
        }
    }

    /// What a reference may lead to: with names for parts of a document that is more than one place.
    fn targets(&self, reference: &str) -> Vec<&'a Value> {
        let fragment = reference.trim_start_matches('#');
        let Ok(fragment) = percent_decode_str(fragment).decode_utf8() else {
            return Vec::new();
        };
        if fragment.is_empty() || fragment.starts_with('/') {
            let bases = self.resources.iter().copied().chain([self.root]);
            return bases.filter_map(|base| base.pointer(&fragment)).collect();
        }
        self.anchors.get(&*fragment).cloned().unwrap_or_default()
    }
}

/// A schema that a value is held against because of where it stands: the whole one, or that of a part.
#[derive(Debug, Default)]
struct Head<'a> {
    /// How many schemas apply in place, the head included.
    here: u64,
    /// As in the places, of all that applies in place.
    parts: HashMap<Part<'a>, Vec<(usize, Option<usize>)>>,
    properties: Vec<usize>,
    items: Vec<usize>,
}

/// All heads; the others of their places are none.
#[derive(Debug)]
struct Heads<'a>(Vec<Option<Head<'a>>>);

impl<'a> Heads<'a> {
    fn unfold(places: &Places<'a>) -> Result<Self, String> {
        let mut heads: Vec<Option<Head<'a>>> = Vec::new();
        heads.resize_with(places.all.len(), || None);
        let mut waiting = vec![0];
        let mut unfolded = 0;
        while let Some(head) = waiting.pop() {
            if heads[head].is_some() {
                continue;
            }
            let made = Head::unfold(places, head)?;
            unfolded += made.size();
            if unfolded > MOST_UNFOLDED {
                return Err(format!(
                    "it unfolds to more than {MOST_UNFOLDED} schemas in all"
                ));
            }
            waiting.extend(made.below());
            heads[head] = Some(made);
        }
        Ok(Self(heads))
    }

    /// The most at any level; none beyond [`MOST`].
    fn effort(&self) -> Option<u64> {
        let of = |head: &Option<Head<'_>>| head.as_ref().map_or(0, |head| head.here);
        let mut level: Vec<u64> = self.0.iter().map(of).collect();
        let mut most = 0;
        for _ in 0..LEVELS {
            let here = *level.first()?;
            if here > MOST {
                return None;
            }
            most = most.max(here);
            let above = self.0.iter().map(|head| {
                let most = head.as_ref().map_or(0, |head| head.most_below(&level));
                most.min(MOST + 1)
            });
            let above: Vec<u64> = above.collect();
            if above == level {
                break;
            }
            level = above;
        }
        Some(most)
    }
}

impl<'a> Head<'a> {
    fn unfold(places: &Places<'a>, head: usize) -> Result<Self, String> {
        let mut made = Self::default();
        let mut waiting = vec![head];
        while let Some(place) = waiting.pop() {
            made.here += 1;
            if made.here > MOST {
                return Err(format!(
                    "one value would be held against more than {MOST} schemas: those that `anyOf`, `oneOf`, `allOf` and `$ref` lead to \
                     multiply, or lead back to where they began"
                ));
            }
            let place = &places.all[place];
            if let Some(reference) = place.lost {
                return Err(format!("it has nothing to which {reference:?} refers"));
            }
            waiting.extend(&place.here);
            for &(part, schema, instead) in &place.parts {
                made.parts.entry(part).or_default().push((schema, instead));
            }
            made.properties.extend(&place.properties);
            made.items.extend(&place.items);
        }
        Ok(made)
    }

    fn size(&self) -> usize {
        let parts: usize = self.parts.values().map(Vec::len).sum();
        1 + parts + self.properties.len() + self.items.len()
    }

    fn below(&self) -> impl Iterator<Item = usize> {
        let parts = self.parts.values().flatten().map(|&(schema, _)| schema);
        let others = self.properties.iter().chain(&self.items).copied();
        parts.chain(others)
    }

    /// The most of all parts, from what it is for the schemas that are said of them.
    fn most_below(&self, level: &[u64]) -> u64 {
        let sum = |schemas: &[usize]| -> u64 { schemas.iter().map(|&schema| level[schema]).sum() };
        let (properties, items) = (sum(&self.properties), sum(&self.items));
        let parts = self.parts.iter().map(|(part, schemas)| {
            let all = match part {
                Part::Property(_) => properties,
                Part::Item(_) => items,
            };
            let said: u64 = schemas.iter().map(|&(schema, _)| level[schema]).sum();
            let unsaid = schemas.iter().filter_map(|&(_, instead)| instead);
            let unsaid: u64 = unsaid.map(|schema| level[schema]).sum();
            all + said - unsaid
        });
        parts.chain([properties, items]).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn doubled(count: usize) -> Value {
        let mut all = Map::new();
        all.insert("d0".to_owned(), json!({"type": "string"}));
        for place in 1..=count {
            let before = json!({"$ref": format!("#/$defs/d{}", place - 1)});
            all.insert(format!("d{place}"), json!({"anyOf": [before, before]}));
        }
        json!({"$defs": all, "properties": {"p": {"$ref": format!("#/$defs/d{count}")}}})
    }

    #[test]
    fn schemas_that_people_write_make_little_work() {
        for (schema, most) in [
            (json!(true), 1),
            (json!({}), 1),
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}),
                1,
            ),
            (
                json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
                3,
            ),
            (
                json!({"if": {"properties": {"a": {}}}, "then": {"properties": {"a": {}}}, "properties": {"a": {}}}),
                3,
            ),
            // A tree, a list of lists, and values that may be absent.
            (
                json!({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}),
                2,
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#"}}]}),
                4,
            ),
            (
                json!({"properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}),
                4,
            ),
            (
                json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}}),
                2,
            ),
            (
                json!({"prefixItems": [{"$ref": "#x"}], "items": {"$anchor": "x", "type": "string"}}),
                2,
            ),
        ] {
            assert_eq!(effort(&schema), Ok(most), "{schema}");
        }
    }

    #[test]
    fn what_multiplies_is_refused() {
        assert!(effort(&doubled(7)).is_ok());
        for schema in [
            doubled(24),
            json!({"$ref": "#"}),
            json!({"allOf": [{"$ref": "#"}]}),
            json!({"$dynamicAnchor": "node", "properties": {"a": {"anyOf": [{"$dynamicRef": "#node"}, {"$dynamicRef": "#node"}]}}}),
            json!({"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}),
            json!({"oneOf": [{"properties": {"not": {"$ref": "#"}}}, {"properties": {"not": {"$ref": "#"}}}]}),
            json!({"$id": "https://example.com/a", "items": {"allOf": [{"$ref": "#"}, {"$ref": "#/items"}]}}),
        ] {
            let refused = effort(&schema).expect_err("it multiplies");
            assert!(refused.contains("multiply"), "{refused}");
        }
        let lost = effort(&json!({"$ref": "#/$defs/nothing"})).expect_err("nothing is there");
        assert!(lost.contains("#/$defs/nothing"), "{lost}");
    }

    /// Schemas that refer to two others, which refer to nothing, or to the whole one level further down.
    fn schemas() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!({})),
            Just(json!({"$ref": "#/$defs/one"})),
            Just(json!({"$ref": "#/$defs/other"})),
        ];
        let schema = leaf.prop_recursive(3, 12, 3, |inner| {
            let some = prop::collection::vec(inner.clone(), 1..3);
            prop_oneof![
                some.clone().prop_map(|branches| json!({"anyOf": branches})),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"not": a, "then": b})),
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| json!({"properties": {"a": a}, "additionalProperties": b})),
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| json!({"properties": {"a": a, "b": b}})),
                (some, inner)
                    .prop_map(|(first, rest)| json!({"prefixItems": first, "items": rest})),
            ]
        });
        let plain = || {
            prop_oneof![
                Just(json!({})),
                Just(json!({"properties": {"a": {"$ref": "#"}}}))
            ]
        };
        (schema, plain(), plain()).prop_map(|(mut schema, one, other)| {
            schema["$defs"] = json!({"one": one, "other": {"allOf": [one, other]}});
            schema
        })
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = Just(json!(1));
        leaf.prop_recursive(5, 16, 2, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 1..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// How often each value is held against a schema, by walking everything.
    fn walk(root: &Value, schema: &Value, value: &Value, visits: &mut HashMap<*const Value, u64>) {
        *visits.entry(std::ptr::from_ref(value)).or_default() += 1;
        let Some(schema) = schema.as_object() else {
            return;
        };
        for keyword in ["anyOf", "allOf"] {
            for branch in schema
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                walk(root, branch, value, visits);
            }
        }
        for branch in ["not", "then"]
            .into_iter()
            .filter_map(|keyword| schema.get(keyword))
        {
            walk(root, branch, value, visits);
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = root.pointer(&reference[1..]).expect("it is there");
            walk(root, target, value, visits);
        }
        for (name, property) in value.as_object().into_iter().flatten() {
            let named = schema.get("properties").and_then(|all| all.get(name));
            if let Some(said) = named.or_else(|| schema.get("additionalProperties")) {
                walk(root, said, property, visits);
            }
        }
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            let first = schema.get("prefixItems").and_then(|all| all.get(place));
            if let Some(said) = first.or_else(|| schema.get("items")) {
                walk(root, said, item, visits);
            }
        }
    }

    proptest! {
        #[test]
        fn no_value_is_held_against_more_schemas_than_said(schema in schemas(), value in values()) {
            if let Ok(most) = effort(&schema) {
                let mut visits = HashMap::new();
                walk(&schema, &schema, &value, &mut visits);
                let visited = visits.values().max().copied().unwrap_or(0);
                prop_assert!(visited <= most, "{visited} > {most}: {schema} {value}");
            }
        }
    }
}
