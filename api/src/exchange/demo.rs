//! The demo catalog, built into the program.

use rust_embed::RustEmbed;

use super::sources::{Source, Sources};

#[derive(RustEmbed)]
#[folder = "src/exchange/demo/"]
struct Files;

/// The demo's documents.
pub fn sources() -> Sources {
    Sources::from_sources(Files::iter().filter_map(|name| {
        let file = Files::get(&name)?;
        let text = String::from_utf8_lossy(&file.data).into_owned();
        Some(Source::built_in(&format!("demo/{name}"), text))
    }))
}
