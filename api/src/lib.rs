//! Kundig: a GraphQL service catalog that knows its customers.

pub mod cli;
pub mod config;
pub mod schema;
pub mod server;
pub mod shared;
pub mod snapshot;
