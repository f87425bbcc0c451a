//! Keys of an identity provider: loaded, rotated, gone, down and up again.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinSet};
use url::Url;

use super::*;
use crate::auth::{
    parse_key_address,
    provider::{KeyAddress, Pace, Provider},
};

/// An identity provider on loopback.
struct Idp {
    address: String,
    state: Arc<IdpState>,
}

struct IdpState {
    address: String,
    /// What its description says about its own name, where that is not the truth.
    alias: Mutex<Option<String>>,
    keys: Mutex<Value>,
    max_age: Mutex<Option<u64>>,
    is_down: AtomicBool,
    asked: AtomicUsize,
}

impl Idp {
    async fn start(pairs: &[Pair]) -> Self {
        crate::shared::tls::choose_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(IdpState {
            address: address.clone(),
            alias: Mutex::default(),
            keys: Mutex::default(),
            max_age: Mutex::default(),
            is_down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(publish))
            .route("/moved", get(async || Redirect::temporary("/keys")))
            .route(
                "/away",
                get(async || Redirect::temporary("http://localhost:1/keys")),
            )
            .route("/endless", get(async || "x".repeat(300 * 1024)))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let idp = Self { address, state };
        idp.rotate(pairs);
        idp
    }

    /// From now on these are its keys.
    fn rotate(&self, pairs: &[Pair]) {
        let keys: Vec<Value> = pairs.iter().map(|pair| pair.jwk()).collect();
        *self.state.keys.lock().unwrap() = json!({ "keys": keys });
    }

    /// From now on these are its keys, and none of them has a name.
    fn rotate_without_ids(&self, pairs: &[Pair]) {
        let nameless = |pair: &Pair| {
            let mut jwk = pair.jwk();
            jwk.as_object_mut().unwrap().remove("kid");
            jwk
        };
        let keys: Vec<Value> = pairs.iter().map(nameless).collect();
        *self.state.keys.lock().unwrap() = json!({ "keys": keys });
    }

    fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How often its keys were asked for.
    fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.address).parse().unwrap()
    }

    fn settings(&self) -> IssuerSettings {
        IssuerSettings {
            issuer: self.address.clone(),
            ..settings(KeySettings::Discovery(
                self.url("/.well-known/openid-configuration"),
            ))
        }
    }

    fn provider(&self, address: KeyAddress, pace: Pace) -> Arc<Provider> {
        Arc::new(Provider::new(self.address.as_str().into(), address, None, pace).unwrap())
    }

    fn known(&self, pace: Pace) -> Arc<Provider> {
        self.provider(KeyAddress::Known(self.url("/keys")), pace)
    }

    /// A token that it issues.
    fn token(&self, pair: Pair) -> String {
        signed_with_id(&claims_with("iss", json!(self.address)), pair, pair.name())
    }
}

async fn describe(State(state): State<Arc<IdpState>>) -> Response {
    if state.is_down.load(Ordering::SeqCst) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let alias = state.alias.lock().unwrap().clone();
    let issuer = alias.unwrap_or_else(|| state.address.clone());
    Json(json!({ "issuer": issuer, "jwks_uri": format!("{}/keys", state.address) })).into_response()
}

async fn publish(State(state): State<Arc<IdpState>>) -> Response {
    state.asked.fetch_add(1, Ordering::SeqCst);
    // Long enough for others to come meanwhile.
    tokio::time::sleep(Duration::from_millis(20)).await;
    if state.is_down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut headers = HeaderMap::new();
    if let Some(seconds) = *state.max_age.lock().unwrap() {
        let value = format!("public, max-age={seconds}, must-revalidate");
        headers.insert(header::CACHE_CONTROL, value.parse().unwrap());
    }
    (headers, Json(state.keys.lock().unwrap().clone())).into_response()
}

/// A pace at which nothing happens by itself while a test runs.
fn slow() -> Pace {
    Pace {
        retry: Duration::from_mins(1),
        restore: Duration::from_mins(1),
        ..Pace::default()
    }
}

/// How long something may take that has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that happens in the background.
async fn eventually(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn keys_are_found_by_discovery_and_asked_for_once_by_any_number_of_requests() {
    let idp = Idp::start(&[Pair::P256]).await;
    let authenticator = Arc::new(authenticator(vec![idp.settings()]));
    let token = idp.token(Pair::P256);
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (authenticator, token) = (Arc::clone(&authenticator), token.clone());
        requests.spawn(async move { verify(&authenticator, &token).await });
    }
    for result in requests.join_all().await {
        assert_eq!(&*result.unwrap().subject, "amara");
    }
    assert_eq!(idp.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_fetched_when_the_first_token_names_it_and_a_key_that_vanished_is_good_no_more()
 {
    let idp = Idp::start(&[Pair::Rsa1]).await;
    let authenticator = authenticator(vec![idp.settings()]);
    let (old, new) = (idp.token(Pair::Rsa1), idp.token(Pair::P256));
    assert!(verify(&authenticator, &old).await.is_ok());

    idp.rotate(&[Pair::Rsa1, Pair::P256]);
    assert!(verify(&authenticator, &new).await.is_ok());
    assert!(verify(&authenticator, &old).await.is_ok());
    assert_eq!(idp.asked(), 2);

    idp.rotate(&[Pair::P256, Pair::Ed25519]);
    assert!(
        verify(&authenticator, &idp.token(Pair::Ed25519))
            .await
            .is_ok()
    );
    // It was verified before; what is remembered ends with the keys that it was verified with.
    assert_eq!(verify(&authenticator, &old).await, Err(Reason::UnknownKey));
    assert!(verify(&authenticator, &new).await.is_ok());
}

#[tokio::test]
async fn invented_key_ids_do_not_keep_the_provider_busy_and_harm_nobody() {
    let idp = Idp::start(&[Pair::P256]).await;
    let authenticator = authenticator(vec![idp.settings()]);
    assert!(verify(&authenticator, &idp.token(Pair::P256)).await.is_ok());
    let claims = claims_with("iss", json!(idp.address));
    for number in 0..40 {
        let token = signed_with_id(&claims, Pair::P256, &format!("invented-{number}"));
        assert_eq!(
            verify(&authenticator, &token).await,
            Err(Reason::UnknownKey)
        );
    }
    // Three at once, the first of which was the one that loaded the keys.
    assert_eq!(idp.asked(), 3);
    assert!(verify(&authenticator, &idp.token(Pair::P256)).await.is_ok());
}

#[tokio::test]
async fn keys_without_ids_are_followed_when_they_are_rotated_and_forgers_do_not_keep_the_provider_busy()
 {
    let idp = Idp::start(&[]).await;
    idp.rotate_without_ids(&[Pair::Rsa1]);
    let authenticator = authenticator(vec![idp.settings()]);
    let claims = claims_with("iss", json!(idp.address));
    // A token that names a key is no better off where the keys have no names.
    let [old, new] = [
        signed(&claims, Pair::Rsa1),
        signed_with_id(&claims, Pair::Rsa2, "rsa-2"),
    ];
    assert!(verify(&authenticator, &old).await.is_ok());
    idp.rotate_without_ids(&[Pair::Rsa2]);
    assert!(verify(&authenticator, &new).await.is_ok());
    assert_eq!(idp.asked(), 2);
    assert_eq!(
        verify(&authenticator, &old).await,
        Err(Reason::WrongSignature)
    );
    for _ in 0..20 {
        let forged = verify(&authenticator, &signed(&claims, Pair::P256)).await;
        assert_eq!(forged, Err(Reason::WrongAlgorithm));
    }
    assert_eq!(idp.asked(), 3, "as often as about key ids");
    assert!(verify(&authenticator, &new).await.is_ok());
}

#[tokio::test]
async fn where_the_key_id_tells_the_key_a_wrong_signature_is_wrong() {
    let idp = Idp::start(&[Pair::Rsa1]).await;
    let authenticator = authenticator(vec![idp.settings()]);
    let claims = claims_with("iss", json!(idp.address));
    let forged = signed_with_id(&claims, Pair::Rsa2, "rsa-1");
    assert_eq!(
        verify(&authenticator, &forged).await,
        Err(Reason::WrongSignature)
    );
    assert_eq!(idp.asked(), 1, "only for the keys themselves");
}

#[tokio::test]
async fn after_a_while_the_provider_may_be_asked_about_an_unknown_key_again() {
    let idp = Idp::start(&[Pair::P256]).await;
    let once = Pace { burst: 1, ..slow() };
    let provider = idp.known(once);
    for _ in 0..5 {
        provider.keys_named(Some("rsa-1")).await.map(drop).unwrap();
    }
    assert_eq!(idp.asked(), 1);

    let restore = Duration::from_millis(10);
    let provider = idp.known(Pace { restore, ..once });
    provider.keys_named(Some("rsa-1")).await.map(drop).unwrap();
    idp.rotate(&[Pair::Rsa1]);
    let start = Instant::now();
    loop {
        let published = provider.keys_named(Some("rsa-1")).await.ok().unwrap();
        if published.keys.named(Some("rsa-1")).count() == 1 {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "it is never asked again");
        tokio::time::sleep(restore).await;
    }
}

#[tokio::test]
async fn secrets_and_tokens_of_the_wrong_kind_are_refused_without_asking_anybody() {
    let idp = Idp::start(&[Pair::P256]).await;
    let authenticator = authenticator(vec![idp.settings()]);
    let claims = claims_with("iss", json!(idp.address));
    let key = EncodingKey::from_secret(SECRET);
    let hmac = jsonwebtoken::encode(&header(Algorithm::HS256), &claims, &key).unwrap();
    assert_eq!(
        verify(&authenticator, &hmac).await,
        Err(Reason::WrongAlgorithm)
    );
    let none = forged(&json!({ "alg": "none" }), &claims, &key, Algorithm::HS256);
    assert_eq!(
        verify(&authenticator, &none).await,
        Err(Reason::WrongAlgorithm)
    );
    assert_eq!(idp.asked(), 0);
}

#[tokio::test]
async fn while_the_provider_is_down_known_keys_are_good_and_others_cannot_be_checked() {
    let idp = Idp::start(&[Pair::Rsa1]).await;
    let provider = idp.known(Pace {
        retry: Duration::from_millis(10),
        retry_at_most: Duration::from_millis(20),
        fresh: Duration::from_millis(10),
        fresh_at_least: Duration::from_millis(10),
        ..slow()
    });
    idp.set_down(true);
    let refused = provider.keys_named(Some("rsa-1")).await.err();
    assert_eq!(refused, Some(Reason::KeysUnavailable));

    let keeper = tokio::spawn(Arc::clone(&provider).keep_fresh());
    idp.set_down(false);
    eventually(|| provider.generation() == 1).await;

    idp.set_down(true);
    let asked = idp.asked();
    eventually(|| idp.asked() > asked + 2).await;
    assert!(provider.keys_named(Some("rsa-1")).await.is_ok());
    assert_eq!(
        provider.keys_named(Some("p256")).await.err(),
        Some(Reason::KeysUnavailable)
    );

    idp.rotate(&[Pair::P256]);
    idp.set_down(false);
    eventually(|| provider.generation() == 2).await;
    assert!(provider.keys_named(Some("p256")).await.is_ok());
    keeper.abort();
}

#[tokio::test]
async fn keys_are_kept_as_long_as_the_provider_says_within_bounds() {
    let idp = Idp::start(&[Pair::Rsa1]).await;
    *idp.state.max_age.lock().unwrap() = Some(0);
    let provider = idp.known(Pace {
        fresh_at_least: Duration::from_millis(30),
        ..slow()
    });
    let keeper = tokio::spawn(Arc::clone(&provider).keep_fresh());
    eventually(|| idp.asked() >= 3).await;
    assert_eq!(provider.generation(), 1, "the same keys are no new ones");
    *idp.state.max_age.lock().unwrap() = Some(3600);
    // One answer may be on its way that says what held before.
    let most = idp.asked() + 1;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(idp.asked() <= most, "{}", idp.asked());
    keeper.abort();
}

#[tokio::test]
async fn a_description_of_another_issuer_is_not_believed() {
    let idp = Idp::start(&[Pair::P256]).await;
    *idp.state.alias.lock().unwrap() = Some(format!("{}/", idp.address));
    let authenticator = authenticator(vec![idp.settings()]);
    let refused = verify(&authenticator, &idp.token(Pair::P256)).await;
    assert_eq!(refused, Err(Reason::KeysUnavailable));
    assert_eq!(idp.asked(), 0);
}

#[tokio::test]
async fn redirects_stay_with_the_server_and_answers_are_bounded() {
    let idp = Idp::start(&[Pair::P256]).await;
    for (path, is_loaded) in [
        ("/moved", true),
        ("/away", false),
        ("/endless", false),
        ("/nothing", false),
    ] {
        let provider = idp.provider(KeyAddress::Known(idp.url(path)), slow());
        assert_eq!(provider.keys_named(None).await.is_ok(), is_loaded, "{path}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_unavailable_at_once() {
    crate::shared::tls::choose_provider();
    let address = KeyAddress::Known("http://127.0.0.1:1/keys".parse().unwrap());
    let provider = Arc::new(Provider::new("nobody".into(), address, None, slow()).unwrap());
    let refused = provider.keys_named(Some("a")).await.err();
    assert_eq!(refused, Some(Reason::KeysUnavailable));
    assert_eq!(provider.generation(), 0);
}

#[test]
fn keys_come_by_https_or_from_this_machine() {
    for good in [
        "https://login.example.com/keys",
        "http://localhost:8080/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:1/keys",
    ] {
        assert!(parse_key_address(good).is_ok(), "{good}");
    }
    for (bad, why) in [
        ("http://login.example.com/keys", "has to be https"),
        ("http://127.0.0.1.example.com/keys", "has to be https"),
        ("http://10.0.0.1/keys", "has to be https"),
        ("ftp://login.example.com/keys", "not ftp"),
        ("file:///etc/keys", "not file"),
        ("login.example.com", "is no address"),
        (
            "https://user:hunter2@login.example.com/keys",
            "a user name or a password",
        ),
    ] {
        let message = parse_key_address(bad).unwrap_err();
        assert!(message.contains(why), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
