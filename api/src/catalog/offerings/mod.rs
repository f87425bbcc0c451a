//! Offerings.

mod effort;
pub mod filter;
pub mod graphql;
pub mod rules;
pub mod schema;
pub mod store;
