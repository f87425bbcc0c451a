//! The schema, as far as documents and values are made from it.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};

/// What every server has and no schema lists.
const INTROSPECTION: &str = "
    type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type directives: [__Directive!]! }
    type __Type {
      kind: __TypeKind! name: String description: String specifiedByURL: String isOneOf: Boolean ofType: __Type
      fields(includeDeprecated: Boolean): [__Field!] inputFields(includeDeprecated: Boolean): [__InputValue!]
      interfaces: [__Type!] possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean): [__EnumValue!]
    }
    type __Field { name: String! description: String args(includeDeprecated: Boolean): [__InputValue!]! type: __Type! isDeprecated: Boolean! }
    type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean! }
    type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
    type __Directive { name: String! description: String isRepeatable: Boolean! locations: [__DirectiveLocation!]! args: [__InputValue!]! }
    enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
    enum __DirectiveLocation { FIELD }
    type Extra { __schema: __Schema! __type(name: String!): __Type }
";

/// The schema's types by name.
pub(crate) struct Grammar(BTreeMap<String, TypeDefinition>);

impl Grammar {
    /// What the server serves, and introspection.
    pub(crate) fn new() -> Self {
        let sdl = include_str!("../../../api/schema.graphql");
        let mut types = BTreeMap::new();
        for text in [sdl, INTROSPECTION] {
            let document = parse_schema(text).unwrap_or_else(|error| panic!("{error}"));
            for definition in document.definitions {
                if let TypeSystemDefinition::Type(definition) = definition {
                    types.insert(definition.node.name.node.to_string(), definition.node);
                }
            }
        }
        let mut grammar = Self(types);
        let extra = grammar.fields("Extra").to_vec();
        match grammar.0.get_mut("Query").map(|query| &mut query.kind) {
            Some(TypeKind::Object(query)) => query.fields.extend(extra),
            _ => panic!("the schema has no queries"),
        }
        grammar
    }

    /// The names of all types.
    pub(crate) fn type_names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The fields of an object or an interface; none of other types.
    pub(crate) fn fields(&self, type_name: &str) -> &[Positioned<FieldDefinition>] {
        match self.kind(type_name) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => &[],
        }
    }

    /// The fields of an input object; none of other types.
    pub(crate) fn inputs(&self, type_name: &str) -> &[Positioned<InputValueDefinition>] {
        match self.kind(type_name) {
            Some(TypeKind::InputObject(input)) => &input.fields,
            _ => &[],
        }
    }

    /// The values of an enum; none of other types.
    pub(crate) fn values(&self, type_name: &str) -> Vec<&Name> {
        match self.kind(type_name) {
            Some(TypeKind::Enum(values)) => values
                .values
                .iter()
                .map(|value| &value.node.value.node)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether something has to be selected of it.
    pub(crate) fn is_composite(&self, type_name: &str) -> bool {
        matches!(
            self.kind(type_name),
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
        )
    }

    /// The objects that an interface or a union may be; the object itself.
    pub(crate) fn possible(&self, type_name: &str) -> Vec<&str> {
        if let Some(TypeKind::Union(union)) = self.kind(type_name) {
            return union
                .members
                .iter()
                .map(|member| member.node.as_str())
                .collect();
        }
        let implements = |definition: &TypeDefinition| match &definition.kind {
            TypeKind::Object(object) => object.implements.iter().any(|name| name.node == type_name),
            _ => false,
        };
        let is_possible = |(name, definition): &(&String, &TypeDefinition)| {
            name.as_str() == type_name || implements(definition)
        };
        let possible = self.0.iter().filter(is_possible);
        possible.map(|(name, _)| name.as_str()).collect()
    }

    fn kind(&self, type_name: &str) -> Option<&TypeKind> {
        self.0.get(type_name).map(|definition| &definition.kind)
    }
}
