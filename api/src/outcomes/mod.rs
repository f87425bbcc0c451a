//! Why services exist: outcomes that the business wants, and what an hour without them costs.

pub mod graphql;
pub mod rules;
pub mod store;
