//! How large an operation is once its fragments are spread: bounds that need no schema, checked before validation, since
//! fragments that spread one another twice double with every level.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{ExecutableDocument, Field, Selection, SelectionSet},
};

use super::{limits::MAX_NESTING, problem::Problem, repetition};
use crate::{config::LimitSettings, shared::error_code::ErrorCode};

/// How many selections the operations of a document may have, all together. Fragments that none of them spreads count too.
const MAX_SELECTIONS: usize = 10_000;
/// How many operations a document may have. Those that nobody runs are work all the same.
const MAX_OPERATIONS: usize = 20;
/// How many of the schema's lists that lead back to types may nest in one another. A client that loads the schema needs one.
const MAX_CIRCLES: usize = 2;
/// The lists of a type, in introspection, that lead back to types.
const CIRCULAR: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
/// The fields that ask for the schema.
pub(super) const INTROSPECTION: [&str; 2] = ["__schema", "__type"];

/// Refuses a document with an operation that is too large, too deep or repeats itself, with too many of them, and one whose
/// fragments go round in a circle. Says how many selections the operations come to.
pub(super) fn check(
    document: &ExecutableDocument,
    limits: &LimitSettings,
) -> Result<usize, Problem> {
    check_operations(document.operations.iter().len())?;
    let mut measurer = Measurer {
        document,
        introspection: limits.introspection,
        known: HashMap::new(),
        level: 0,
    };
    let mut selections = 0;
    for (_, operation) in document.operations.iter() {
        let measure = measurer.of(&operation.node.selection_set.node)?;
        add_selections(&mut selections, measure)?;
        measure.check(limits)?;
    }
    for name in document.fragments.keys() {
        if !measurer.known.contains_key(name) {
            add_selections(&mut selections, measurer.of_fragment(name)?)?;
        }
    }
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.node.selection_set.node);
    operations
        .chain(fragments)
        .try_for_each(|selection_set| repetition::check(document, selection_set))?;
    Ok(selections)
}

fn check_operations(operations: usize) -> Result<(), Problem> {
    if operations <= MAX_OPERATIONS {
        return Ok(());
    }
    let message = format!(
        "The document has {operations} operations; at most {MAX_OPERATIONS} are allowed. Send each with the request that runs it."
    );
    Err(Problem::bad_request(ErrorCode::QueryTooComplex, message))
}

fn add_selections(sum: &mut usize, measure: Measure) -> Result<(), Problem> {
    *sum = measure.selections.saturating_add(*sum);
    let selections = *sum;
    if selections <= MAX_SELECTIONS {
        return Ok(());
    }
    let message = format!(
        "The document selects {selections} fields, its fragments included; at most {MAX_SELECTIONS} are allowed."
    );
    Err(Problem::bad_request(ErrorCode::QueryTooComplex, message))
}

/// What a selection comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measure {
    /// Everything that is selected, at all levels.
    selections: usize,
    /// Fields on the first level.
    width: usize,
    /// Levels of fields; what is asked of the schema counts as one.
    depth: usize,
    /// Fields with an alias, at all levels.
    aliases: usize,
    /// Levels of the schema's lists that lead back to types.
    circles: usize,
    /// Levels of selections, those of fragments included.
    nesting: usize,
}

impl Measure {
    /// This selection and another one beside it.
    fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            width: self.width.saturating_add(other.width),
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            circles: self.circles.max(other.circles),
            nesting: self.nesting.max(other.nesting),
        }
    }

    /// A fragment with this selection.
    fn spread(self) -> Self {
        Self {
            selections: self.selections.saturating_add(1),
            ..self
        }
    }

    /// A field with this selection below it.
    fn below(self, field: &Field) -> Self {
        let name = field.name.node.as_str();
        let is_introspection = INTROSPECTION.contains(&name);
        Self {
            selections: self.selections.saturating_add(1),
            width: 1,
            depth: if is_introspection { 1 } else { self.depth + 1 },
            aliases: self
                .aliases
                .saturating_add(usize::from(field.alias.is_some())),
            circles: self.circles + usize::from(CIRCULAR.contains(&name)),
            nesting: self.nesting,
        }
    }

    fn check(&self, limits: &LimitSettings) -> Result<(), Problem> {
        if self.depth > limits.max_depth {
            let message = format!(
                "The operation nests its fields {} levels deep; at most {} are allowed (setting max_depth).",
                self.depth, limits.max_depth
            );
            return Err(Problem::bad_request(ErrorCode::QueryTooDeep, message));
        }
        if self.width > limits.max_root_fields {
            return Err(too_many(
                self.width,
                "fields at its root",
                limits.max_root_fields,
                "max_root_fields",
            ));
        }
        if self.aliases > limits.max_aliases {
            return Err(too_many(
                self.aliases,
                "aliases",
                limits.max_aliases,
                "max_aliases",
            ));
        }
        Ok(())
    }
}

fn too_many(found: usize, what: &str, most: usize, setting: &str) -> Problem {
    let message = format!(
        "The operation has {found} {what}, its fragments included; at most {most} are allowed (setting {setting})."
    );
    Problem::bad_request(ErrorCode::QueryTooComplex, message)
}

/// Whether there may be a selection around so many levels, or below them.
fn check_nesting(levels: usize) -> Result<(), Problem> {
    if levels < MAX_NESTING {
        return Ok(());
    }
    let message = format!(
        "The document nests its selections more than {MAX_NESTING} levels deep, its fragments included."
    );
    Err(Problem::bad_request(ErrorCode::QueryTooDeep, message))
}

struct Measurer<'a> {
    document: &'a ExecutableDocument,
    introspection: bool,
    /// Measures of fragments; `None` while one is being taken.
    known: HashMap<&'a Name, Option<Measure>>,
    /// How deep it is in the document now.
    level: usize,
}

impl<'a> Measurer<'a> {
    fn of(&mut self, selection_set: &'a SelectionSet) -> Result<Measure, Problem> {
        if selection_set.items.is_empty() {
            return Ok(Measure::default());
        }
        // Before anything is known of what is below: finding that out may take more stack than there is.
        check_nesting(self.level)?;
        self.level += 1;
        let mut items = selection_set.items.iter();
        let measure = items.try_fold(Measure::default(), |sum, selection| {
            let measure = match &selection.node {
                Selection::Field(field) => self.of_field(field)?,
                Selection::InlineFragment(fragment) => {
                    self.of(&fragment.node.selection_set.node)?.spread()
                }
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node)?.spread()
                }
            };
            Ok::<_, Problem>(sum.and(measure))
        })?;
        self.level -= 1;
        check_nesting(measure.nesting)?;
        Ok(Measure {
            nesting: measure.nesting + 1,
            ..measure
        })
    }

    fn of_field(&mut self, field: &'a Positioned<Field>) -> Result<Measure, Problem> {
        let below = self.of(&field.node.selection_set.node)?;
        let name = field.node.name.node.as_str();
        if !INTROSPECTION.contains(&name) {
            return Ok(below.below(&field.node));
        }
        if !self.introspection {
            let message = format!(
                "\"{name}\" is not answered: introspection is off here (setting introspection)."
            );
            let error = ServerError::new(message, Some(field.pos));
            return Err(Problem::refused(ErrorCode::GraphqlValidationFailed, error));
        }
        if below.circles > MAX_CIRCLES {
            let message = format!(
                "\"{name}\" goes round in the schema: {} of its lists {} nest in one another, at most {MAX_CIRCLES} may.",
                below.circles,
                CIRCULAR.join(", ")
            );
            let error = ServerError::new(message, Some(field.pos));
            return Err(Problem::refused(ErrorCode::QueryTooDeep, error));
        }
        Ok(below.below(&field.node))
    }

    fn of_fragment(&mut self, name: &Name) -> Result<Measure, Problem> {
        // A fragment that does not exist is found by validation, with a better message.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Measure::default());
        };
        match self.known.get(name) {
            Some(Some(measure)) => Ok(*measure),
            Some(None) => {
                let message = format!("Cannot spread fragment \"{name}\" within itself.");
                let error = ServerError::new(message, Some(fragment.pos));
                Err(Problem::refused(ErrorCode::GraphqlValidationFailed, error))
            }
            None => {
                self.known.insert(name, None);
                let measure = self.of(&fragment.node.selection_set.node)?;
                self.known.insert(name, Some(measure));
                Ok(measure)
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn measure(text: &str) -> Measure {
        let document = parse_query(text).unwrap();
        let mut measurer = Measurer {
            document: &document,
            introspection: true,
            known: HashMap::new(),
            level: 0,
        };
        let (_, operation) = document.operations.iter().next().unwrap();
        measurer.of(&operation.node.selection_set.node).unwrap()
    }

    fn refusal(text: &str, limits: &LimitSettings) -> (String, String) {
        let problem = check(&parse_query(text).unwrap(), limits).unwrap_err();
        let error = &problem.errors[0];
        let code = error.extensions.as_ref().unwrap().get("code").unwrap();
        (
            code.to_string().trim_matches('"').to_owned(),
            error.message.clone(),
        )
    }

    #[test]
    fn fragments_count_as_often_as_they_are_spread() {
        let text = "{ a { ...F } b: c { ...F ... on T { d } } } fragment F on T { x: y { z } }";
        let expected = Measure {
            selections: 10,
            width: 2,
            depth: 3,
            aliases: 3,
            circles: 0,
            nesting: 4,
        };
        assert_eq!(measure(text), expected);
    }

    #[test]
    fn a_document_at_the_limit_passes_and_one_beyond_does_not() {
        let limits = LimitSettings {
            max_depth: 3,
            max_aliases: 2,
            max_root_fields: 2,
            ..LimitSettings::default()
        };
        for (within, beyond, code, setting) in [
            (
                "{ a { b { c } } }",
                "{ a { b { c { d } } } }",
                "QUERY_TOO_DEEP",
                "levels deep; at most 3 are allowed (setting max_depth)",
            ),
            (
                "{ x: a { y: b } }",
                "{ x: a { y: b ...F } } fragment F on T { z: c }",
                "QUERY_TOO_COMPLEX",
                "3 aliases, its fragments included; at most 2 are allowed (setting max_aliases)",
            ),
            (
                "{ a b }",
                "{ a ...F } fragment F on T { b c }",
                "QUERY_TOO_COMPLEX",
                "3 fields at its root, its fragments included; at most 2 are allowed (setting max_root_fields)",
            ),
        ] {
            assert!(check(&parse_query(within).unwrap(), &limits).is_ok());
            let (actual, message) = refusal(beyond, &limits);
            assert_eq!(actual, code);
            assert!(message.contains(setting), "{message}");
        }
    }

    #[test]
    fn the_schema_may_be_walked_but_not_round_and_round() {
        let limits = LimitSettings::default();
        let twice = "{ __schema { types { fields { type { fields { name } } } } } }";
        assert!(check(&parse_query(twice).unwrap(), &limits).is_ok());
        let thrice = "{ __type(name: \"Q\") { ...F } } fragment F on __Type { fields { type { interfaces { possibleTypes { name } } } } }";
        let (code, message) = refusal(thrice, &limits);
        assert_eq!(code, "QUERY_TOO_DEEP");
        assert!(message.contains("\"__type\" goes round"), "{message}");
        // The same names mean nothing outside of introspection.
        let own = "{ a { fields { fields { fields { fields } } } } }";
        assert!(check(&parse_query(own).unwrap(), &limits).is_ok());
    }

    #[test]
    fn fragments_nest_no_deeper_than_selections_do() {
        let limits = LimitSettings::default();
        let chain = |operation: &str, length: usize| {
            let fragment = |level| format!("fragment F{level} on T {{ ...F{} }} ", level + 1);
            let fragments: String = (1..length).map(fragment).collect();
            format!("{operation} {fragments} fragment F{length} on T {{ a }}")
        };
        for operation in ["{ ...F1 }", "{ a }", "{ ...F50 }"] {
            let within = chain(operation, 99);
            assert!(check(&parse_query(within).unwrap(), &limits).is_ok());
            for length in [101, 2_000] {
                let (code, message) = refusal(&chain(operation, length), &limits);
                assert_eq!(code, "QUERY_TOO_DEEP");
                assert!(
                    message.contains("100 levels deep, its fragments"),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn many_operations_select_no_more_than_one_may() {
        let limits = LimitSettings::default();
        let fields: Vec<_> = (0..998).map(|number| format!("f{number}")).collect();
        let operations = |count: usize| -> String {
            let operation = |number| format!("query O{number} {{ a {{ ...F }} }}\n");
            let operations: String = (0..count).map(operation).collect();
            format!("{operations} fragment F on T {{ {} }}", fields.join(" "))
        };
        assert!(check(&parse_query(operations(10)).unwrap(), &limits).is_ok());
        let (code, message) = refusal(&operations(11), &limits);
        assert_eq!(code, "QUERY_TOO_COMPLEX");
        assert!(message.contains("at most 10000"), "{message}");
    }

    #[test]
    fn a_document_has_twenty_operations_at_most() {
        let limits = LimitSettings::default();
        let operations = |count: usize| -> String {
            let operation = |number| format!("query O{number} {{ a }}\n");
            (0..count).map(operation).collect()
        };
        let selections = check(&parse_query(operations(20)).unwrap(), &limits).unwrap();
        assert_eq!(selections, 20);
        let (code, message) = refusal(&operations(21), &limits);
        assert_eq!(code, "QUERY_TOO_COMPLEX");
        assert!(message.contains("21 operations; at most 20"), "{message}");
    }

    #[test]
    fn introspection_can_be_off_while_type_names_are_answered() {
        let limits = LimitSettings {
            introspection: false,
            ..LimitSettings::default()
        };
        let (code, _) = refusal("{ ...F } fragment F on Query { __schema { x } }", &limits);
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        assert!(check(&parse_query("{ __typename }").unwrap(), &limits).is_ok());
    }
}
