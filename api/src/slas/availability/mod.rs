//! How available services were, as monitoring recorded it.

pub mod graphql;
pub mod rules;
pub mod store;
