//! Services, with what they need and what they contribute to.

pub mod edges;
pub mod filter;
pub mod graphql;
pub mod index;
pub mod mutations;
pub mod rules;
pub mod store;

#[cfg(test)]
mod tests;
