//! What customers need, wish for and are driven by: raising, supporting, planning, meeting and declining demands.

pub mod access;
pub mod feedback;
pub mod fields;
pub mod filter;
pub mod graphql;
pub mod list;
pub mod moves;
pub mod mutations;
pub mod raise;
pub mod rules;
pub mod shadow_it;
pub mod similar;
pub mod steps;
pub mod store;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
