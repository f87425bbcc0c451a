//! Offerings.

pub mod filter;
pub mod graphql;
pub mod rules;
pub mod store;
