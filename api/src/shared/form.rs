//! Checking what a mutation or an import wants to put into an object, collecting everything that is wrong.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::draft::Draft;
use super::errors::{UserError, UserErrorCode, UserErrors};
use super::ids::{Id, ObjectRef};
use super::money::{Amount, PLACES};
use super::patch::Patch;
use super::record::{Header, Record};
pub use super::text::MAX_TEXT;
use super::text::{MAX_LINE, MAX_SLUG, is_blank, is_slug, why_unfit};
use crate::snapshot::Catalog;

/// The largest annotations or schema, in bytes of JSON.
pub const MAX_JSON: usize = 1 << 20;

/// The part of a change that all types have.
#[derive(Clone, Debug, Default)]
pub struct HeaderPatch {
    /// Unique, kebab-case.
    pub slug: Patch<String>,
    /// For people.
    pub name: Patch<String>,
    /// Free key/value notes.
    pub annotations: Patch<Value>,
}

/// A draft with the errors found so far.
#[derive(Debug)]
pub struct Form<'a> {
    draft: &'a mut Draft,
    errors: UserErrors,
}

impl<'a> Form<'a> {
    /// Nothing wrong yet.
    pub fn new(draft: &'a mut Draft) -> Self {
        Self {
            draft,
            errors: Vec::new(),
        }
    }

    /// The draft that the change goes to.
    pub fn draft(&mut self) -> &mut Draft {
        self.draft
    }

    /// Remembers an error.
    pub fn refuse(&mut self, error: UserError) {
        self.errors.push(error);
    }

    /// Remembers that a field's value can't be.
    pub fn invalid(&mut self, field: &str, message: impl Into<String>) {
        self.refuse(UserError::new(UserErrorCode::Invalid, field, message));
    }

    /// Everything that was wrong, if anything was.
    pub fn finish(self) -> Result<(), UserErrors> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    /// A one-line text that must be there.
    pub fn line(&mut self, field: &str, patch: Patch<String>, value: &mut String) {
        match patch {
            Patch::Keep if value.is_empty() => self.invalid(field, "is required"),
            Patch::Keep => {}
            Patch::Clear => self.invalid(field, "can't be null"),
            Patch::Set(text) => {
                let text = text.trim();
                if is_blank(text) {
                    self.invalid(field, "can't be empty");
                } else if self.text_fits(field, text, MAX_LINE) {
                    text.clone_into(value);
                }
            }
        }
    }

    /// A one-line text that may be absent; empty counts as absent.
    pub fn optional_line(&mut self, field: &str, patch: Patch<String>, value: &mut Option<String>) {
        self.optional(field, patch, value, MAX_LINE);
    }

    /// A text of several lines that may be absent; empty counts as absent.
    pub fn optional_text(&mut self, field: &str, patch: Patch<String>, value: &mut Option<String>) {
        self.optional(field, patch, value, MAX_TEXT);
    }

    fn optional(
        &mut self,
        field: &str,
        patch: Patch<String>,
        value: &mut Option<String>,
        longest: usize,
    ) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => *value = None,
            Patch::Set(text) => {
                let text = text.trim();
                if self.text_fits(field, text, longest) {
                    *value = (!is_blank(text)).then(|| text.to_owned());
                }
            }
        }
    }

    /// Whether text can be stored; remembers why not.
    pub fn text_fits(&mut self, field: &str, text: &str, longest: usize) -> bool {
        self.text_fits_at(&[field], text, longest)
    }

    /// Whether text at a place inside a field can be stored; remembers why not.
    pub fn text_fits_at(&mut self, field: &[&str], text: &str, longest: usize) -> bool {
        let Some(reason) = why_unfit(text, longest) else {
            return true;
        };
        self.refuse(UserError::at(UserErrorCode::Invalid, field, reason));
        false
    }

    /// A value that can't be cleared.
    pub fn required<T>(&mut self, field: &str, patch: Patch<T>, value: &mut T) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => self.invalid(field, "can't be null"),
            Patch::Set(new) => *value = new,
        }
    }

    /// A JSON object; clearing empties it.
    pub fn object(&mut self, field: &str, patch: Patch<Value>, value: &mut Map<String, Value>) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => value.clear(),
            Patch::Set(new) if !self.json_fits(field, &new) => {}
            Patch::Set(Value::Object(mut new)) => {
                new.values_mut().for_each(settle_numbers);
                *value = new;
            }
            Patch::Set(_) => self.invalid(field, "must be a JSON object: `{\"key\": …}`"),
        }
    }

    /// Whether JSON can be stored; remembers why not.
    pub fn json_fits(&mut self, field: &str, value: &Value) -> bool {
        let size = value.to_string().len();
        if size > MAX_JSON {
            self.invalid(
                field,
                format!("has {size} bytes of JSON; at most {MAX_JSON} are allowed"),
            );
            return false;
        }
        if holds_nul(value) {
            self.invalid(field, "holds the control character U+0000");
            return false;
        }
        true
    }

    /// An amount of money, zero or more.
    pub fn amount(&mut self, field: &str, value: Decimal) -> Option<Amount> {
        if value.is_sign_negative() && !value.is_zero() {
            self.invalid(field, format!("is {value}; it can't be below 0"));
            return None;
        }
        let amount = Amount::from_decimal(value);
        if amount.is_none() {
            self.invalid(
                field,
                format!("is {value}; at most {PLACES} decimal places and 922 trillion are allowed"),
            );
        }
        amount
    }

    /// A number in (0, 1].
    pub fn share(&mut self, field: &str, value: f64) -> f64 {
        if !(value > 0.0 && value <= 1.0) {
            self.invalid(
                field,
                format!("is {value}; it must be above 0 and at most 1"),
            );
        }
        value
    }

    /// The object that a client's id names; remembers that there is none.
    pub fn find<T: Record>(&mut self, field: &[&str], id: &str) -> Option<Id<T>> {
        let found = self.lookup::<T>(id);
        if found.is_none() {
            self.refuse(not_found::<T>(field, id));
        }
        found
    }

    fn lookup<T: Record>(&self, id: &str) -> Option<Id<T>> {
        find_in(self.draft.catalog(), id)
    }

    /// A pointer that may be absent. Setting it by hand forgets what an import wanted there.
    pub fn reference<T: Record>(
        &mut self,
        field: &'static str,
        patch: Patch<String>,
        value: &mut Option<Id<T>>,
        header: &mut Header,
    ) {
        match patch {
            Patch::Keep => return,
            Patch::Clear => *value = None,
            Patch::Set(id) => *value = self.find(&[field], &id),
        }
        header.unresolved.retain(|wanted| wanted.field != field);
    }

    /// A pointer that must be there; `value` is nil before the first one is given.
    pub fn required_reference<T: Record>(
        &mut self,
        field: &'static str,
        patch: Patch<String>,
        value: &mut Id<T>,
    ) {
        match patch {
            Patch::Keep if value.key().is_nil() => self.invalid(field, "is required"),
            Patch::Keep => {}
            Patch::Clear => self.invalid(field, "can't be null"),
            Patch::Set(id) => {
                if let Some(id) = self.find(&[field], &id) {
                    *value = id;
                }
            }
        }
    }

    /// Name, slug and annotations.
    pub fn header<T: Record>(&mut self, patch: HeaderPatch, header: &mut Header) {
        self.header_called::<T>("name", patch, header);
    }

    /// As [`header`](Self::header), for a type whose name the API calls something else.
    pub fn header_called<T: Record>(
        &mut self,
        name: &str,
        patch: HeaderPatch,
        header: &mut Header,
    ) {
        self.line(name, patch.name, &mut header.name);
        self.object("annotations", patch.annotations, &mut header.annotations);
        match patch.slug {
            Patch::Set(slug) => self.slug::<T>(slug, header),
            Patch::Clear => self.invalid("slug", "can't be null"),
            Patch::Keep if header.slug.is_empty() && !header.name.is_empty() => {
                header.slug = self.draft.free_slug::<T>(&header.name, header.id);
            }
            Patch::Keep => {}
        }
    }

    fn slug<T: Record>(&mut self, slug: String, header: &mut Header) {
        if !is_slug(&slug) {
            self.invalid(
                "slug",
                format!(
                    "must be lower-case ASCII letters and digits in groups with single hyphens between them, \
                     at most {MAX_SLUG} characters, for example `{}`",
                    example_slug(&slug)
                ),
            );
            return;
        }
        let other = T::table(self.draft.catalog())
            .by_slug(&slug)
            .filter(|other| other.header().id != header.id);
        if let Some(other) = other {
            let message = format!(
                "`{slug}` is the slug of another {}, {:?}",
                T::TYPE.words(),
                other.header().name
            );
            self.refuse(UserError::new(
                UserErrorCode::AlreadyExists,
                "slug",
                message,
            ));
        } else {
            header.slug = slug;
        }
    }

    /// That an object with this parent would not stand below itself. The plan holds only while the chain of parents
    /// stays as it is.
    pub fn parent<T: Record>(&mut self, id: Id<T>, parent: Option<Id<T>>) {
        let ancestors: Vec<Id<T>> = self.draft.ancestors(parent).collect();
        if ancestors.contains(&id) {
            let message = format!("would put the {} below itself", T::TYPE.words());
            self.refuse(UserError::new(UserErrorCode::Cycle, "parentId", message));
        }
        for ancestor in ancestors {
            self.draft.guard(ancestor.any());
        }
    }
}

/// The object of a catalog that a client's id names.
pub fn find_in<T: Record>(catalog: &Catalog, id: &str) -> Option<Id<T>> {
    let object: ObjectRef = id.parse().ok()?;
    let id = Id::new(object.id);
    (object.kind == T::TYPE && catalog.get::<T>(id).is_some()).then_some(id)
}

/// That no object of the type has this id.
pub fn not_found<T: Record>(field: &[&str], id: &str) -> UserError {
    UserError::at(
        UserErrorCode::NotFound,
        field,
        format!("no {} has the id {id:?}", T::TYPE.words()),
    )
}

fn example_slug(attempt: &str) -> String {
    match super::text::slug_from(attempt) {
        slug if slug.is_empty() => "patient-index".to_owned(),
        slug => slug,
    }
}

/// Writes large floats as the whole numbers that they are, as PostgreSQL does: `1e16` would come back as
/// 10000000000000000 and look like a change to whoever sends it again.
pub fn settle_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = large_whole(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(settle_numbers),
        Value::Object(map) => map.values_mut().for_each(settle_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Smaller floats are written out with their `.0`, which PostgreSQL keeps, and larger ones are no integers to read.
fn large_whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    if float.abs() < 1e16 {
        return None;
    }
    let whole: Number = format!("{float:.0}").parse().ok()?;
    (!whole.is_f64()).then_some(whole)
}

/// Whether JSON holds what neither database can store.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
