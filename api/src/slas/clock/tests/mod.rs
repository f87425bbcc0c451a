//! Clocks against examples, laws, and an oracle that lets time pass minute by minute.

mod examples;
mod oracle;
mod properties;
