//! Import and export: Kundig's own YAML and Backstage's descriptors.

pub mod diagnostics;
pub mod sources;
pub mod yaml;
