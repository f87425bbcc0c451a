//! Which tokens are good.

use std::collections::BTreeMap;

use super::*;
use crate::auth::{Scope, Scopes};

#[tokio::test]
async fn a_token_of_every_kind_of_key_is_accepted_and_says_who_asks() {
    for pair in Pair::ALL {
        let authenticator = authenticator(vec![settings(keys_of(&[pair]))]);
        let identity = verify(&authenticator, &signed(&claims(), pair))
            .await
            .unwrap();
        assert_eq!(&*identity.subject, "amara", "{pair:?}");
        assert_eq!(
            identity.scopes,
            Scopes::from_iter([Scope::CatalogRead, Scope::RequestsSubmit])
        );
        assert_eq!(identity.token_id.as_deref(), Some("token-1"));
        assert_eq!(identity.client_id.as_deref(), Some("portal"));
        assert_eq!(identity.expires_at, after(3600));
    }
}

#[tokio::test]
async fn an_rsa_key_verifies_all_its_algorithms() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Rsa1]))]);
    for algorithm in jsonwebtoken::AlgorithmFamily::Rsa.algorithms() {
        let token =
            jsonwebtoken::encode(&header(*algorithm), &claims(), &Pair::Rsa1.private()).unwrap();
        assert!(
            verify(&authenticator, &token).await.is_ok(),
            "{algorithm:?}"
        );
    }
}

#[tokio::test]
async fn the_times_of_a_token_are_checked_with_half_a_minute_of_leeway() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    for (claim, value, expected) in [
        ("exp", json!(after(-29).as_second()), None),
        ("exp", json!(after(-30).as_second()), Some(Reason::Expired)),
        ("exp", json!(1_906_545_570.5), None),
        ("exp", json!(0), Some(Reason::Expired)),
        ("exp", json!(-1e300), Some(Reason::Expired)),
        ("exp", json!(1e300), None),
        ("exp", json!(u64::MAX), None),
        ("nbf", json!(after(30).as_second()), None),
        (
            "nbf",
            json!(after(31).as_second()),
            Some(Reason::NotYetValid),
        ),
        ("nbf", json!(1e300), Some(Reason::NotYetValid)),
        ("iat", json!(after(86_400).as_second()), None),
    ] {
        let token = signed(&claims_with(claim, value.clone()), Pair::Ed25519);
        assert_eq!(
            verify(&authenticator, &token).await.err(),
            expected,
            "{claim} {value}"
        );
    }
}

#[tokio::test]
async fn a_token_that_was_verified_ends_all_the_same() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    let token = signed(&claims(), Pair::Ed25519);
    assert!(authenticator.authenticate_at(&token, now()).await.is_ok());
    assert!(
        authenticator
            .authenticate_at(&token, after(3629))
            .await
            .is_ok()
    );
    for _ in 0..2 {
        let rejection = authenticator
            .authenticate_at(&token, after(3630))
            .await
            .unwrap_err();
        assert_eq!(rejection.reason, Reason::Expired);
        assert_eq!(rejection.issuer.as_deref(), Some(ISSUER));
    }
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused_however_it_says_so() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Rsa1]))]);
    for none in ["none", "None", "NONE", "nOnE", "", "HS1", "RS256 "] {
        let token = forged(
            &json!({ "alg": none, "typ": "at+jwt" }),
            &claims(),
            &Pair::Rsa1.private(),
            Algorithm::RS256,
        );
        assert_eq!(
            verify(&authenticator, &token).await,
            Err(Reason::WrongAlgorithm),
            "{none}"
        );
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(
            verify(&authenticator, &unsigned).await,
            Err(Reason::WrongAlgorithm),
            "{none}"
        );
    }
    let token = signed(&claims(), Pair::Rsa1);
    let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
    assert_eq!(
        verify(&authenticator, &unsigned).await,
        Err(Reason::WrongSignature)
    );
}

#[tokio::test]
async fn a_public_key_is_never_taken_for_a_secret() {
    for pair in Pair::ALL {
        let authenticator = authenticator(vec![settings(keys_of(&[pair]))]);
        let pem = pair.public_pem();
        let der = pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>();
        for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), der.as_bytes()] {
            let key = EncodingKey::from_secret(secret);
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let token = jsonwebtoken::encode(&header(algorithm), &claims(), &key).unwrap();
                assert_eq!(
                    verify(&authenticator, &token).await,
                    Err(Reason::WrongAlgorithm)
                );
            }
            // The header names the key's own algorithm over a signature made with HMAC.
            let named = json!({ "alg": format!("{:?}", pair.algorithm()), "typ": "at+jwt" });
            let token = forged(&named, &claims(), &key, Algorithm::HS256);
            assert_eq!(
                verify(&authenticator, &token).await,
                Err(Reason::WrongSignature)
            );
        }
    }
}

#[tokio::test]
async fn an_algorithm_is_for_keys_of_its_kind_and_as_far_as_the_issuer_is_narrowed() {
    let narrowed = IssuerSettings {
        algorithms: Some(vec![Algorithm::RS256, Algorithm::ES256]),
        ..settings(keys_of(&[Pair::Rsa1, Pair::P256]))
    };
    let authenticator = authenticator(vec![narrowed]);
    assert!(
        verify(&authenticator, &signed(&claims(), Pair::Rsa1))
            .await
            .is_ok()
    );
    assert!(
        verify(&authenticator, &signed(&claims(), Pair::P256))
            .await
            .is_ok()
    );
    let pss =
        jsonwebtoken::encode(&header(Algorithm::PS256), &claims(), &Pair::Rsa1.private()).unwrap();
    assert_eq!(
        verify(&authenticator, &pss).await,
        Err(Reason::WrongAlgorithm)
    );
    assert_eq!(
        verify(&authenticator, &signed(&claims(), Pair::P384)).await,
        Err(Reason::WrongAlgorithm)
    );
    assert_eq!(
        verify(&authenticator, &signed(&claims(), Pair::Ed25519)).await,
        Err(Reason::WrongAlgorithm)
    );
}

#[tokio::test]
async fn whatever_is_changed_after_signing_is_noticed() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Rsa1]))]);
    let token = signed(&claims(), Pair::Rsa1);
    let parts: Vec<&str> = token.split('.').collect();
    let admin = URL_SAFE_NO_PAD.encode(claims_with("scope", json!("admin")).to_string());
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "RS256", "typ": "JWT" }).to_string());
    let other = signed(&claims(), Pair::Rsa2);
    let other_signature = other.rsplit_once('.').unwrap().1;
    for tampered in [
        format!("{}.{admin}.{}", parts[0], parts[2]),
        format!("{header}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{other_signature}", parts[0], parts[1]),
        format!("{token}AA"),
        format!("{token}=="),
        other.clone(),
    ] {
        assert_eq!(
            verify(&authenticator, &tampered).await,
            Err(Reason::WrongSignature),
            "{tampered}"
        );
    }
}

#[tokio::test]
async fn a_key_id_picks_the_key_and_without_one_all_are_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let set = json!({ "keys": [Pair::Rsa1.jwk(), Pair::Rsa2.jwk(), Pair::P256.jwk()] });
    std::fs::write(&file, set.to_string()).unwrap();
    let authenticator = authenticator(vec![settings(KeySettings::Files(vec![file]))]);
    for pair in [Pair::Rsa1, Pair::Rsa2, Pair::P256] {
        assert!(
            verify(&authenticator, &signed(&claims(), pair))
                .await
                .is_ok()
        );
        let named = signed_with_id(&claims(), pair, pair.name());
        assert!(verify(&authenticator, &named).await.is_ok());
    }
    let misnamed = signed_with_id(&claims(), Pair::Rsa1, "rsa-2");
    assert_eq!(
        verify(&authenticator, &misnamed).await,
        Err(Reason::WrongSignature)
    );
    let unknown = signed_with_id(&claims(), Pair::Rsa1, "rsa-3");
    assert_eq!(
        verify(&authenticator, &unknown).await,
        Err(Reason::UnknownKey)
    );
}

#[tokio::test]
async fn only_access_tokens_are_accepted_and_where_it_is_required_only_those_that_say_so() {
    let lenient = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    let strict = authenticator(vec![IssuerSettings {
        require_at_jwt: true,
        ..settings(keys_of(&[Pair::Ed25519]))
    }]);
    let key = Pair::Ed25519.private();
    for (typ, is_specific) in [
        (json!(null), Some(false)),
        (json!("JWT"), Some(false)),
        (json!("jwt"), Some(false)),
        (json!("at+jwt"), Some(true)),
        (json!("AT+JWT"), Some(true)),
        (json!("application/at+jwt"), Some(true)),
        (json!("id_token"), None),
        (json!("dpop+jwt"), None),
        (json!("logout+jwt"), None),
        (json!(""), None),
    ] {
        let token = forged(
            &json!({ "alg": "EdDSA", "typ": typ }),
            &claims(),
            &key,
            Algorithm::EdDSA,
        );
        let expected = |is_accepted| {
            if is_accepted {
                None
            } else {
                Some(Reason::WrongType)
            }
        };
        assert_eq!(
            verify(&lenient, &token).await.err(),
            expected(is_specific.is_some()),
            "{typ}"
        );
        assert_eq!(
            verify(&strict, &token).await.err(),
            expected(is_specific == Some(true)),
            "{typ}"
        );
    }
}

#[tokio::test]
async fn id_tokens_and_refresh_tokens_are_told_by_their_claims() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    let mut header = header(Algorithm::EdDSA);
    header.typ = Some("JWT".to_owned());
    for (claim, value, expected) in [
        ("typ", "Bearer", None),
        ("typ", "ID", Some(Reason::WrongType)),
        ("typ", "Refresh", Some(Reason::WrongType)),
        ("typ", "Offline", Some(Reason::WrongType)),
        ("at_hash", "x", Some(Reason::WrongType)),
        ("c_hash", "x", Some(Reason::WrongType)),
        ("nonce", "x", None),
    ] {
        let claims = claims_with(claim, json!(value));
        let token = jsonwebtoken::encode(&header, &claims, &Pair::Ed25519.private()).unwrap();
        assert_eq!(
            verify(&authenticator, &token).await.err(),
            expected,
            "{claim} {value}"
        );
    }
}

#[tokio::test]
async fn critical_header_parameters_are_refused_and_keys_in_the_header_ignored() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    let sign = |header: Value| forged(&header, &claims(), &Pair::P256.private(), Algorithm::ES256);
    let critical = sign(json!({ "alg": "EdDSA", "typ": "at+jwt", "crit": ["b64"], "b64": false }));
    assert_eq!(
        verify(&authenticator, &critical).await,
        Err(Reason::CriticalHeader)
    );
    let own_key = sign(
        json!({ "alg": "ES256", "typ": "at+jwt", "jwk": Pair::P256.jwk(), "jku": "https://evil.example/keys" }),
    );
    assert_eq!(
        verify(&authenticator, &own_key).await,
        Err(Reason::WrongAlgorithm)
    );
}

#[tokio::test]
async fn claims_that_are_required_are_checked() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    for (claim, value, expected) in [
        ("iss", None, Reason::WrongClaim),
        (
            "iss",
            Some(json!(["https://login.example.com/realms/company"])),
            Reason::WrongClaim,
        ),
        (
            "iss",
            Some(json!("https://login.example.com/realms/company/")),
            Reason::UnknownIssuer,
        ),
        ("aud", None, Reason::WrongClaim),
        ("aud", Some(json!("Kundig")), Reason::WrongAudience),
        ("aud", Some(json!([])), Reason::WrongAudience),
        (
            "aud",
            Some(json!(["account", "portal"])),
            Reason::WrongAudience,
        ),
        (
            "aud",
            Some(json!({ "kundig": true })),
            Reason::WrongAudience,
        ),
        ("sub", None, Reason::WrongClaim),
        ("sub", Some(json!("")), Reason::WrongClaim),
        ("sub", Some(json!(7)), Reason::WrongClaim),
        ("sub", Some(json!("two\nlines")), Reason::WrongClaim),
        ("sub", Some(json!("ä".repeat(256))), Reason::WrongClaim),
        ("exp", None, Reason::WrongClaim),
        (
            "exp",
            Some(json!("2031-01-01T00:00:00Z")),
            Reason::WrongClaim,
        ),
        ("nbf", Some(json!("now")), Reason::WrongClaim),
    ] {
        let token = signed(&claims_with(claim, value.clone()), Pair::Ed25519);
        assert_eq!(
            verify(&authenticator, &token).await,
            Err(expected),
            "{claim} {value:?}"
        );
    }
    for (claim, value) in [
        ("aud", json!(["account", "kundig"])),
        ("sub", json!("ä".repeat(255))),
        ("jti", json!("018f2f6e")),
    ] {
        let token = signed(&claims_with(claim, value.clone()), Pair::Ed25519);
        assert!(
            verify(&authenticator, &token).await.is_ok(),
            "{claim} {value}"
        );
    }
}

#[tokio::test]
async fn claims_that_need_not_be_there_count_as_absent_where_they_are_not_fit() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    for unfit in [
        json!(""),
        json!("\u{0}"),
        json!("x".repeat(256)),
        json!({}),
        json!(null),
    ] {
        let mut claims = claims();
        claims["jti"] = unfit.clone();
        claims["client_id"] = unfit.clone();
        claims["azp"] = unfit.clone();
        let identity = verify(&authenticator, &signed(&claims, Pair::Ed25519)).await;
        let identity = identity.unwrap_or_else(|reason| panic!("{unfit}: {reason}"));
        assert_eq!(identity.token_id, None, "{unfit}");
        assert_eq!(identity.client_id, None, "{unfit}");

        let claims = claims_with("azp", unfit);
        let identity = verify(&authenticator, &signed(&claims, Pair::Ed25519)).await;
        assert_eq!(identity.unwrap().client_id.as_deref(), Some("portal"));
    }
}

#[tokio::test]
async fn the_client_is_named_by_client_id_or_azp() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    let mut claims = claims_with("azp", json!("keycloak-client"));
    let client = async |claims: &Value| {
        let identity = verify(&authenticator, &signed(claims, Pair::Ed25519)).await;
        identity.unwrap().client_id.clone()
    };
    assert_eq!(client(&claims).await.as_deref(), Some("portal"));
    claims.as_object_mut().unwrap().remove("client_id");
    assert_eq!(client(&claims).await.as_deref(), Some("keycloak-client"));
    claims.as_object_mut().unwrap().remove("azp");
    assert_eq!(client(&claims).await, None);
}

#[tokio::test]
async fn issuers_do_not_vouch_for_each_other_and_their_subjects_never_meet() {
    let company = IssuerSettings {
        scopes: ScopeRules {
            words: BTreeMap::from([("staff".to_owned(), vec![Scope::Admin])]),
            ..ScopeRules::default()
        },
        ..settings(keys_of(&[Pair::Rsa1]))
    };
    let partner = IssuerSettings {
        issuer: "partner".to_owned(),
        audiences: vec!["kundig-partners".to_owned()],
        subject_prefix: "partner|".to_owned(),
        ..settings(keys_of(&[Pair::P256]))
    };
    let authenticator = authenticator(vec![company, partner]);
    let staff = claims_with("scope", json!("staff"));
    let identity = verify(&authenticator, &signed(&staff, Pair::Rsa1))
        .await
        .unwrap();
    assert_eq!(
        (&*identity.subject, identity.scopes),
        ("amara", Scopes::all())
    );

    let mut theirs = staff;
    theirs["iss"] = json!("partner");
    assert_eq!(
        verify(&authenticator, &signed(&theirs, Pair::P256)).await,
        Err(Reason::WrongAudience)
    );
    theirs["aud"] = json!("kundig-partners");
    let identity = verify(&authenticator, &signed(&theirs, Pair::P256))
        .await
        .unwrap();
    assert_eq!(
        (&*identity.subject, identity.scopes),
        ("partner|amara", Scopes::default())
    );
    assert_eq!(
        verify(&authenticator, &signed(&theirs, Pair::Rsa1)).await,
        Err(Reason::WrongAlgorithm)
    );
    assert_eq!(
        verify(&authenticator, &signed(&claims(), Pair::P256)).await,
        Err(Reason::WrongAlgorithm)
    );
}

#[tokio::test]
async fn a_secret_verifies_algorithms_whose_hash_is_not_longer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    for (length, accepted) in [(32, 1), (47, 1), (48, 2), (63, 2), (64, 3), (200, 3)] {
        let secret = vec![b'k'; length];
        // Editors end a file with a line break.
        std::fs::write(&file, [&secret[..], b"\n"].concat()).unwrap();
        let authenticator = authenticator(vec![settings(KeySettings::Secret(file.clone()))]);
        let algorithms = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        for (place, algorithm) in algorithms.into_iter().enumerate() {
            let token = jsonwebtoken::encode(
                &header(algorithm),
                &claims(),
                &EncodingKey::from_secret(&secret),
            )
            .unwrap();
            let expected = (place >= accepted).then_some(Reason::WrongAlgorithm);
            assert_eq!(
                verify(&authenticator, &token).await.err(),
                expected,
                "{length} {algorithm:?}"
            );
        }
        let wrong = EncodingKey::from_secret(&[&secret[..], b"\n"].concat());
        let token = jsonwebtoken::encode(&header(Algorithm::HS256), &claims(), &wrong).unwrap();
        assert_eq!(
            verify(&authenticator, &token).await,
            Err(Reason::WrongSignature)
        );
    }
}

#[tokio::test]
async fn what_is_no_token_or_too_large_for_one_is_refused() {
    let authenticator = authenticator(vec![settings(keys_of(&[Pair::Ed25519]))]);
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30.",
        "e30.W10.e30",
        "bnVsbA.e30.e30",
        "a.b.c.d.e",
        "ä.ö.ü",
    ] {
        assert_eq!(
            verify(&authenticator, text).await,
            Err(Reason::Malformed),
            "{text}"
        );
    }
    let filled = |length| {
        let claims = claims_with("filler", json!("x".repeat(length)));
        signed(&claims, Pair::Ed25519)
    };
    assert!(verify(&authenticator, &filled(10_000)).await.is_ok());
    assert_eq!(
        verify(&authenticator, &filled(13_000)).await,
        Err(Reason::TooLarge)
    );
}
