//! Tokens, where they come from and what becomes of bad ones.

use std::path::Path;

use jsonwebtoken::Algorithm;
use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, SigningKey, Token, block_on, kundig, tokens};
use serde_json::json;

const ISSUER: &str = "https://login.example.com";

/// A server that accepts tokens of two issuers, and a key of each.
async fn server_with_issuers(database: &Database) -> (Server, [SigningKey; 2]) {
    let keys = [SigningKey::Rsa(1), SigningKey::P256];
    let files = keys.each_ref().map(SigningKey::public_key_file);
    let config = format!(
        "[[issuers]]
         issuer = \"{ISSUER}\"
         audience = \"kundig\"
         keys = [\"{}\"]
         subject_prefix = \"company|\"
         [issuers.scopes]
         editors = [\"catalog:write\"]
         [[issuers]]
         issuer = \"pipeline\"
         audience = \"kundig\"
         keys = [\"{}\"]
         subject_prefix = \"pipeline|\"",
        files[0].display(),
        files[1].display()
    );
    let settings = Settings::new(database)
        .arg("--config")
        .arg(tokens::config_file(&config));
    (settings.start().await, keys)
}

#[test]
fn tokens_of_several_issuers_are_accepted_and_their_subjects_are_in_the_feed() {
    block_on(async {
        let database = Database::sqlite();
        let (server, [rsa, p256]) = server_with_issuers(&database).await;
        let admin = [Scope::Admin];
        for (issuer, key, slug, actor) in [
            (ISSUER, &rsa, "from-a-person", "company|amara"),
            ("pipeline", &p256, "from-a-pipeline", "pipeline|amara"),
        ] {
            let token = Token::new(issuer, "kundig", "amara", &admin).sign(key);
            let created = server
                .query("mutation ($slug: String!) { createService(input: {name: $slug}) { userErrors { message } } }")
                .variables(json!({ "slug": slug }))
                .token(&token)
                .send()
                .await;
            created.expect_payload();
            let changes = server
                .query("{ changes(first: 10) { nodes { actor } } }")
                .token(token)
                .send()
                .await;
            let nodes = changes.expect_data()["changes"]["nodes"].as_array();
            let last = nodes.and_then(|nodes| nodes.last());
            assert_eq!(last, Some(&json!({ "actor": actor })));
        }
    });
}

#[test]
fn bad_tokens_are_refused_counted_and_never_logged() {
    block_on(async {
        let database = Database::sqlite();
        let (server, [rsa, p256]) = server_with_issuers(&database).await;
        let token = || Token::new(ISSUER, "kundig", "amara", &[Scope::Admin]);
        let public_key = std::fs::read(rsa.public_key_file()).unwrap_or_default();
        let bad = [
            ("expired", token().claim("exp", 1).sign(&rsa)),
            (
                "not_yet_valid",
                token().claim("nbf", 4_000_000_000_u64).sign(&rsa),
            ),
            ("wrong_audience", token().claim("aud", "portal").sign(&rsa)),
            ("unknown_issuer", token().claim("iss", "nobody").sign(&rsa)),
            ("wrong_claim", token().without("sub").sign(&rsa)),
            ("wrong_signature", token().sign(&SigningKey::Rsa(2))),
            (
                "wrong_algorithm",
                token().sign_with(&SigningKey::Secret(public_key), Algorithm::HS256),
            ),
            ("wrong_type", token().typ(Some("id+jwt")).sign(&rsa)),
            ("malformed", "not.a.token".to_owned()),
        ];
        for (reason, token) in &bad {
            let answer = server.query("{ __typename }").token(token).send().await;
            assert_eq!(answer.status(), 401, "{reason}");
            answer.expect_error_code("UNAUTHENTICATED");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(
                challenge.starts_with("Bearer ") && challenge.contains("invalid_token"),
                "{challenge}"
            );
        }
        let theirs = Token::new("pipeline", "kundig", "amara", &[Scope::Admin]).sign(&rsa);
        let answer = server.query("{ __typename }").token(&theirs).send().await;
        assert_eq!(answer.status(), 401);
        let good = Token::new("pipeline", "kundig", "amara", &[Scope::Admin]).sign(&p256);
        let answer = server.query("{ __typename }").token(&good).send().await;
        assert_eq!(answer.status(), 200);

        let metrics = server
            .get("/metrics")
            .await
            .text()
            .await
            .unwrap_or_default();
        for (reason, _) in &bad {
            let count = if *reason == "wrong_algorithm" { 2 } else { 1 };
            let line =
                format!("kundig_authentication_failures_total{{reason=\"{reason}\"}} {count}");
            assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
        }
        let logs = server.logs().join("\n");
        assert!(
            logs.contains("authentication failed") && logs.contains(ISSUER),
            "{logs}"
        );
        let failures = logs
            .lines()
            .filter(|line| line.contains("authentication failed"));
        for line in failures {
            assert!(line.contains("127.0.0.1"), "whose was it? {line}");
        }
        for (_, token) in &bad {
            for part in token.split('.').filter(|part| part.len() > 10) {
                assert!(
                    !logs.contains(part),
                    "a part of a token is in the logs: {part}"
                );
            }
        }
    });
}

#[test]
fn a_token_of_the_command_line_allows_a_first_mutation() {
    block_on(async {
        let database = Database::sqlite();
        let server = Server::start(&database).await;
        let output = kundig()
            .args([
                "token",
                "--scope",
                "catalog:write",
                "--subject",
                "amara",
                "--data-dir",
            ])
            .arg(tokens::data_dir())
            .output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        let token = String::from_utf8_lossy(&output.stdout);
        let answer = server
            .query("mutation { createService(input: {name: \"First\"}) { service { slug } userErrors { message } } }")
            .token(token.trim_end())
            .send()
            .await;
        assert_eq!(answer.expect_payload()["service"]["slug"], "first");
    });
}

#[test]
fn whoever_gets_a_token_of_a_new_key_is_warned() {
    let folder = tempfile::tempdir().expect("the sandbox can be written to");
    let data_dir = folder.path().join("data");
    let warning = || {
        let output = kundig()
            .args(["token", "--scope", "admin", "--data-dir"])
            .arg(&data_dir)
            .output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let (first, second) = (warning(), warning());
    let file = data_dir.join("local-key.json").display().to_string();
    assert!(
        first.contains("warning") && first.contains(&file),
        "{first}"
    );
    assert_eq!(second, "", "the key is there");
}

#[test]
fn a_token_that_nobody_would_accept_is_not_made() {
    let refused = |arguments: &[&str]| {
        let output = kundig().arg("token").args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["--scope", "catalog:wirte"]).contains("catalog:write"));
    assert!(refused(&[]).contains("--scope"));
    assert!(refused(&["--scope", "admin", "--expires-in", "soon"]).contains("8h"));
    assert!(refused(&["--scope", "admin", "--expires-in", "9000h"]).contains("a year"));
    assert!(refused(&["--scope", "admin", "--subject", ""]).contains("255"));
    let issuer = [
        "--scope",
        "admin",
        "--issuer",
        ISSUER,
        "--audience",
        "kundig",
    ];
    assert!(refused(&issuer).contains("an issuer is configured"));
}

#[test]
fn a_server_does_not_start_with_a_key_that_is_none() {
    let config = |keys: &Path| {
        tokens::config_file(&format!(
            "[[issuers]]\nissuer = \"{ISSUER}\"\naudience = \"kundig\"\nsecret_file = \"{}\"",
            keys.display()
        ))
    };
    let output = kundig()
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(config(&SigningKey::Rsa(1).public_key_file()))
        .output();
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("rsa-1.pem: it holds a public key, which is no secret"),
        "{said}"
    );
}
