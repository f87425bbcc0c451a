//! What it costs to ask for the schema.
//!
//! The lists of introspection are as long as the schema is large, so their lengths are its averages. What a client loads of
//! the schema as a whole then costs about what it is.

use async_graphql::{
    indexmap::{IndexMap, IndexSet},
    parser::types::{Field, Selection, SelectionSet},
    registry::{MetaType, Registry},
};

use super::document::Fragments;

/// One, in the hundredths that averages are given in.
const ONE: u64 = 100;

/// The average lengths of a schema's lists, in hundredths.
#[derive(Debug)]
pub(super) struct SchemaSize {
    types: u64,
    directives: u64,
    fields: u64,
    arguments: u64,
    input_fields: u64,
    enum_values: u64,
    interfaces: u64,
    possible_types: u64,
}

impl SchemaSize {
    pub(super) fn of(registry: &Registry) -> Self {
        let types = || registry.types.values();
        let sum = |count: fn(&MetaType) -> usize| types().map(count).sum::<usize>();
        let types_in_all = registry.types.len();
        let fields = sum(|of| of.fields().map_or(0, IndexMap::len));
        let arguments = sum(|of| {
            let fields = of.fields().into_iter().flat_map(|fields| fields.values());
            fields.map(|field| field.args.len()).sum()
        });
        let implemented = registry.implements.values().map(IndexSet::len).sum();
        Self {
            types: average(types_in_all, 1),
            directives: average(registry.directives.len(), 1),
            fields: average(fields, types_in_all),
            arguments: average(arguments, fields),
            input_fields: average(
                sum(|of| match of {
                    MetaType::InputObject { input_fields, .. } => input_fields.len(),
                    _ => 0,
                }),
                types_in_all,
            ),
            enum_values: average(
                sum(|of| match of {
                    MetaType::Enum { enum_values, .. } => enum_values.len(),
                    _ => 0,
                }),
                types_in_all,
            ),
            interfaces: average(implemented, types_in_all),
            possible_types: average(
                sum(|of| of.possible_types().map_or(0, IndexSet::len)),
                types_in_all,
            ),
        }
    }

    /// The cost of `__schema` or `__type`, in points.
    pub(super) fn cost(&self, field: &Field, fragments: &Fragments) -> u64 {
        self.field(field, fragments).div_ceil(ONE)
    }

    fn field(&self, field: &Field, fragments: &Fragments) -> u64 {
        let below = self.selection_set(&field.selection_set.node, fragments);
        let length = self.length(&field.name.node);
        let below = length.saturating_mul(below) / ONE;
        ONE.saturating_add(below)
    }

    fn selection_set(&self, selection_set: &SelectionSet, fragments: &Fragments) -> u64 {
        let costs = selection_set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => self.field(&field.node, fragments),
            Selection::InlineFragment(fragment) => {
                self.selection_set(&fragment.node.selection_set.node, fragments)
            }
            Selection::FragmentSpread(spread) => fragments
                .get(&spread.node.fragment_name.node)
                .map_or(0, |fragment| {
                    self.selection_set(&fragment.node.selection_set.node, fragments)
                }),
        });
        costs.fold(0, u64::saturating_add)
    }

    fn length(&self, name: &str) -> u64 {
        match name {
            "types" => self.types,
            "directives" => self.directives,
            "fields" => self.fields,
            "args" => self.arguments,
            "inputFields" => self.input_fields,
            "enumValues" => self.enum_values,
            "interfaces" => self.interfaces,
            "possibleTypes" => self.possible_types,
            // Half of all types are inside of another one, `T!` say, and it ends soon.
            "ofType" => ONE / 2,
            _ => ONE,
        }
    }
}

/// In hundredths, rounded up.
fn average(sum: usize, of: usize) -> u64 {
    (sum as u64 * ONE).div_ceil(of.max(1) as u64)
}
