//! Agreements on the level of a service.

pub mod graphql;
pub(crate) mod kept;
pub mod rules;
pub mod store;
pub mod target;
