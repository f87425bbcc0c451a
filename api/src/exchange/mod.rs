//! Import and export: Kundig's own YAML and Backstage's descriptors.

pub mod backstage;
pub mod diagnostics;
pub mod fields;
pub mod kundig;
pub mod plan;
pub mod sources;
pub mod yaml;
