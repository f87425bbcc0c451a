//! What the business loses while services fail, and along which chain.

mod edges;
pub mod graph;
pub mod graphql;
pub mod known;
mod memory;
mod places;
mod reach;
pub mod rules;
pub mod search;
mod sparse;
#[cfg(test)]
mod tests;
