//! A server within this process, which answers thousands of requests a second, and a watch on what goes wrong inside.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use axum::Router;
use kundig::auth::{Authenticator, ScopeRules};
use kundig::changes::tail::Tail;
use kundig::config::{
    AuthSettings, InsightSettings, IssuerSettings, KeySettings, LimitSettings, RateSettings,
    TransportSettings, WebhookSettings,
};
use kundig::exchange::import::Reading;
use kundig::search::engine::Search;
use kundig::server::{self, Backend, Shutdown, ShutdownTrigger, metrics::Metrics};
use kundig::shared::{database::Database, graphql::Currency, write::Author};
use kundig::snapshot::Replica;
use kundig::webhooks::sender::Sender;
use kundig_tests::tokens::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::case::Case;
use crate::oracle::Answer;
use crate::tokens::{AUDIENCE, ISSUERS, Tokens, secret};

thread_local! {
    /// Panics and errors since the last look. Each server runs on its test's own thread.
    static FAULTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A server with the demo catalog and what is known of it.
pub(crate) struct Target {
    router: Router,
    follower: JoinHandle<()>,
    /// What is in its catalog.
    pub(crate) known: Known,
    _trigger: ShutdownTrigger,
    _database: kundig_tests::Database,
    _keys: TempDir,
}

/// What names something on the server.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) ids: Vec<String>,
    pub(crate) slugs: Vec<String>,
    pub(crate) cursors: Vec<String>,
    /// Documents to import.
    pub(crate) sources: Vec<String>,
}

impl Target {
    /// Starts one with the default limits, but for rates and page sizes that would keep it from answering.
    pub(crate) async fn start(tokens: &Tokens) -> Self {
        watch();
        let keys = tempfile::tempdir().expect("a folder can be made");
        let database = kundig_tests::Database::sqlite();
        let metrics = Arc::new(Metrics::default());
        let connected = Database::connect(database.url(), 2, metrics.statement_counts()).await;
        let connected = connected.unwrap_or_else(|error| panic!("{error:#}"));
        let migrated = connected.migrate().await;
        migrated.unwrap_or_else(|error| panic!("{error:#}"));
        let replica = Replica::open(connected).await;
        let replica = replica.unwrap_or_else(|error| panic!("{error:#}"));
        let author = Author::program("the demo");
        let demo = Reading::of_demo().commit(&replica, &author, false).await;
        demo.unwrap_or_else(|error| panic!("{error:#}"));

        let authenticator = Authenticator::open(&auth_settings(&keys));
        let (trigger, shutdown) = Shutdown::manual();
        let backend = Backend {
            replica: replica.clone(),
            authenticator: Arc::new(
                authenticator.unwrap_or_else(|problems| panic!("{problems:?}")),
            ),
            metrics,
            shutdown,
        };
        let tail = Tail::new(replica.clone());
        kundig::shared::tls::choose_provider();
        let webhooks = Sender::new(WebhookSettings::default());
        let webhooks = webhooks.unwrap_or_else(|error| panic!("{error:#}"));
        let search = Search::new(replica.clone());
        let schema = || {
            let (search, tail, webhooks) = (search.clone(), tail.clone(), webhooks.clone());
            kundig::schema::builder(
                search,
                tail,
                webhooks,
                Currency("EUR".into()),
                InsightSettings::default(),
            )
        };
        let router =
            server::router(schema, backend, &TransportSettings::default(), &limits()).await;
        let (follower, indexer) = (replica.clone(), search.clone());
        let mut target = Self {
            router: router.unwrap_or_else(|error| panic!("{error:#}")),
            follower: tokio::spawn(async move {
                tokio::join!(
                    follower.follow(Duration::from_secs(1)),
                    indexer.run(std::future::pending()),
                );
            }),
            known: Known::default(),
            _database: database,
            _trigger: trigger,
            _keys: keys,
        };
        while !replica.is_ready() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        target.learn(tokens.admin()).await;
        target
    }

    /// Asks the server what it has.
    async fn learn(&mut self, token: &str) {
        let lists = [
            "services",
            "people",
            "teams",
            "customers",
            "businessOutcomes",
            "businessCapabilities",
            "serviceOfferings",
        ];
        let lists = lists
            .map(|list| format!("{list}(first: 15) {{ edges {{ cursor node {{ id slug }} }} }}"));
        let query = json!({ "query": format!("{{ {} }}", lists.join(" ")) });
        let case = Case::post(token, query.to_string().into_bytes());
        let answer = self.answer(&case).await.expect("it is a request");
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let lists = answer["data"].as_object();
        let lists = lists.unwrap_or_else(|| panic!("the server does not answer: {answer}"));
        for edge in lists
            .values()
            .filter_map(|list| list["edges"].as_array())
            .flatten()
        {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            self.known.ids.extend(text(&edge["node"]["id"]));
            self.known.slugs.extend(text(&edge["node"]["slug"]));
            self.known.cursors.extend(text(&edge["cursor"]));
        }
        self.known.sources = SOURCES.map(str::to_owned).into();
    }

    /// What the server answers; `None` where HTTP itself does not let the case through.
    pub(crate) async fn answer(&self, case: &Case) -> Option<Answer> {
        let request = case.request()?;
        let start = Instant::now();
        let response = self.router.clone().oneshot(request).await;
        let (head, body) = response.unwrap_or_else(|never| match never {}).into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Some(Answer {
            status: head.status,
            headers: head.headers,
            body: body.map(|body| body.to_vec()).unwrap_or_default(),
            duration: start.elapsed(),
        })
    }

    /// Panics and errors since the last look.
    pub(crate) fn faults() -> Vec<String> {
        FAULTS.take()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

fn limits() -> LimitSettings {
    let unlimited = RateSettings {
        per_second: 0,
        burst: 1,
    };
    LimitSettings {
        subject_rate: unlimited,
        address_rate: unlimited,
        max_batch: 4,
        ..LimitSettings::default()
    }
}

fn auth_settings(folder: &TempDir) -> AuthSettings {
    let secret_file = folder.path().join("secret");
    std::fs::write(&secret_file, secret()).expect("the secret can be written");
    let public = [SigningKey::Rsa(1), SigningKey::P256, SigningKey::Ed25519];
    let files = public.map(|key| key.public_key_file());
    let keys = [
        KeySettings::Files(files.into()),
        KeySettings::Secret(secret_file),
    ];
    let issuers = ISSUERS
        .iter()
        .zip(keys)
        .map(|(issuer, keys)| IssuerSettings {
            issuer: (*issuer).to_owned(),
            audiences: vec![AUDIENCE.to_owned()],
            keys,
            algorithms: None,
            require_at_jwt: false,
            subject_prefix: String::new(),
            scopes: ScopeRules::default(),
        });
    AuthSettings {
        anonymous_read: false,
        data_dir: folder.path().to_owned(),
        issuers: issuers.collect(),
    }
}

/// Documents of each format that can be imported.
const SOURCES: [&str; 6] = [
    include_str!("../../../api/src/exchange/demo/10-shared-it.yaml"),
    include_str!("../../../api/src/exchange/demo/60-hotels.yaml"),
    include_str!("../../../api/src/exchange/demo/61-hotel-services.yaml"),
    include_str!("../../../api/src/exchange/demo/81-agreements.yaml"),
    include_str!("../../fixtures/backstage/shop/catalog-info.yaml"),
    include_str!("../../fixtures/openslo/checkout.yaml"),
];

/// Starts to note panics and errors, once in a process.
fn watch() {
    static START: Once = Once::new();
    START.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            FAULTS.with_borrow_mut(|faults| faults.push(panic.to_string()));
            before(panic);
        }));
        let subscriber = tracing_subscriber::registry()
            .with(LevelFilter::ERROR)
            .with(Errors);
        tracing::subscriber::set_global_default(subscriber).expect("nothing else logs");
    });
}

/// Notes what is logged as an error.
struct Errors;

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut text = Text(String::new());
            event.record(&mut text);
            FAULTS.with_borrow_mut(|faults| faults.push(text.0));
        }
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        _ = write!(self.0, "{field}={value:?} ");
    }
}
