//! What to do first: everything open in one ranking, by what an hour of waiting costs.

pub mod graphql;
mod ranking;
mod requests;
pub mod rules;
pub mod store;
pub mod words;
