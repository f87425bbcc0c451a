//! What both servers work on: a generated catalog, with a promise for every service, on a PostgreSQL that is as durable as in
//! production.

use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, Server, Settings};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

pub(crate) const SUBMIT: &str =
    "mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) {
  replayed serviceRequest { id number } userErrors { field message code } } }";

/// A database, Kundig on it, and what was made there.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) connection: DatabaseConnection,
    pub(crate) server: Server,
    /// The id of an offering whose service has an agreement with two targets.
    pub(crate) offering: String,
    pub(crate) customer: String,
    pub(crate) requester: String,
}

impl World {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        let database = Database::postgres();
        let connection = database.connect().await;
        Migrator::up(&connection, None).await?;
        let catalog = Catalog::generate(&Size::of_services(2_000), 1);
        let customer = format!("cust_{}", catalog.customers[0].id.simple());
        let requester = format!("pers_{}", catalog.people[0].id.simple());
        catalog.write(&connection).await?;
        for statement in [
            "ALTER SYSTEM SET fsync = on",
            "ALTER SYSTEM SET synchronous_commit = on",
            "ALTER SYSTEM SET full_page_writes = on",
            "SELECT pg_reload_conf()",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        let settings = Settings::new(&database)
            .arg("--log")
            .arg("warn,kundig::cli=info");
        let server = settings.start().await;
        let offering = offering(&server).await;
        Ok(Self {
            database,
            connection,
            server,
            offering,
            customer,
            requester,
        })
    }

    /// What is submitted under this key.
    pub(crate) fn input(&self, key: &str) -> Value {
        json!({
            "offeringId": self.offering,
            "customerId": self.customer,
            "requesterId": self.requester,
            "inputs": {"seats": 5, "site": "Berlin", "reason": "Two more colleagues start on Monday."},
            "priority": "P2",
            "idempotencyKey": key,
        })
    }

    /// Has Kundig submit a request.
    pub(crate) async fn submit(&self, key: &str) {
        let variables = json!({"input": self.input(key)});
        let answer = self.server.query(SUBMIT).variables(variables).send().await;
        answer.expect_payload();
    }

    /// How many SQL statements Kundig has run so far for a purpose.
    pub(crate) async fn statements(&self, purpose: &str) -> u64 {
        self.server.metrics().await.sql_statements(purpose)
    }
}

async fn offering(server: &Server) -> String {
    let create = async |ty: &str, input: Value| {
        let field = format!("{}{}", ty[..1].to_lowercase(), &ty[1..]);
        let document = format!(
            "mutation ($input: Create{ty}Input!) {{ create{ty}(input: $input) {{ {field} {{ id }} userErrors {{ field message }} }} }}"
        );
        let answer = server.query(document).variables(json!({ "input": input }));
        answer.send().await.expect_payload()[&field]["id"].clone()
    };
    let service = create("Service", json!({"name": "Licences for seats"})).await;
    let hours: Vec<Value> = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
        .map(|weekday| json!({"weekday": weekday, "opens": "08:00", "closes": "18:00"}))
        .into();
    let calendar = json!({"name": "Working hours", "timeZone": "Europe/Berlin", "hours": hours});
    let calendar = create("SupportCalendar", calendar).await;
    let targets = json!([
        {"metric": "RESPONSE_TIME", "within": "PT4H", "objective": "95"},
        {"metric": "RESOLUTION_TIME", "within": "PT40H", "objective": "90"},
    ]);
    let agreement = json!({
        "name": "Promise", "serviceId": service, "calendarId": calendar, "validFrom": "2020-01-01", "targets": targets,
    });
    create("ServiceLevelAgreement", agreement).await;
    let schema = json!({
        "type": "object",
        "required": ["seats", "site"],
        "additionalProperties": false,
        "properties": {
            "seats": {"type": "integer", "minimum": 1, "maximum": 500},
            "site": {"type": "string", "minLength": 2},
            "reason": {"type": "string"},
        },
    });
    let offering = json!({"name": "More seats", "serviceId": service, "inputSchema": schema});
    let offering = create("ServiceOffering", offering).await;
    offering.as_str().unwrap_or_default().to_owned()
}
