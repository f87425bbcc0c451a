//! Open time against examples, laws, and an oracle that walks minute by minute.

mod examples;
mod oracle;
mod properties;
