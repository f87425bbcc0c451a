//! Who signs the tokens that are measured.

use kundig::auth::Scope;
use kundig_tests::Settings;
use kundig_tests::tokens::{SigningKey, Token, config_file};

const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "kundig";
/// What identity providers sign with unless they are told otherwise.
const KEY: SigningKey = SigningKey::Rsa(1);

/// Lets a server accept the issuer's tokens, and be read without one.
pub(crate) fn trusted_by(settings: Settings) -> Settings {
    let file = config_file(&format!(
        "anonymous_read = true\n[[issuers]]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\nkeys = [\"{}\"]\n",
        KEY.public_key_file().display()
    ));
    settings.arg("--config").arg(file).token(token())
}

/// A token that allows everything.
pub(crate) fn token() -> String {
    Token::new(ISSUER, AUDIENCE, "benchmark", &[Scope::Admin]).sign(&KEY)
}
