//! Two schemas beside each other.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::ensure;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputObjectType, InputValueDefinition, InterfaceType, ObjectType,
    ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value};

/// What is not as it should be, all of it.
#[derive(Default)]
pub(super) struct Breaches(String);

impl Breaches {
    pub(super) fn add(&mut self, place: &str, what: &str) {
        // Writing to a string can't fail.
        _ = writeln!(self.0, "{place}: {what}");
    }

    pub(super) fn check(&mut self, place: &str, holds: bool, otherwise: &str) {
        if !holds {
            self.add(place, otherwise);
        }
    }

    pub(super) fn none(self) -> anyhow::Result<()> {
        ensure!(self.0.is_empty(), "\n{}", self.0);
        Ok(())
    }
}

/// The types of a schema by name.
pub(super) struct Definitions(pub(super) BTreeMap<String, TypeDefinition>);

impl Definitions {
    pub(super) fn parse(sdl: &str) -> anyhow::Result<Self> {
        let ServiceDocument { definitions } = parse_schema(sdl)?;
        let types = definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), ty.node)),
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
            });
        Ok(Self(types.collect()))
    }

    fn field(&self, ty: &str, name: &str) -> Option<&FieldDefinition> {
        fields(&self.0.get(ty)?.kind)
            .iter()
            .map(|field| &field.node)
            .find(|field| field.name.node == name)
    }

    pub(super) fn argument(&self, ty: &str, field: &str, name: &str) -> Option<String> {
        self.field(ty, field)?
            .arguments
            .iter()
            .find(|argument| argument.node.name.node == name)
            .map(|argument| argument.node.ty.to_string())
    }

    pub(super) fn inputs(&self, ty: &str) -> impl Iterator<Item = &InputValueDefinition> {
        let fields = match self.0.get(ty).map(|definition| &definition.kind) {
            Some(TypeKind::InputObject(InputObjectType { fields })) => fields.as_slice(),
            _ => &[],
        };
        fields.iter().map(|field| &field.node)
    }

    pub(super) fn expect_field(
        &self,
        ty: &str,
        field: &str,
        wanted: &str,
        breaches: &mut Breaches,
    ) {
        let found = self.field(ty, field).map(|field| field.ty.to_string());
        let place = format!("{ty}.{field}");
        expect_type(&place, wanted, found.as_deref(), breaches);
    }

    pub(super) fn expect_input(
        &self,
        ty: &str,
        field: &str,
        wanted: &str,
        breaches: &mut Breaches,
    ) {
        let found = self
            .inputs(ty)
            .find(|input| input.name.node == field)
            .map(|input| input.ty.to_string());
        let place = format!("{ty}.{field}");
        expect_type(&place, wanted, found.as_deref(), breaches);
    }
}

fn expect_type(place: &str, wanted: &str, found: Option<&str>, breaches: &mut Breaches) {
    match found {
        None => breaches.add(place, "is missing"),
        Some(found) => breaches.check(
            place,
            found == wanted,
            &format!("is {found} instead of {wanted}"),
        ),
    }
}

pub(super) fn fields(kind: &TypeKind) -> &[Positioned<FieldDefinition>] {
    match kind {
        TypeKind::Object(ObjectType { fields, .. })
        | TypeKind::Interface(InterfaceType { fields, .. }) => fields,
        _ => &[],
    }
}

fn interfaces(kind: &TypeKind) -> Vec<&Name> {
    match kind {
        TypeKind::Object(ObjectType { implements, .. })
        | TypeKind::Interface(InterfaceType { implements, .. }) => {
            implements.iter().map(|name| &name.node).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn compare_types(
    name: &str,
    wanted: &TypeDefinition,
    found: &TypeDefinition,
    breaches: &mut Breaches,
) {
    if std::mem::discriminant(&wanted.kind) != std::mem::discriminant(&found.kind) {
        breaches.add(name, "is another kind of type");
        return;
    }
    let implemented = interfaces(&found.kind);
    for interface in interfaces(&wanted.kind) {
        let implements = implemented.contains(&interface);
        breaches.check(name, implements, &format!("does not implement {interface}"));
    }
    for field in fields(&wanted.kind) {
        let place = format!("{name}.{}", field.node.name.node);
        let same = |candidate: &&Positioned<FieldDefinition>| {
            candidate.node.name.node == field.node.name.node
        };
        match fields(&found.kind).iter().find(same) {
            Some(found) => compare_fields(&place, &field.node, &found.node, breaches),
            None => breaches.add(&place, "is missing"),
        }
    }
    match (&wanted.kind, &found.kind) {
        (TypeKind::Scalar, TypeKind::Scalar) => {
            let wanted = specification(wanted);
            let same = wanted.is_none() || wanted == specification(found);
            breaches.check(name, same, "is specified elsewhere");
        }
        (TypeKind::Enum(wanted), TypeKind::Enum(found)) => {
            for value in &wanted.values {
                let value = &value.node.value.node;
                let there = found.values.iter().any(|it| it.node.value.node == *value);
                breaches.check(name, there, &format!("{value} is missing"));
            }
        }
        (TypeKind::InputObject(wanted), TypeKind::InputObject(found)) => {
            compare_inputs(name, &wanted.fields, &found.fields, breaches);
        }
        _ => {}
    }
}

fn compare_fields(
    place: &str,
    wanted: &FieldDefinition,
    found: &FieldDefinition,
    breaches: &mut Breaches,
) {
    let (wanted_type, found_type) = (wanted.ty.to_string(), found.ty.to_string());
    expect_type(place, &wanted_type, Some(&found_type), breaches);
    compare_inputs(place, &wanted.arguments, &found.arguments, breaches);
}

fn compare_inputs(
    place: &str,
    wanted: &[Positioned<InputValueDefinition>],
    found: &[Positioned<InputValueDefinition>],
    breaches: &mut Breaches,
) {
    for input in wanted {
        let input = &input.node;
        let place = format!("{place}({})", input.name.node);
        let Some(found) = found
            .iter()
            .find(|candidate| candidate.node.name.node == input.name.node)
        else {
            breaches.add(&place, "is missing");
            continue;
        };
        let found = &found.node;
        expect_type(
            &place,
            &input.ty.to_string(),
            Some(&found.ty.to_string()),
            breaches,
        );
        let (wanted, found) = (default(input), default(found));
        let message = format!("has the default {found:?} instead of {wanted:?}");
        breaches.check(&place, wanted == found, &message);
    }
    for input in found.iter().map(|input| &input.node) {
        let is_known = wanted
            .iter()
            .any(|known| known.node.name.node == input.name.node);
        let must_be_given = !input.ty.node.nullable && input.default_value.is_none();
        breaches.check(
            &format!("{place}({})", input.name.node),
            is_known || !must_be_given,
            "must be given, which clients of the contract don't know",
        );
    }
}

/// A default as text; `1` and `1.0` are the same number.
fn default(input: &InputValueDefinition) -> Option<String> {
    let value = &input.default_value.as_ref()?.node;
    Some(match value {
        Value::Number(number) => format!("{:?}", number.as_f64()),
        other => other.to_string(),
    })
}

fn specification(scalar: &TypeDefinition) -> Option<String> {
    let directive = scalar
        .directives
        .iter()
        .find(|directive| directive.node.name.node == "specifiedBy")?;
    let url = directive.node.get_argument("url")?;
    Some(url.node.to_string())
}
