//! The clocks of requests and incidents: what they were promised, stored with the instants that matter.

pub mod calendars;
pub mod choosing;
pub mod graphql;
pub mod recalculation;
pub mod rules;
pub mod scheduler;
pub mod store;
