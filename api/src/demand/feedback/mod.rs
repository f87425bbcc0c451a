//! What customers say of services once they have them: feedback, and satisfaction, which is what it comes to.

pub mod access;
pub mod giving;
pub mod graphql;
pub mod rules;
pub mod satisfaction;
pub mod store;
