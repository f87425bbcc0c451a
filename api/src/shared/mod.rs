//! What all rooms use.

pub mod authority;
pub mod budget;
pub mod connection;
pub mod database;
pub mod dialect;
pub mod diff;
pub mod direct;
mod dispatch;
pub mod draft;
pub mod duration;
pub mod edit;
pub mod error_code;
pub mod errors;
pub mod form;
pub mod graphql;
pub mod ids;
pub mod lease;
pub mod money;
pub mod paging;
pub mod patch;
pub mod record;
pub mod request;
pub mod scalars;
pub mod store;
pub mod text;
pub mod tls;
pub mod write;
