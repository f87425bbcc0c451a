//! What it is worth: impact and the worklist against slow and obvious oracles.

mod gap;
mod impact;
mod oracle;
mod review;
mod worklist;
