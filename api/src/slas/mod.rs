//! What customers are promised: when a service is attended, how soon it is answered, and whether that was kept.

pub mod agreements;
pub mod calendars;
pub mod hours;
pub mod open_time;
pub mod priority;
