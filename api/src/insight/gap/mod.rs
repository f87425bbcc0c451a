//! Where supply and demand miss each other.

pub mod graphql;
mod services;
pub mod store;
