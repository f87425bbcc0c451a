//! What it is worth: impact, what to do first, where supply and demand miss each other.

pub mod gap;
pub mod impact;
pub mod language;
pub mod review;
pub mod worklist;
