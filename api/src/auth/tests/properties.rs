//! What holds for any text that somebody may send.

use std::sync::LazyLock;

use futures_util::FutureExt;
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::auth::ClaimPath;

static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(|| {
    let scopes = ScopeRules {
        claims: vec![ClaimPath::parse("realm_access.roles").unwrap()],
        ..ScopeRules::default()
    };
    authenticator(vec![IssuerSettings {
        scopes,
        ..settings(keys_of(&[Pair::Ed25519, Pair::P256]))
    }])
});

fn verify_now(token: &str) -> Result<Arc<Identity>, Reason> {
    let verified = verify(&AUTHENTICATOR, token).now_or_never();
    verified.expect("keys from files need no waiting")
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_is_a_token_by_chance(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}|([A-Za-z0-9_-]{0,80}\\.){2}[A-Za-z0-9_-]{0,80}") {
        prop_assert!(verify_now(&text).is_err());
    }

    #[test]
    fn a_token_with_one_character_changed_is_no_token_any_more(place in any::<Index>(), character in "[A-Za-z0-9_.-]") {
        let token = signed(&claims(), Pair::Ed25519);
        let place = place.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(place..=place, &character);
        prop_assume!(changed != token);
        prop_assert!(verify_now(&changed).is_err(), "{changed}");
    }

    #[test]
    fn a_claim_that_is_anything_at_all_makes_nobody_panic(
        claim in prop::sample::select(vec!["iss", "aud", "sub", "exp", "nbf", "scope", "scp", "jti", "client_id", "azp", "typ", "realm_access"]),
        value in any_json(),
    ) {
        let token = signed(&claims_with(claim, value), Pair::Ed25519);
        if let Ok(identity) = verify_now(&token) {
            prop_assert!(!identity.subject.is_empty());
        }
    }

    #[test]
    fn a_header_that_is_anything_at_all_makes_nobody_panic(header in any_json(), name in "alg|typ|kid|crit", value in any_json()) {
        let key = EncodingKey::from_secret(SECRET);
        let mut named = json!({ "alg": "EdDSA" });
        named[name] = value;
        for header in [header, named] {
            let token = forged(&header, &claims(), &key, Algorithm::HS256);
            prop_assert!(verify_now(&token).is_err());
        }
    }
}
