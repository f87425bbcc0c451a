//! What the catalog's GraphQL types share.

use async_graphql::{ID, MaybeUndefined};

use crate::shared::form::HeaderPatch;
use crate::shared::patch::Patch;
use crate::shared::scalars::Json;

/// The common part of a creation.
pub fn new_header(name: String, slug: Option<String>, annotations: Option<Json>) -> HeaderPatch {
    HeaderPatch {
        slug: slug.into(),
        name: Patch::Set(name),
        annotations: Patch::from(annotations.map(|json| json.0)),
    }
}

/// The common part of a change.
pub fn changed_header(
    name: MaybeUndefined<String>,
    slug: MaybeUndefined<String>,
    annotations: MaybeUndefined<Json>,
) -> HeaderPatch {
    HeaderPatch {
        slug: slug.into(),
        name: name.into(),
        annotations: Patch::from(annotations).map(|json| json.0),
    }
}

/// A pointer of a creation, where null and absent are one.
pub fn new_pointer(id: Option<ID>) -> Patch<String> {
    Patch::from(id.map(|id| id.0))
}

/// A pointer of a change.
pub fn changed_pointer(id: MaybeUndefined<ID>) -> Patch<String> {
    Patch::from(id).map(|id| id.0)
}

/// Declares how a record of the catalog is shown: its node, whose fields an `#[Object]` on `$Fields` has.
#[macro_export]
macro_rules! node {
    ($(#[doc = $doc:literal])* $Node:ident = $Fields:ident($Record:ty)) => {
        $(#[doc = $doc])*
        pub type $Node = $crate::shared::direct::Direct<$Fields>;

        $(#[doc = $doc])*
        #[derive(Clone)]
        pub struct $Fields(pub ::std::sync::Arc<$Record>);

        impl From<::std::sync::Arc<$Record>> for $Fields {
            fn from(record: ::std::sync::Arc<$Record>) -> Self {
                Self(record)
            }
        }
    };
}
