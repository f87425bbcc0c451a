//! A template's parameters as one JSON Schema (2020-12).
//!
//! Backstage asks for parameters page by page, each page a schema in the older drafts' words. A request has one set of
//! inputs, so the pages become one schema; what only a form needs is kept beside it.

use serde_json::{Map, Value as Json, json};

type Object = Map<String, Json>;

/// What the schema says it is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Where the pages are kept: their titles, which properties they ask for, and what else they say.
const PAGES: &str = "x-pages";

/// One page of a template's form.
pub(super) struct Page {
    /// The page's schema.
    pub(super) schema: Object,
    /// Its properties in the order in which it asks for them, which a JSON object does not keep.
    pub(super) order: Vec<String>,
}

/// Merges the pages into one schema.
pub(super) fn input_schema(pages: &[Page]) -> Json {
    let mut merged = Merged::default();
    for page in pages {
        merged.add(page);
    }
    merged.finish()
}

#[derive(Default)]
struct Merged {
    properties: Object,
    required: Vec<Json>,
    dependent_required: Object,
    dependent_schemas: Object,
    definitions: Object,
    all_of: Vec<Json>,
    pages: Vec<Json>,
}

impl Merged {
    fn add(&mut self, page: &Page) {
        let Json::Object(schema) = modern(&Json::Object(page.schema.clone())) else {
            return;
        };
        let mut about = Object::new();
        // Combinators of one page that cannot be merged with another page's hold side by side.
        let mut alone = Object::new();
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("type", Json::String(kind)) if kind == "object" => {}
                ("properties", Json::Object(properties)) => {
                    about.insert("properties".to_owned(), page.order.clone().into());
                    for (name, schema) in properties {
                        both(&mut self.properties, name, schema);
                    }
                }
                ("required", Json::Array(names)) => {
                    union(&mut self.required, names);
                }
                ("dependentRequired", Json::Object(dependents)) => {
                    for (name, required) in dependents {
                        match (self.dependent_required.get_mut(&name), required) {
                            (Some(Json::Array(before)), Json::Array(more)) => union(before, more),
                            (_, required) => {
                                self.dependent_required.insert(name, required);
                            }
                        }
                    }
                }
                ("dependentSchemas", Json::Object(dependents)) => {
                    for (name, schema) in dependents {
                        both(&mut self.dependent_schemas, name, schema);
                    }
                }
                ("$defs", Json::Object(definitions)) => {
                    self.definitions.extend(definitions);
                }
                ("allOf", Json::Array(schemas)) => self.all_of.extend(schemas),
                ("anyOf" | "oneOf" | "not" | "if" | "then" | "else", value) => {
                    alone.insert(keyword, value);
                }
                (_, value) => {
                    about.insert(keyword, value);
                }
            }
        }
        if !alone.is_empty() {
            self.all_of.push(alone.into());
        }
        if !about.is_empty() {
            self.pages.push(about.into());
        }
    }

    fn finish(self) -> Json {
        let mut schema = Object::new();
        schema.insert("$schema".to_owned(), DIALECT.into());
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), self.properties.into());
        let parts = [
            ("required", Json::Array(self.required)),
            ("dependentRequired", self.dependent_required.into()),
            ("dependentSchemas", self.dependent_schemas.into()),
            ("$defs", self.definitions.into()),
            ("allOf", Json::Array(self.all_of)),
            (PAGES, Json::Array(self.pages)),
        ];
        for (keyword, value) in parts {
            let empty = match &value {
                Json::Array(items) => items.is_empty(),
                Json::Object(entries) => entries.is_empty(),
                _ => false,
            };
            if !empty {
                schema.insert(keyword.to_owned(), value);
            }
        }
        schema.into()
    }
}

/// Makes `name` fulfil `schema` besides what it has to fulfil already.
fn both(schemas: &mut Object, name: String, schema: Json) {
    match schemas.get_mut(&name) {
        None => {
            schemas.insert(name, schema);
        }
        Some(before) if *before == schema => {}
        Some(before) => {
            let first = before.take();
            *before = json!({ "allOf": [first, schema] });
        }
    }
}

fn union(names: &mut Vec<Json>, more: Vec<Json>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// A schema in the words of 2020-12; keywords that it does not know, the form's hints among them, stay as they are.
fn modern(schema: &Json) -> Json {
    let Json::Object(old) = schema else {
        return schema.clone();
    };
    let mut new = Object::new();
    for (keyword, value) in old {
        match (keyword.as_str(), value) {
            (
                "properties" | "patternProperties" | "$defs" | "dependentSchemas",
                Json::Object(schemas),
            ) => {
                new.insert(keyword.clone(), modern_each(schemas).into());
            }
            ("definitions", Json::Object(schemas)) => {
                new.insert("$defs".to_owned(), modern_each(schemas).into());
            }
            ("dependencies", Json::Object(dependencies)) => {
                split_dependencies(&mut new, dependencies);
            }
            ("items", Json::Array(schemas)) => {
                new.insert(
                    "prefixItems".to_owned(),
                    schemas.iter().map(modern).collect(),
                );
                if let Some(additional) = old.get("additionalItems") {
                    new.insert("items".to_owned(), modern(additional));
                }
            }
            ("additionalItems", _) if old.get("items").is_some_and(Json::is_array) => {}
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Json::Array(schemas)) => {
                new.insert(keyword.clone(), schemas.iter().map(modern).collect());
            }
            (
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames",
                value,
            ) => {
                new.insert(keyword.clone(), modern(value));
            }
            ("$ref", Json::String(target)) => {
                let target = target.replacen("#/definitions/", "#/$defs/", 1);
                new.insert(keyword.clone(), target.into());
            }
            _ => {
                new.insert(keyword.clone(), value.clone());
            }
        }
    }
    new.into()
}

fn modern_each(schemas: &Object) -> Object {
    schemas
        .iter()
        .map(|(name, schema)| (name.clone(), modern(schema)))
        .collect()
}

/// Older drafts have one keyword for both kinds of dependencies.
fn split_dependencies(schema: &mut Object, dependencies: &Object) {
    for (name, dependency) in dependencies {
        let keyword = if dependency.is_array() {
            "dependentRequired"
        } else {
            "dependentSchemas"
        };
        let dependents = schema
            .entry(keyword)
            .or_insert_with(|| Object::new().into());
        if let Json::Object(dependents) = dependents {
            dependents.insert(name.clone(), modern(dependency));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;

    fn merged(pages: &Json) -> Json {
        let pages: Vec<Page> = pages
            .as_array()
            .unwrap()
            .iter()
            .map(|page| Page {
                order: page["properties"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .rev()
                    .cloned()
                    .collect(),
                schema: page.as_object().unwrap().clone(),
            })
            .collect();
        input_schema(&pages)
    }

    #[test]
    fn pages_become_one_schema_and_are_remembered() {
        let schema = merged(&json!([
            {
                "title": "Location",
                "required": ["repo"],
                "properties": { "repo": { "type": "string", "ui:field": "RepoUrlPicker" } }
            },
            {
                "title": "Details",
                "ui:options": { "formWidth": 1200 },
                "required": ["owner", "repo"],
                "properties": { "owner": { "type": "string" }, "zone": {} }
            }
        ]));
        assert_eq!(
            schema,
            json!({
                "$schema": DIALECT,
                "type": "object",
                "properties": {
                    "repo": { "type": "string", "ui:field": "RepoUrlPicker" },
                    "owner": { "type": "string" },
                    "zone": {}
                },
                "required": ["repo", "owner"],
                "x-pages": [
                    { "title": "Location", "properties": ["repo"] },
                    { "title": "Details", "ui:options": { "formWidth": 1200 }, "properties": ["zone", "owner"] }
                ]
            })
        );
    }

    #[test]
    fn dependencies_are_split_wherever_they_stand() {
        let schema = merged(&json!([{
            "properties": {
                "box": {
                    "type": "object",
                    "properties": { "a": {} },
                    "dependencies": { "a": ["b"] }
                }
            },
            "dependencies": {
                "box": ["c"],
                "kind": { "oneOf": [{ "dependencies": { "x": ["y"] } }] }
            }
        }]));
        assert_eq!(
            schema["properties"]["box"],
            json!({ "type": "object", "properties": { "a": {} }, "dependentRequired": { "a": ["b"] } })
        );
        assert_eq!(schema["dependentRequired"], json!({ "box": ["c"] }));
        assert_eq!(
            schema["dependentSchemas"],
            json!({ "kind": { "oneOf": [{ "dependentRequired": { "x": ["y"] } }] } })
        );
    }

    #[test]
    fn a_property_named_like_a_keyword_stays_a_property() {
        let schema = merged(
            &json!([{ "properties": { "dependencies": { "type": "array" }, "required": { "type": "boolean" } } }]),
        );
        assert_eq!(
            schema["properties"],
            json!({ "dependencies": { "type": "array" }, "required": { "type": "boolean" } })
        );
    }

    #[test]
    fn what_two_pages_say_of_one_property_holds_both() {
        let schema = merged(&json!([
            { "properties": { "a": { "type": "string" }, "b": { "type": "string" } } },
            { "properties": { "a": { "maxLength": 3 }, "b": { "type": "string" } } }
        ]));
        assert_eq!(
            schema["properties"],
            json!({ "a": { "allOf": [{ "type": "string" }, { "maxLength": 3 }] }, "b": { "type": "string" } })
        );
    }

    #[test]
    fn conditions_of_each_page_hold_side_by_side() {
        let page = |name: &str| {
            json!({
                "properties": {},
                "if": { "required": [name] },
                "then": { "required": ["x"] },
                "allOf": [{ "required": [name, "z"] }]
            })
        };
        let schema = merged(&json!([page("a"), page("b")]));
        assert_eq!(
            schema["allOf"],
            json!([
                { "required": ["a", "z"] },
                { "if": { "required": ["a"] }, "then": { "required": ["x"] } },
                { "required": ["b", "z"] },
                { "if": { "required": ["b"] }, "then": { "required": ["x"] } }
            ])
        );
    }

    #[test]
    fn definitions_move_with_their_references() {
        let schema = merged(&json!([{
            "definitions": { "port": { "type": "integer" } },
            "properties": { "port": { "$ref": "#/definitions/port" } }
        }]));
        assert_eq!(schema["$defs"], json!({ "port": { "type": "integer" } }));
        assert_eq!(
            schema["properties"],
            json!({ "port": { "$ref": "#/$defs/port" } })
        );
    }
}
