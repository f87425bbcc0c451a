//! What was asked for: submitting, moving and following service requests.

pub mod access;
pub mod clocks;
pub mod events;
pub mod filter;
pub mod graphql;
pub mod inputs;
pub mod list;
pub mod moves;
pub mod mutations;
pub mod recalculation;
pub mod rules;
pub mod steps;
pub mod store;
pub mod submission;
pub mod submit;
pub mod subscription;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
