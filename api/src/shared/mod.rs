//! What the rooms share.

pub mod error_code;
pub mod request;
