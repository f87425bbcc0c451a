//! `kundig.toml`.

use std::{
    fmt::{self, Formatter},
    io,
    path::Path,
    sync::LazyLock,
};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

use super::{issuers::IssuerTable, sources::KEYS};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Settings as text, as flags and variables have them.
    pub(super) settings: Vec<(&'static str, String)>,
    /// The `[[issuers]]` tables.
    pub(super) issuers: Vec<IssuerTable>,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("there is no such file")]
    NotFound,
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("{0}")]
    Invalid(#[from] toml::de::Error),
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<File, FileError> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Unreadable(error),
    })?;
    Ok(toml::from_str(&text)?)
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = File;

            fn expecting(&self, out: &mut Formatter<'_>) -> fmt::Result {
                out.write_str("settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
                let mut file = File::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Issuers => file.issuers = map.next_value()?,
                        Key::Setting(key) => {
                            let Text(value) = map.next_value()?;
                            file.settings.push((key, value));
                        }
                    }
                }
                Ok(file)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// What only the file has, beside the settings that flags and variables have too.
const ISSUERS: &str = "issuers";

/// A key that there is.
enum Key {
    Setting(&'static str),
    Issuers,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        static KNOWN: LazyLock<Vec<&str>> =
            LazyLock::new(|| [KEYS.as_slice(), &[ISSUERS]].concat());
        let name = String::deserialize(deserializer)?;
        match KNOWN.iter().find(|key| **key == name) {
            Some(&ISSUERS) => Ok(Self::Issuers),
            Some(key) => Ok(Self::Setting(key)),
            None => Err(de::Error::unknown_field(&name, &KNOWN)),
        }
    }
}

/// A value as text: TOML's numbers and truth values as they are written, the items of a list with commas between them.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;

        impl<'de> Visitor<'de> for AsText {
            type Value = Text;

            fn expecting(&self, out: &mut Formatter<'_>) -> fmt::Result {
                out.write_str("text, a number, true or false, or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Text, E> {
                Ok(Text(truth.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
                let mut items = Vec::new();
                while let Some(Text(item)) = list.next_element()? {
                    items.push(item);
                }
                Ok(Text(items.join(",")))
            }
        }

        deserializer.deserialize_any(AsText)
    }
}
