//! What IT did for a customer in a period: the page to take to the review meeting.

pub mod graphql;
mod promises;
pub mod rules;
pub mod store;
mod words;
