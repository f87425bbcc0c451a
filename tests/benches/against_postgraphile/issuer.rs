//! Who signs the tokens that are measured.

use std::fs;

use kundig::auth::Scope;
use kundig_tests::Settings;
use kundig_tests::tokens::{SigningKey, Token};
use tempfile::TempDir;

const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "kundig";
/// What identity providers sign with unless they are told otherwise.
const KEY: SigningKey = SigningKey::Rsa(1);

/// An issuer with one RSA key.
pub(crate) struct Issuer {
    folder: TempDir,
}

impl Issuer {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let settings = format!(
            "anonymous_read = true\n[[issuers]]\nissuer = {ISSUER:?}\naudience = {AUDIENCE:?}\nkeys = [{:?}]\n",
            KEY.public_key_file()
        );
        fs::write(folder.path().join("kundig.toml"), settings)?;
        Ok(Self { folder })
    }

    /// Lets a server accept its tokens, and be read without one.
    pub(crate) fn trusted_by(&self, settings: Settings) -> Settings {
        let file = self.folder.path().join("kundig.toml");
        settings
            .arg("--config")
            .arg(file.display().to_string())
            .token(self.token())
    }

    /// A token that allows everything.
    pub(crate) fn token(&self) -> String {
        Token::new(ISSUER, AUDIENCE, "benchmark", &[Scope::Admin]).sign(&KEY)
    }
}
