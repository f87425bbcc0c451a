//! What is broken: reporting, moving and following incidents.

pub mod access;
pub mod clocks;
pub mod events;
pub mod filter;
pub mod graphql;
pub mod list;
pub mod moves;
pub mod mutations;
pub mod recalculation;
pub mod report;
pub mod reporting;
pub mod rules;
pub mod steps;
pub mod store;
