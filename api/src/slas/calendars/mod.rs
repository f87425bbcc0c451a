//! Calendars: when services are attended.

pub mod graphql;
pub mod rules;
pub mod store;
