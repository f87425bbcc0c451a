//! What an import would change, for a person to read.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use crate::{
    shared::{
        draft::{ChangeKind, Draft, PlannedChange},
        ids::{Id, ObjectRef},
        record::Record,
    },
    snapshot::Catalog,
};

/// How many characters of a value are shown.
const SHOWN: usize = 72;

/// Every planned change: `+` for what is new, `~` for what changes, with its fields below it, `-` for what goes.
pub fn preview(draft: &Draft) -> String {
    let mut changes: Vec<(String, PlannedChange)> = draft
        .changes()
        .into_iter()
        .map(|change| (named(draft, change.subject), change))
        .collect();
    changes.sort_by(|(one, a), (other, b)| (a.subject.kind, one).cmp(&(b.subject.kind, other)));
    let mut text = String::new();
    for (name, change) in changes {
        let sign = match change.kind {
            ChangeKind::Created => '+',
            ChangeKind::Updated => '~',
            ChangeKind::Deleted => '-',
        };
        line(&mut text, format_args!("{sign} {name}"));
        if change.kind == ChangeKind::Updated {
            for (field, sides) in &change.diff {
                show(&mut text, draft, field, &sides["from"], &sides["to"]);
            }
        }
    }
    text
}

/// One field, or what differs within one that is an object on both sides.
fn show(text: &mut String, draft: &Draft, field: &str, from: &Json, to: &Json) {
    if let (Json::Object(from), Json::Object(to)) = (from, to) {
        let gone = from.keys().filter(|key| !to.contains_key(*key));
        for key in to.keys().chain(gone) {
            let side = |object: &Map<String, Json>| object.get(key).cloned().unwrap_or_default();
            if from.get(key) == to.get(key) {
                continue;
            }
            let name = readable(draft, key);
            let path = format!("{field}.{name}");
            show(text, draft, &path, &side(from), &side(to));
        }
    } else if let Some((from, to)) = object_lists(from, to) {
        let lack = |there: &[Json], item: &Json| !there.contains(item);
        for gone in from.iter().filter(|item| lack(to, item)) {
            line(text, format_args!("    {field}: - {}", value(draft, gone)));
        }
        for new in to.iter().filter(|item| lack(from, item)) {
            line(text, format_args!("    {field}: + {}", value(draft, new)));
        }
    } else {
        show_values(text, draft, field, from, to);
    }
}

/// Both sides of a field that is a list of objects: only the ones that come and go are worth a line.
fn object_lists<'a>(from: &'a Json, to: &'a Json) -> Option<(&'a [Json], &'a [Json])> {
    let list = |side: &'a Json| match side {
        Json::Null => Some(&[][..]),
        Json::Array(items) => Some(items.as_slice()),
        _ => None,
    };
    let (from, to) = (list(from)?, list(to)?);
    let has_object = from.iter().chain(to).any(Json::is_object);
    has_object.then_some((from, to))
}

fn show_values(text: &mut String, draft: &Draft, field: &str, from: &Json, to: &Json) {
    let (from, to) = (value(draft, from), value(draft, to));
    line(text, format_args!("    {field}: {from} → {to}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A value in one short line, with slugs in place of ids.
fn value(draft: &Draft, value: &Json) -> String {
    let text = match value {
        Json::Null => return "nothing".to_owned(),
        Json::String(text) => match text.parse::<ObjectRef>() {
            Ok(_) => readable(draft, text),
            Err(_) => value.to_string(),
        },
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| self::value(draft, item)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let mut short: String = text.chars().take(SHOWN - 1).collect();
    short.push('…');
    short
}

/// The slug that an id stands for.
fn readable(draft: &Draft, text: &str) -> String {
    let slug = text
        .parse()
        .ok()
        .and_then(|object| slug(draft.catalog(), object).or_else(|| slug(draft.base(), object)));
    slug.unwrap_or_else(|| text.to_owned())
}

fn slug(catalog: &Catalog, object: ObjectRef) -> Option<String> {
    crate::for_type!(object.kind, T => {
        catalog.get(Id::<T>::new(object.id)).map(|record| record.header().slug.clone())
    })
}

/// The type, slug and name of an object.
fn named(draft: &Draft, object: ObjectRef) -> String {
    let name = |catalog: &Catalog| {
        crate::for_type!(object.kind, T => {
            catalog.get(Id::<T>::new(object.id)).map(|record| {
                format!("{} {} ({})", object.kind.words(), record.header().slug, record.header().name)
            })
        })
    };
    name(draft.catalog())
        .or_else(|| name(draft.base()))
        .unwrap_or_else(|| object.to_string())
}
