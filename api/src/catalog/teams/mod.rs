//! Teams.

pub mod graphql;
pub mod rules;
pub mod store;
