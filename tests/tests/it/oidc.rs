//! Tokens of a real identity provider: what they allow, and what becomes of requests while its keys are rotated and while it is
//! down. SQLite is enough for that: the database holds neither keys nor tokens.

use std::cell::Cell;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kundig::auth::Scope;
use kundig_tests::{
    Answer, Database, IdentityProvider, Server, Settings, SigningKey, Token, block_on,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::eventually;

const READ: &str = "{ services { totalCount } }";
const WRITE: &str = "mutation { createService(input: {name: \"Payroll\"}) { service { slug } userErrors { message } } }";
/// How many tokens a test uses where it takes several.
const SEVERAL: usize = 4;

/// A server that knows of the provider what the README says is enough.
fn server_of(provider: &IdentityProvider, database: &Database) -> Settings {
    Settings::new(database)
        .arg("--issuer")
        .arg(provider.issuer())
        .arg("--audience")
        .arg("kundig")
}

/// Tokens to read with that no server has seen yet.
async fn new_tokens(provider: &IdentityProvider) -> Vec<String> {
    let mut tokens = Vec::new();
    for _ in 0..SEVERAL {
        tokens.push(provider.token(&[Scope::CatalogRead]).await);
    }
    tokens
}

/// A token that names a key which the provider does not have.
fn invented(provider: &IdentityProvider, key: &str) -> String {
    Token::new(provider.issuer(), "kundig", "portal", &[Scope::Admin])
        .kid(key)
        .sign(&SigningKey::Ed25519)
}

/// Header (0) or claims (1) of a token.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap_or_default();
    let json = URL_SAFE_NO_PAD.decode(part).expect("it is Base64");
    serde_json::from_slice(&json).expect("it is JSON")
}

async fn ask(server: &Server, token: &str) -> Answer {
    server.query(READ).token(token).send().await
}

async fn expect_accepted(server: &Server, tokens: &[String]) {
    for token in tokens {
        ask(server, token).await.expect_data();
    }
}

async fn expect_refused(server: &Server, token: &str) {
    let answer = ask(server, token).await;
    answer.expect_error_code("UNAUTHENTICATED");
    assert_eq!(answer.status(), 401);
}

/// Sends one request after the other with these tokens, all of which have to be accepted, while something happens that takes
/// at least as long as a request with each of them.
async fn while_asking<T>(
    server: &Server,
    tokens: &[String],
    meanwhile: impl Future<Output = T>,
) -> T {
    let is_over = Cell::new(false);
    let meanwhile = async {
        let result = meanwhile.await;
        is_over.set(true);
        result
    };
    let asking = async {
        let mut answered = 0;
        for token in tokens.iter().cycle() {
            ask(server, token).await.expect_data();
            if is_over.get() {
                break;
            }
            answered += 1;
        }
        answered
    };
    let (result, answered) = tokio::join!(meanwhile, asking);
    assert!(
        answered >= tokens.len(),
        "only {answered} requests were answered meanwhile"
    );
    result
}

#[test]
fn client_credentials_allow_what_their_scope_says() {
    block_on(async {
        let (database, provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;

        let reader = provider.token(&[Scope::CatalogRead]).await;
        ask(&server, &reader).await.expect_data();
        let viewer = server
            .query("{ viewer { subject scopes } }")
            .token(&reader)
            .send()
            .await;
        assert_eq!(
            viewer.expect_data()["viewer"],
            json!({ "subject": "portal", "scopes": ["catalog:read"] })
        );
        let refused = server.query(WRITE).token(&reader).send().await;
        refused.expect_error_code("FORBIDDEN");

        let writer = provider.token(&[Scope::CatalogWrite]).await;
        let created = server.query(WRITE).token(&writer).send().await;
        assert_eq!(created.expect_payload()["service"]["slug"], "payroll");
        let changes = server
            .query("{ changes(first: 10) { nodes { type actor clientId tokenId } } }")
            .token(provider.token(&[Scope::Admin]).await)
            .send()
            .await;
        assert_eq!(
            changes.expect_data()["changes"]["nodes"],
            json!([{
                "type": "Service",
                "actor": "portal",
                "clientId": "portal",
                "tokenId": part(&writer, 1)["jti"],
            }])
        );
    });
}

#[test]
fn tokens_of_the_provider_that_are_for_another_api_are_refused() {
    block_on(async {
        let (database, provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;
        let scopes = [Scope::Admin];
        let for_warehouse = provider.token_for(Some("urn:warehouse"), &scopes).await;
        let for_none = provider.token_for(None, &scopes).await;
        for (token, reason) in [(for_warehouse, "wrong_audience"), (for_none, "malformed")] {
            expect_refused(&server, &token).await;
            let series = format!("kundig_authentication_failures_total{{reason=\"{reason}\"}}");
            assert_eq!(server.metrics().await.get(&series), Some(1.0), "{reason}");
        }
    });
}

#[test]
fn while_keys_are_rotated_no_good_token_is_refused() {
    block_on(async {
        let (database, provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;

        let old = new_tokens(&provider).await;
        let new = while_asking(&server, &old, async {
            provider.rotate().await;
            let new = new_tokens(&provider).await;
            assert_ne!(part(&old[0], 0)["kid"], part(&new[0], 0)["kid"]);
            expect_accepted(&server, &new).await;
            new
        })
        .await;
        // The provider still publishes the old key.
        expect_accepted(&server, &old).await;

        let newest = while_asking(&server, &new, async {
            provider.retire().await;
            provider.rotate().await;
            let newest = new_tokens(&provider).await;
            expect_accepted(&server, &newest).await;
            newest
        })
        .await;
        for token in &old {
            expect_refused(&server, token).await;
        }
        expect_accepted(&server, &new).await;
        expect_accepted(&server, &newest).await;
    });
}

#[test]
fn while_the_provider_is_down_requests_go_on() {
    block_on(async {
        let (database, mut provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;
        let known = new_tokens(&provider).await;
        let unseen = new_tokens(&provider).await;
        while_asking(&server, &known, async {
            provider.kill();
            let answer = ask(&server, &invented(&provider, "invented")).await;
            answer.expect_error_code("UNAVAILABLE");
            assert_eq!(answer.status(), 503);
            expect_accepted(&server, &unseen).await;
            provider.start_again().await;
            expect_accepted(&server, &new_tokens(&provider).await).await;
        })
        .await;
    });
}

#[test]
fn a_provider_that_does_not_answer_holds_up_only_who_needs_it() {
    block_on(async {
        let (database, mut provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;
        let known = new_tokens(&provider).await;
        expect_accepted(&server, &known[..1]).await;
        provider.hang();
        let token = invented(&provider, "invented");
        let answer = while_asking(&server, &known, ask(&server, &token)).await;
        assert_eq!(answer.status(), 503);
        provider.kill();
    });
}

#[test]
fn a_server_that_starts_while_the_provider_is_down_finds_its_keys_by_itself_later() {
    block_on(async {
        let (database, mut provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;
        let tokens = new_tokens(&provider).await;
        expect_accepted(&server, &tokens).await;

        provider.kill();
        let server = server.kill().start().await;
        let answer = ask(&server, &tokens[0]).await;
        answer.expect_error_code("UNAVAILABLE");
        assert_eq!(answer.status(), 503);
        assert!(answer.header("retry-after").is_some(), "{answer}");

        provider.start_again().await;
        eventually("the provider is asked for its keys", async || {
            (provider.asked().await > 0).then_some(())
        })
        .await;
        expect_accepted(&server, &tokens).await;
    });
}

#[test]
fn invented_keys_cost_the_provider_a_few_questions_and_harm_nobody() {
    // What the server may ask about unknown keys at once, and after how many seconds once more; each time for the
    // description and for the keys.
    let (burst, restore, requests) = (3, 10, 2);
    block_on(async {
        let (database, provider) = (Database::sqlite(), IdentityProvider::start().await);
        let server = server_of(&provider, &database).start().await;
        let tokens = new_tokens(&provider).await;
        expect_accepted(&server, &tokens[..1]).await;

        let asked = provider.asked().await;
        let start = Instant::now();
        while_asking(&server, &tokens, async {
            for wave in 0..10 {
                let mut requests = JoinSet::new();
                for number in 0..10 {
                    let token = invented(&provider, &format!("invented-{wave}-{number}"));
                    requests.spawn(server.query(READ).token(token).send());
                }
                for answer in requests.join_all().await {
                    answer.expect_error_code("UNAUTHENTICATED");
                }
            }
        })
        .await;
        let asked = provider.asked().await - asked;
        let allowed = requests * (burst + start.elapsed().as_secs() / restore);
        assert!(
            (requests..=allowed).contains(&asked),
            "the provider was asked {asked} times"
        );
        expect_accepted(&server, &new_tokens(&provider).await).await;
    });
}
