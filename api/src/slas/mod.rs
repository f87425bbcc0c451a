//! What customers are promised: when a service is attended, how soon it is answered, and whether that was kept.

pub mod hours;
pub mod open_time;
