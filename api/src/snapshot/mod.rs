//! The catalog in memory: one immutable value that a request reads from, and what keeps it up to date.

mod catalog;
mod index;
mod news;
mod position;
mod reading;
mod replica;
mod table;

pub use catalog::{Catalog, Referrer};
pub use index::{Index, Trigrams};
pub use position::FeedPosition;
pub use replica::{Replica, ReplicaError};
pub use table::{Table, name_key};
