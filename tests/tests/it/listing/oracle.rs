//! A stock of services, and what filters find in it when somebody looks at every single one.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use kundig_tests::Server;
use serde_json::{Map, Value, json};

use crate::objects::{
    AGREEMENT, CALENDAR, CAPABILITY, CUSTOMER, OUTCOME, PERSON, SERVICE, TEAM, list, text,
};
use crate::support::mutate;

const KINDS: [&str; 4] = ["BUSINESS_SERVICE", "APPLICATION", "API", "RESOURCE"];
const LIFECYCLES: [&str; 5] = ["PROPOSED", "EXPERIMENTAL", "LIVE", "DEPRECATED", "RETIRED"];
const TIERS: [&str; 4] = ["TIER_1", "TIER_2", "TIER_3", "TIER_4"];
const TAGS: [&str; 5] = ["core", "gdpr", "legacy", "nächtlich", "web"];
const NAMES: [&str; 9] = [
    "Ärztebuch",
    "Arztbrief",
    "Bettenplan",
    "bettenbörse",
    "Überweisung",
    "Zugang",
    "Patient index",
    "patient-index",
    "ßpecial",
];

/// Agreements by kind, last day and whether a service with it has an SLA.
const AGREEMENTS: [(&str, Option<&str>, bool); 5] = [
    ("SLA", None, true),
    ("SLA", Some("9999-12-31"), true),
    ("SLA", Some("2026-01-02"), false),
    ("OLA", None, false),
    ("UC", None, false),
];

/// What the API shows of the services, and what they refer to.
pub(super) struct Stock {
    services: Vec<Value>,
    /// The ids of those with an SLA that is not over.
    promised: BTreeSet<String>,
    referred: Referred,
}

/// The ids that filters can name, by the filter's field.
type Referred = BTreeMap<&'static str, Vec<Value>>;

impl Stock {
    /// Fills a catalog over the API; several services share a name, some have nothing but one.
    pub(super) async fn fill(server: &Server, services: usize, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let referred = fill_what_services_refer_to(server).await;
        let calendar = CALENDAR
            .create(
                server,
                json!({"name": "Always", "timeZone": "Europe/Berlin"}),
            )
            .await;
        let mut promised = BTreeSet::new();
        for _ in 0..services {
            let input = random_service(&referred, &mut random);
            let service = SERVICE.create(server, input).await;
            let outcomes = &referred["outcomeId"];
            for outcome in some_of(&mut random, outcomes, 2) {
                let input = json!({"serviceId": service["id"], "outcomeId": outcome, "share": 0.5});
                mutate(server, "setContribution", "contribution { share }", input)
                    .await
                    .expect_payload();
            }
            for _ in 0..random.usize(..3) {
                let (kind, last, has_sla) = AGREEMENTS[random.usize(..AGREEMENTS.len())];
                let input = json!({"name": "Promise", "serviceId": service["id"], "calendarId": calendar["id"],
                    "kind": kind, "validFrom": "2026-01-01", "validUntil": last, "targets": []});
                AGREEMENT.create(server, input).await;
                if has_sla {
                    promised.insert(text(&service["id"]));
                }
            }
        }
        let answer = server
            .query(
                "{ services(first: 100) { nodes {
                     id slug name kind lifecycle tier tags createdAt updatedAt
                     team { id slug } businessOwner { id slug } capability { id slug }
                     contributions { outcome { id customer { id } } } } } }",
            )
            .send()
            .await;
        let shown = list(&answer.expect_data()["services"]["nodes"]).to_vec();
        assert_eq!(shown.len(), services);
        Self {
            services: shown,
            promised,
            referred,
        }
    }

    /// The ids of the services that fulfil every condition, by slug.
    pub(super) fn matching(&self, filter: &Value) -> Vec<String> {
        let mut found = self.select(filter);
        found.sort_by_key(|service| text(&service["slug"]));
        found.iter().map(|service| text(&service["id"])).collect()
    }

    /// How many of them have each value, most first, then by value.
    pub(super) fn facet(&self, filter: &Value, facet: &str) -> Value {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for service in self.select(filter) {
            let values = match facet {
                "TAG" => list(&service["tags"]).to_vec(),
                "TEAM" => vec![service["team"]["slug"].clone()],
                "BUSINESS_OWNER" => vec![service["businessOwner"]["slug"].clone()],
                "CAPABILITY" => vec![service["capability"]["slug"].clone()],
                field => vec![service[field.to_lowercase()].clone()],
            };
            for value in values.iter().filter(|value| !value.is_null()) {
                *counts.entry(text(value)).or_default() += 1;
            }
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
            .into_iter()
            .map(|(value, count)| json!({"value": value, "count": count}))
            .collect()
    }

    /// That these are all services, each once, and none stands before a smaller one.
    pub(super) fn expect_sorted(&self, ids: &[String], field: &str) {
        let by_id: BTreeMap<String, &Value> = self
            .services
            .iter()
            .map(|service| (text(&service["id"]), service))
            .collect();
        let mut distinct = ids.to_vec();
        distinct.sort();
        distinct.dedup();
        let all: Vec<String> = by_id.keys().cloned().collect();
        assert_eq!((distinct, ids.len()), (all, self.services.len()), "{field}");
        let keys: Vec<String> = ids
            .iter()
            .map(|id| {
                let service = by_id[id];
                match field {
                    "NAME" => plain(&text(&service["name"])),
                    "SLUG" => text(&service["slug"]),
                    "TIER" => text(&service["tier"]) + &plain(&text(&service["name"])),
                    "CREATED_AT" => microseconds(&service["createdAt"]),
                    "UPDATED_AT" => microseconds(&service["updatedAt"]),
                    other => panic!("no order {other}"),
                }
            })
            .collect();
        assert!(keys.is_sorted(), "not in the order of {field}: {keys:#?}");
    }

    fn holds(&self, service: &Value, field: &str, wanted: &Value) -> bool {
        match field {
            "hasSla" => self.promised.contains(&text(&service["id"])) == *wanted,
            _ => holds(service, field, wanted),
        }
    }

    fn select(&self, filter: &Value) -> Vec<&Value> {
        let conditions = filter.as_object();
        self.services
            .iter()
            .filter(|service| {
                let mut conditions = conditions.into_iter().flatten();
                conditions
                    .all(|(field, wanted)| wanted.is_null() || self.holds(service, field, wanted))
            })
            .collect()
    }
}

/// Whether one service fulfils one condition.
fn holds(service: &Value, field: &str, wanted: &Value) -> bool {
    let one_of = |field: &str| list(wanted).contains(&service[field]);
    let outcomes = list(&service["contributions"]);
    match field {
        "slugs" => one_of("slug"),
        "kinds" => one_of("kind"),
        "lifecycles" => one_of("lifecycle"),
        "tiers" => one_of("tier"),
        "tags" => list(wanted)
            .iter()
            .all(|tag| list(&service["tags"]).contains(tag)),
        "teamId" => service["team"]["id"] == *wanted,
        "businessOwnerId" => service["businessOwner"]["id"] == *wanted,
        "capabilityId" => service["capability"]["id"] == *wanted,
        "outcomeId" => outcomes.iter().any(|it| it["outcome"]["id"] == *wanted),
        "customerId" => outcomes
            .iter()
            .any(|it| it["outcome"]["customer"]["id"] == *wanted),
        "hasBusinessOwner" => service["businessOwner"].is_object() == *wanted,
        "hasOutcome" => (!outcomes.is_empty()) == *wanted,
        "nameContains" => {
            let part = text(wanted).to_lowercase();
            text(&service["name"]).to_lowercase().contains(&part)
                || text(&service["slug"]).contains(&part)
        }
        "updatedSince" => microseconds(&service["updatedAt"]) >= microseconds(wanted),
        other => panic!("no condition {other}"),
    }
}

/// A filter with a few conditions, each with a value that some service may have.
pub(super) fn random_filter(stock: &Stock, random: &mut Rng) -> Value {
    let mut filter = Map::new();
    for _ in 0..random.usize(1..4) {
        let service = &stock.services[random.usize(..stock.services.len())];
        let (field, value) = match random.u8(..16) {
            0 => {
                let other = &stock.services[random.usize(..stock.services.len())];
                (
                    "slugs",
                    json!([service["slug"], other["slug"], "nowhere", service["slug"]]),
                )
            }
            1 => ("kinds", json!(some_of(random, &KINDS, 3))),
            2 => ("lifecycles", json!(some_of(random, &LIFECYCLES, 3))),
            3 => ("tiers", json!(some_of(random, &TIERS, 3))),
            4 => ("tags", json!(some_of(random, &TAGS, 2))),
            5 => ("hasBusinessOwner", json!(random.bool())),
            6 => ("hasOutcome", json!(random.bool())),
            7 => ("hasSla", json!(random.bool())),
            8 => ("updatedSince", service["updatedAt"].clone()),
            9..=10 => {
                let parts = [
                    "betten", "ÄRZ", "aerz", "-2", "t", "", "index", "ß", "übe", "nowhere",
                ];
                ("nameContains", json!(parts[random.usize(..parts.len())]))
            }
            _ => {
                let fields: Vec<&str> = stock.referred.keys().copied().collect();
                let field = fields[random.usize(..fields.len())];
                let ids = &stock.referred[field];
                (field, ids[random.usize(..ids.len())].clone())
            }
        };
        filter.insert(field.to_owned(), value);
    }
    Value::Object(filter)
}

async fn fill_what_services_refer_to(server: &Server) -> Referred {
    let mut referred = Referred::new();
    for number in 0..4 {
        for (field, ty) in [
            ("teamId", &TEAM),
            ("businessOwnerId", &PERSON),
            ("capabilityId", &CAPABILITY),
            ("customerId", &CUSTOMER),
        ] {
            let object = ty
                .create(server, json!({"name": format!("{} {number}", ty.name)}))
                .await;
            referred
                .entry(field)
                .or_default()
                .push(object["id"].clone());
        }
    }
    // The last customer has no outcome.
    for number in 0..6 {
        let customer = &referred["customerId"][number / 2];
        let input = json!({"name": format!("Outcome {number}"), "customerId": customer, "valuePerHour": "1"});
        let outcome = OUTCOME.create(server, input).await;
        referred
            .entry("outcomeId")
            .or_default()
            .push(outcome["id"].clone());
    }
    referred
}

fn random_service(referred: &Referred, random: &mut Rng) -> Value {
    let mut input = json!({"name": NAMES[random.usize(..NAMES.len())]});
    for (field, values) in [
        ("kind", &KINDS[..]),
        ("lifecycle", &LIFECYCLES),
        ("tier", &TIERS),
    ] {
        if random.u8(..4) > 0 {
            input[field] = json!(values[random.usize(..values.len())]);
        }
    }
    input["tags"] = json!(some_of(random, &TAGS, 3));
    for field in ["teamId", "businessOwnerId", "capabilityId"] {
        // The last of each has no service.
        let ids = &referred[field][..3];
        if random.bool() {
            input[field] = ids[random.usize(..ids.len())].clone();
        }
    }
    input
}

/// Some of the values, perhaps none.
fn some_of<'a, T>(random: &mut Rng, values: &'a [T], most: usize) -> Vec<&'a T> {
    let amount = random.usize(..=most);
    random.choose_multiple(values, amount)
}

/// A name as it is sorted: lower case, accents aside.
fn plain(name: &str) -> String {
    name.to_lowercase()
        .replace('ä', "a")
        .replace('ö', "o")
        .replace('ü', "u")
        .replace('ß', "ss")
}

/// An instant as text whose order is that of time: fractions are written out to their end.
fn microseconds(instant: &Value) -> String {
    let instant = text(instant);
    let instant = instant.trim_end_matches('Z');
    let (seconds, fraction) = instant.split_once('.').unwrap_or((instant, ""));
    format!("{seconds}.{fraction:0<6}")
}
