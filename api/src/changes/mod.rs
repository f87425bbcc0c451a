//! The change feed as an API: what changed, who did it.

pub mod graphql;
pub mod seen;
pub mod store;
pub mod subscription;
pub mod tail;
