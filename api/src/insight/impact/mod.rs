//! What the business loses while services fail, and along which chain.

mod dependents;
pub mod graph;
pub mod graphql;
pub mod known;
pub mod rules;
#[cfg(test)]
mod tests;
