//! Saying no: with a reason, an explanation and, where there is one, another way. Requests and demands are declined alike.

pub mod graphql;
pub mod rules;
pub mod store;
