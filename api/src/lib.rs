//! Kundig: a GraphQL service catalog that knows its customers.

// A root of the API is a future that holds those of all its members: more than the compiler follows unless told so.
#![recursion_limit = "256"]

pub mod auth;
pub mod catalog;
pub mod changes;
pub mod cli;
pub mod config;
pub mod declines;
pub mod demand;
pub mod demo;
pub mod exchange;
pub mod incidents;
pub mod insight;
pub mod outcomes;
pub mod recalculation;
pub mod requests;
pub mod schema;
pub mod search;
pub mod server;
pub mod shared;
pub mod slas;
pub mod snapshot;
pub mod warnings;
pub mod webhooks;
