//! What customers say of services once they have them: feedback, and satisfaction, which is what it comes to.

pub mod access;
pub mod giving;
pub mod graphql;
pub mod rules;
pub mod satisfaction;
pub mod store;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
