//! Issuers of tokens.

use std::collections::BTreeMap;

use jsonwebtoken::Algorithm;

use super::*;
use crate::auth::{ClaimPath, Scope, ScopeRules};

fn issuers(file: &str) -> Vec<IssuerSettings> {
    let config = load(&Flags::default(), &[], Some(file));
    config
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .auth
        .issuers
}

#[test]
fn without_an_issuer_there_is_none_and_nobody_reads_without_a_token() {
    let auth = load(&Flags::default(), &[], None).unwrap().auth;
    assert!(auth.issuers.is_empty());
    assert!(!auth.anonymous_read);
    assert_eq!(auth.data_dir, Path::new("kundig-data"));
}

#[test]
fn an_issuer_is_described_by_two_variables() {
    let variables = [
        ("KUNDIG_ISSUER", "https://login.example.com/realms/company/"),
        ("KUNDIG_AUDIENCE", "kundig, kundig-portal"),
    ];
    let auth = load(&Flags::default(), &variables, None).unwrap().auth;
    let [issuer] = auth.issuers.as_slice() else {
        panic!("{auth:?}");
    };
    assert_eq!(issuer.issuer, "https://login.example.com/realms/company/");
    assert_eq!(issuer.audiences, ["kundig", "kundig-portal"]);
    let description = "https://login.example.com/realms/company/.well-known/openid-configuration";
    assert_eq!(
        issuer.keys,
        KeySettings::Discovery(description.parse().unwrap())
    );
}

#[test]
fn an_issuer_of_the_file_has_all_its_settings() {
    let file = r#"
        [[issuers]]
        issuer = "https://login.example.com"
        audience = ["kundig"]
        jwks_url = "https://keys.example.com/jwks"
        algorithms = ["RS256", "ES256"]
        require_at_jwt = true
        scope_claims = ["realm_access.roles", ["https://kundig.example/roles"]]
        subject_prefix = "partner|"
        [issuers.scopes]
        "kundig-admins" = ["admin"]
        "desk" = ["requests:work", "insight:read"]
    "#;
    let expected = IssuerSettings {
        issuer: "https://login.example.com".to_owned(),
        audiences: vec!["kundig".to_owned()],
        keys: KeySettings::Jwks("https://keys.example.com/jwks".parse().unwrap()),
        algorithms: Some(vec![Algorithm::RS256, Algorithm::ES256]),
        require_at_jwt: true,
        subject_prefix: "partner|".to_owned(),
        scopes: ScopeRules {
            claims: vec![
                ClaimPath::new(vec!["realm_access".to_owned(), "roles".to_owned()]).unwrap(),
                ClaimPath::new(vec!["https://kundig.example/roles".to_owned()]).unwrap(),
            ],
            words: BTreeMap::from([
                ("kundig-admins".to_owned(), vec![Scope::Admin]),
                (
                    "desk".to_owned(),
                    vec![Scope::RequestsWork, Scope::InsightRead],
                ),
            ]),
        },
    };
    assert_eq!(issuers(file), [expected]);
}

#[test]
fn several_issuers_stand_side_by_side_and_their_files_beside_the_settings() {
    let file = r#"
        [[issuers]]
        issuer = "robots"
        audience = "kundig"
        keys = ["keys/a.pem", "/etc/keys/b.json"]
        subject_prefix = "robots|"
        [[issuers]]
        issuer = "scripts"
        audience = "kundig"
        secret_file = "secret"
        subject_prefix = "scripts|"
        [[issuers]]
        issuer = "https://login.example.com"
        audience = "kundig"
        subject_prefix = "company|"
    "#;
    let issuers = issuers(file);
    assert_eq!(issuers.len(), 3);
    let KeySettings::Files(files) = &issuers[0].keys else {
        panic!("{issuers:?}");
    };
    assert!(
        files[0].is_absolute() && files[0].ends_with("keys/a.pem"),
        "{files:?}"
    );
    assert_eq!(files[1], Path::new("/etc/keys/b.json"));
    let KeySettings::Secret(secret) = &issuers[1].keys else {
        panic!("{issuers:?}");
    };
    assert!(
        secret.is_absolute() && secret.ends_with("secret"),
        "{secret:?}"
    );
    assert!(matches!(issuers[2].keys, KeySettings::Discovery(_)));
}

#[test]
fn issuers_whose_subjects_could_be_confused_are_refused() {
    let two = |[one, other]: [&str; 2]| {
        format!(
            "[[issuers]]\nissuer = \"robots\"\naudience = \"a\"\nsecret_file = \"a\"\nsubject_prefix = \"{one}\"\n\
             [[issuers]]\nissuer = \"scripts\"\naudience = \"a\"\nsecret_file = \"b\"\nsubject_prefix = \"{other}\"\n"
        )
    };
    for prefixes in [
        ["", ""],
        ["", "b|"],
        ["a|", ""],
        ["a|", "a|"],
        ["a|", "a|b|"],
    ] {
        let message = problem(&Flags::default(), &[], Some(&two(prefixes)));
        for words in ["\"robots\"", "\"scripts\"", "subject_prefix"] {
            assert!(message.contains(words), "{message}");
        }
    }
    for prefixes in [["a|", "b|"], ["a|", "ab|"]] {
        assert_eq!(issuers(&two(prefixes)).len(), 2);
    }
    let simple = "issuer = \"https://login.example.com\"\naudience = \"a\"\n";
    let table = "[[issuers]]\nissuer = \"robots\"\naudience = \"a\"\nsecret_file = \"a\"\nsubject_prefix = \"a|\"\n";
    let message = problem(&Flags::default(), &[], Some(&format!("{simple}{table}")));
    assert!(message.contains("[[issuers]] table"), "{message}");
}

#[test]
fn an_issuer_that_is_incomplete_or_unsafe_is_refused_with_the_reason() {
    let table = |rest: &str| format!("[[issuers]]\nissuer = \"https://login.example.com\"\n{rest}");
    for (file, words) in [
        (table(""), "missing field `audience`"),
        (table("audience = \"\""), "the audience is empty"),
        (table("audience = []"), "the audience is empty"),
        (table("audience = 7"), "text or a list of texts"),
        (
            table("audience = \"a\"\nkey = [\"a.pem\"]"),
            "unknown field `key`",
        ),
        (table("audience = \"a\"\nkeys = []"), "keys is empty"),
        (
            table("audience = \"a\"\nkeys = [\"a\"]\nsecret_file = \"b\""),
            "one says where its keys are",
        ),
        (
            table("audience = \"a\"\njwks_url = \"http://login.example.com\""),
            "has to be https",
        ),
        (
            table("audience = \"a\"\nalgorithms = [\"none\"]"),
            "\"none\" is no algorithm",
        ),
        (
            table("audience = \"a\"\nalgorithms = []"),
            "algorithms is empty",
        ),
        (
            table("audience = \"a\"\nalgorithms = [\"RS256\", \"HS256\"]"),
            "HS256 is for a secret",
        ),
        (
            table("audience = \"a\"\nsecret_file = \"b\"\nalgorithms = [\"RS256\"]"),
            "RS256 is for public keys",
        ),
        (
            table("audience = \"a\"\nscope_claims = [\"a..b\"]"),
            "empty name",
        ),
        (
            table("audience = \"a\"\nscope_claims = [\"roles\"]"),
            "in [issuers.scopes] what their words mean",
        ),
        (
            table("audience = \"a\"\nscopes = { staff = [\"catalog:wirte\"] }"),
            "scopes.\"staff\": \"catalog:wirte\" is no scope",
        ),
        (
            "[[issuers]]\nissuer = \"\"\naudience = \"a\"\nsecret_file = \"b\"".to_owned(),
            "the name is empty",
        ),
        (
            "[[issuers]]\nissuer = \"robots\"\naudience = \"a\"".to_owned(),
            "name its keys by jwks_url, keys or secret_file",
        ),
        (
            "[[issuers]]\nissuer = \"https://a.example/?x\"\naudience = \"a\"".to_owned(),
            "a query or a fragment",
        ),
        ("issuers = 1".to_owned(), "invalid type"),
        (
            format!(
                "{}\n{}",
                table("audience = \"a\""),
                table("audience = \"b\"")
            ),
            "two issuers named",
        ),
    ] {
        let message = problem(&Flags::default(), &[], Some(&file));
        assert!(message.contains(words), "{message}\n{file}");
    }
}

#[test]
fn the_settings_of_the_simple_case_come_together() {
    let issuer = ("KUNDIG_ISSUER", "https://login.example.com");
    for (variables, words) in [
        (
            vec![issuer],
            "KUNDIG_ISSUER (environment): an issuer needs its audience",
        ),
        (
            vec![("KUNDIG_AUDIENCE", "kundig")],
            "KUNDIG_AUDIENCE (environment): there is no issuer",
        ),
        (
            vec![("KUNDIG_JWKS_URL", "https://a.example")],
            "KUNDIG_JWKS_URL (environment): there is no issuer",
        ),
        (
            vec![issuer, ("KUNDIG_AUDIENCE", " , ")],
            "KUNDIG_AUDIENCE (environment): the audience is empty",
        ),
        (
            vec![("KUNDIG_ISSUER", "robots"), ("KUNDIG_AUDIENCE", "kundig")],
            "KUNDIG_ISSUER (environment): \"robots\" is no address",
        ),
        (
            vec![
                issuer,
                ("KUNDIG_AUDIENCE", "kundig"),
                ("KUNDIG_JWKS_URL", "x"),
            ],
            "KUNDIG_JWKS_URL (environment): \"x\" is no address",
        ),
    ] {
        let message = problem(&Flags::default(), &variables, None);
        assert!(message.contains(words), "{message}");
    }
}
