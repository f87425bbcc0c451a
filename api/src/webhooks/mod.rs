//! Webhooks: what happens is sent to whoever cannot hold a connection. `README.md` beside this file says how.

pub mod address;
pub mod delivery;
pub mod events;
pub mod graphql;
pub mod list;
pub mod mutations;
pub mod rules;
pub mod sender;
pub mod signature;
pub mod store;
