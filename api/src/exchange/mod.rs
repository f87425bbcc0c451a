//! Import and export: Kundig's own YAML, Backstage's descriptors, OpenSLO, iCalendar.

pub mod backstage;
pub mod command;
pub mod demo;
pub mod diagnostics;
pub mod fields;
pub mod graphql;
pub mod ics;
pub mod import;
pub mod kundig;
pub mod openslo;
pub mod plan;
pub mod preview;
pub mod sources;
pub mod yaml;

#[cfg(test)]
mod tests;
