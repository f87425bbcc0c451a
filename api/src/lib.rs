//! Kundig: a GraphQL service catalog that knows its customers.

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
