//! What it is worth: impact, what to do first, where supply and demand miss each other.

pub mod impact;
