//! Full-text search over everything that has a name. README.md says what is found, and in which order.

pub mod asking;
pub mod demands;
mod documents;
pub mod engine;
pub mod graphql;
pub mod index;
pub mod matching;
mod memory;
pub mod missed;
pub mod rules;
pub mod store;
mod typos;
