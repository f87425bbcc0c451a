//! What customers are promised: when a service is attended, how soon it is answered, and whether that was kept.

pub mod agreements;
pub mod attainment;
pub mod availability;
pub mod calendars;
pub mod choice;
pub mod clock;
pub mod clocks;
pub mod hours;
mod local_time;
pub mod open_time;
pub mod priority;
