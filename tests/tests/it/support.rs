//! What several modules of tests do.

use std::time::{Duration, Instant};

use entity::change;
use kundig_tests::{Answer, Database, Server};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, TransactionTrait,
};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Everything of the catalog that the API shows, in an order that does not depend on who shows it.
const WHOLE_CATALOG: &str = "{
  services(first: 100, orderBy: {field: SLUG}) { nodes {
    id slug name description kind lifecycle tier tags links { url title } annotations version createdAt updatedAt
    ownershipConfirmedAt businessOwner { id } serviceOwner { id } team { id } capability { id }
    dependencies(first: 100) { nodes { dependency { slug } strength } }
    dependents(first: 100) { nodes { dependent { slug } strength } }
    contributions { outcome { slug } share }
    offerings(first: 100) { nodes { slug } }
  } pageInfo { hasNextPage } totalCount }
  people(first: 100) { nodes { id slug name email subject customer { slug } teams { slug } ownedServices(first: 100) { nodes { slug } } } }
  teams(first: 100) { nodes { id slug name description parent { slug } members { slug } services(first: 100) { nodes { slug } } } }
  customers(first: 100) { nodes { id slug name industry description parent { slug } representative { slug } outcomes { slug } version } }
  businessOutcomes(first: 100) { nodes { id slug name description valuePerHour { amount currency } contributions { share service { slug } } version } }
  businessCapabilities(first: 100) { nodes { id slug name description parent { slug } children { slug } } }
  serviceOfferings(first: 100) { nodes { id slug name service { slug } inputSchema active } }
  supportCalendars(first: 100) { nodes { id slug name timeZone hours { weekday opens closes } holidays { date name } version } }
  serviceLevelAgreements(first: 100) { nodes { id slug name service { slug } customer { slug } kind calendar { slug } validFrom
    validUntil targets { id metric priority within objective warnAt } version } }
  shadowItSightings(first: 100, orderBy: {field: PRODUCT}) { nodes { id slug product vendor customer { slug } service { slug } users
    monthlyCost { amount } dataClass status risk firstSeen version } }
}";

/// The whole catalog as this server has it in memory, at this change of the feed or after it. Its lists hold at most 100.
pub(crate) async fn whole_catalog(server: &Server, sequence: &str) -> Value {
    let answer = server
        .query(WHOLE_CATALOG)
        .header("Kundig-Min-Sequence", sequence)
        .send()
        .await;
    let data = answer.expect_data().clone();
    assert_eq!(
        data["services"]["pageInfo"]["hasNextPage"], false,
        "more services than are compared"
    );
    data
}

/// Runs a mutation whose document takes `$input`; its payload, whatever it says.
pub(crate) async fn mutate(
    server: &Server,
    mutation: &str,
    selection: &str,
    input: Value,
) -> Answer {
    let mut name = mutation.to_owned();
    name[..1].make_ascii_uppercase();
    server
        .query(format!(
            "mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field message code }} }} }}"
        ))
        .variables(json!({ "input": input }))
        .send()
        .await
}

/// Creates a service and returns its id.
pub(crate) async fn create_service(server: &Server, name: &str) -> String {
    let answer = mutate(
        server,
        "createService",
        "service { id }",
        json!({ "name": name }),
    )
    .await;
    id_in(&answer.expect_payload()["service"])
}

/// The id of an object that was selected with it.
#[track_caller]
pub(crate) fn id_in(object: &Value) -> String {
    let Some(id) = object["id"].as_str() else {
        panic!("no id was selected: {object}");
    };
    id.to_owned()
}

/// Asks again and again until there is an answer. The feed waits for every writing transaction of the whole PostgreSQL
/// server, those of the tests beside this one included.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    const PATIENCE: Duration = Duration::from_secs(30);
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// How many changes were written, without what the server tells by itself of the time that passes. Past the server, whose feed
/// may not show all of them yet.
pub(crate) async fn changes_without_clocks(database: &Database) -> u64 {
    let changes = change::Entity::find().filter(change::Column::Actor.ne("kundig"));
    let count = changes.count(&database.connect().await).await;
    count.expect("changes can be counted")
}

/// Changes an object past the server, which hears of it when it looks at the feed the next time.
pub(crate) async fn change_elsewhere(
    database: &Database,
    (ty, table): (&str, &str),
    set: &str,
    slug: &str,
) {
    let sequence = if database.is_postgres() {
        "pg_current_xact_id()::text::bigint << 20"
    } else {
        "(((SELECT max(sequence) FROM change) >> 20) + 1) << 20"
    };
    let connection = database.connect().await;
    let both = async || {
        let transaction = connection.begin().await?;
        transaction
            .execute_unprepared(&format!(
                "INSERT INTO change (sequence, at, actor, kind, subject_type, subject_id, diff) \
                 SELECT {sequence}, updated_at + 1, 'elsewhere', 'UPDATED', '{ty}', id, '{{}}' FROM {table} WHERE slug = '{slug}'; \
                 UPDATE {table} SET {set}, version = version + 1 WHERE slug = '{slug}'"
            ))
            .await?;
        transaction.commit().await
    };
    both().await.expect("the object can be changed");
}
