//! Which keys are of use.

use std::fs;

use super::*;
use crate::auth::keys::{Key, KeyError, KeySet};

fn from_file(text: &str) -> Result<usize, KeyError> {
    KeySet::from_file(text).map(|keys| keys.len())
}

fn allows(keys: &KeySet, algorithm: Algorithm) -> bool {
    keys.named(None).any(|key| key.is_for(algorithm))
}

fn jwk_with(pair: Pair, name: &str, value: Value) -> String {
    let mut jwk = pair.jwk();
    jwk[name] = value;
    jwk.to_string()
}

#[test]
fn a_public_key_is_read_as_pem_as_jwk_and_in_a_set() {
    for pair in Pair::ALL {
        assert_eq!(from_file(&pair.public_pem()), Ok(1), "{pair:?}");
        assert_eq!(from_file(&pair.jwk().to_string()), Ok(1), "{pair:?}");
    }
    let set = json!({ "keys": Pair::ALL.map(Pair::jwk) });
    assert_eq!(from_file(&set.to_string()), Ok(5));
}

#[test]
fn what_is_no_public_key_for_signatures_is_refused_with_the_reason() {
    let read = |name: &str| fs::read_to_string(fixture(name)).unwrap();
    let symmetric = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) }).to_string();
    let off_the_curve = jwk_with(Pair::P256, "x", Pair::P256.jwk()["y"].clone());
    let other_curve = jwk_with(Pair::P256, "crv", json!("P-384"));
    for (text, expected) in [
        (read("rsa-1.private.pem"), KeyError::Private),
        (read("p256.private.pem"), KeyError::Private),
        (jwk_with(Pair::Ed25519, "d", json!("x")), KeyError::Private),
        (
            "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----".to_owned(),
            KeyError::Certificate,
        ),
        (read("rsa-1024.pem"), KeyError::RsaLength(1024)),
        (read("secp256k1.pem"), KeyError::Unsupported),
        (off_the_curve, KeyError::Unsupported),
        (other_curve, KeyError::Unsupported),
        (
            jwk_with(Pair::P256, "crv", json!("P-521")),
            KeyError::Unsupported,
        ),
        (
            jwk_with(Pair::Ed25519, "crv", json!("X25519")),
            KeyError::Unsupported,
        ),
        (
            jwk_with(Pair::Rsa1, "alg", json!("HS256")),
            KeyError::Unsupported,
        ),
        (
            jwk_with(Pair::Rsa1, "alg", json!("RSA-OAEP")),
            KeyError::Unsupported,
        ),
        (
            jwk_with(Pair::Rsa1, "use", json!("enc")),
            KeyError::NotForSignatures,
        ),
        (
            jwk_with(Pair::Rsa1, "key_ops", json!(["encrypt"])),
            KeyError::NotForSignatures,
        ),
        (symmetric, KeyError::Symmetric),
        (
            "-----BEGIN PUBLIC KEY-----\nnothing\n-----END PUBLIC KEY-----".to_owned(),
            KeyError::Unreadable,
        ),
        (String::new(), KeyError::Unreadable),
        ("ssh-rsa AAAA".to_owned(), KeyError::Unreadable),
        (json!({ "keys": [] }).to_string(), KeyError::Empty),
        (json!({ "keys": "many" }).to_string(), KeyError::Unreadable),
        (
            json!({ "keys": vec![Pair::P256.jwk(); 33] }).to_string(),
            KeyError::TooMany(33),
        ),
    ] {
        assert_eq!(from_file(&text), Err(expected), "{text}");
    }
}

#[test]
fn a_jwk_that_names_its_algorithm_is_for_that_one_only() {
    let keys = KeySet::from_file(&jwk_with(Pair::Rsa1, "alg", json!("PS256"))).unwrap();
    assert!(allows(&keys, Algorithm::PS256));
    assert!(!allows(&keys, Algorithm::RS256));
}

#[test]
fn of_what_a_provider_publishes_only_what_is_of_use_is_taken() {
    let mut encryption = Pair::Rsa2.jwk();
    encryption["use"] = json!("enc");
    let symmetric = json!({ "kty": "oct", "kid": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) });
    let odd = [
        json!(null),
        json!({ "kty": "AKP" }),
        json!({ "kty": "RSA" }),
        json!({ "kid": 7 }),
    ];
    let keys = [&odd[..], &[encryption, symmetric, Pair::P256.jwk()]].concat();
    let set = json!({ "keys": keys });
    let keys = KeySet::from_provider(set.to_string().as_bytes()).unwrap();
    assert_eq!(keys.len(), 1);
    assert!(!allows(&keys, Algorithm::HS256));
    assert_eq!(keys.named(Some("p256")).count(), 1);
    for nothing in [json!({ "keys": odd }), json!({ "keys": [] })] {
        let refused = KeySet::from_provider(nothing.to_string().as_bytes());
        assert_eq!(refused.err(), Some(KeyError::Empty));
    }
    assert_eq!(
        KeySet::from_provider(b"<html>").err(),
        Some(KeyError::Unreadable)
    );
}

#[test]
fn a_secret_is_long_enough_and_no_public_key() {
    assert!(Key::from_secret(SECRET).is_ok());
    let refused = |secret: &[u8]| Key::from_secret(secret).err();
    assert_eq!(refused(&SECRET[..31]), Some(KeyError::ShortSecret(31)));
    assert_eq!(refused(b""), Some(KeyError::ShortSecret(0)));
    for pair in Pair::ALL {
        assert_eq!(
            refused(pair.public_pem().as_bytes()),
            Some(KeyError::PublicSecret)
        );
        assert_eq!(
            refused(pair.jwk().to_string().as_bytes()),
            Some(KeyError::PublicSecret)
        );
        let set = json!({ "keys": [pair.jwk()] });
        assert_eq!(
            refused(set.to_string().as_bytes()),
            Some(KeyError::PublicSecret)
        );
    }
}

#[test]
fn keys_that_cannot_be_used_are_named_by_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "short").unwrap();
    let narrowed = IssuerSettings {
        algorithms: Some(vec![Algorithm::HS256]),
        ..settings(keys_of(&[Pair::Rsa1]))
    };
    let issuers = vec![
        settings(KeySettings::Secret(secret)),
        settings(KeySettings::Files(vec![fixture("rsa-1.private.pem")])),
        settings(KeySettings::Files(vec![folder.path().join("missing.pem")])),
        narrowed,
    ];
    let opened = Authenticator::open(&AuthSettings {
        anonymous_read: false,
        data_dir: folder.path().to_owned(),
        issuers,
    });
    let problems = opened.err().unwrap();
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for (text, words) in texts.iter().zip([
        "secret: the secret has 5 bytes; at least 32",
        "rsa-1.private.pem: it holds a private key",
        "missing.pem: No such file",
        "is for one of the algorithms",
    ]) {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(texts.len(), 4);
}
