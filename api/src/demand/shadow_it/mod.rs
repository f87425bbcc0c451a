//! What customers got elsewhere: the register of shadow IT.

mod adoption;
pub mod graphql;
mod index;
pub mod known;
pub mod mutations;
mod risk;
pub mod rules;
pub mod store;

pub use index::{Shelf, SightingIndexes, SightingOrder};
