//! A catalog of any size, the same one for the same seed: what a large organisation's may look like.

mod words;
mod write;

use std::collections::HashSet;

use entity::{
    business_capability, business_outcome, customer, outcome_contribution, person, person_team,
    service, service_dependency, service_offering, team,
};
use fastrand::Rng;
use sea_orm::prelude::{Json, Uuid};
use serde_json::json;

/// 2026-01-01T00:00:00Z in microseconds: when the generated catalog begins.
const BEGINNING: i64 = 1_767_225_600_000_000;
/// Ten-thousandths of the reporting currency in one unit of it.
const UNIT: i64 = 10_000;

/// How much of everything a catalog has.
#[derive(Clone, Debug)]
pub struct Size {
    /// Services, each with dependencies and contributions.
    pub services: usize,
    /// Dependencies of each service.
    pub dependencies: usize,
    /// Contributions of each service.
    pub contributions: usize,
    /// Teams, a tree.
    pub teams: usize,
    /// People.
    pub people: usize,
    /// Customers, a tree.
    pub customers: usize,
    /// Business capabilities, a tree.
    pub capabilities: usize,
    /// Business outcomes.
    pub outcomes: usize,
    /// Service offerings.
    pub offerings: usize,
}

impl Size {
    /// So many services, and of the rest as much as goes with them.
    pub fn of_services(services: usize) -> Self {
        Self {
            services,
            dependencies: 4.min(services.saturating_sub(1)),
            contributions: 2,
            teams: (services / 50).max(3),
            people: (services / 5).max(10),
            customers: (services / 100).max(3),
            capabilities: services * 3 / 200 + 3,
            outcomes: (services / 10).max(4),
            offerings: services / 2,
        }
    }
}

/// 20,000 services, 80,000 dependencies, 40,000 contributions.
impl Default for Size {
    fn default() -> Self {
        Self::of_services(20_000)
    }
}

/// A generated catalog, table by table; rows refer only to rows before them, but for customers' representatives.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the table of that name")]
pub struct Catalog {
    pub teams: Vec<team::Model>,
    pub customers: Vec<customer::Model>,
    pub people: Vec<person::Model>,
    pub memberships: Vec<person_team::Model>,
    pub capabilities: Vec<business_capability::Model>,
    pub outcomes: Vec<business_outcome::Model>,
    pub services: Vec<service::Model>,
    pub dependencies: Vec<service_dependency::Model>,
    pub contributions: Vec<outcome_contribution::Model>,
    pub offerings: Vec<service_offering::Model>,
}

impl Catalog {
    /// Makes one up; the same one for the same size and seed.
    pub fn generate(size: &Size, seed: u64) -> Self {
        let mut maker = Maker::new(seed);
        let teams = maker.teams(size.teams);
        let mut customers = maker.customers(size.customers);
        let people = maker.people(size.people, &customers);
        for customer in &mut customers {
            customer.representative_id = Some(maker.one_of(&people).id);
        }
        let memberships = maker.memberships(&people, &teams);
        let capabilities = maker.capabilities(size.capabilities);
        let outcomes = maker.outcomes(size.outcomes, &customers, &people);
        let services = maker.services(size.services, &people, &teams, &capabilities);
        Self {
            dependencies: maker.dependencies(&services, size.dependencies),
            contributions: maker.contributions(&services, &outcomes, size.contributions),
            offerings: maker.offerings(size.offerings, &services),
            teams,
            customers,
            people,
            memberships,
            capabilities,
            outcomes,
            services,
        }
    }
}

/// What every object of the catalog has.
struct Header {
    id: Uuid,
    slug: String,
    name: String,
    at: i64,
}

/// A row of a table that has the columns of every catalog object, and its own.
macro_rules! row {
    ($table:ident, $header:expr, { $($own:tt)* }) => {{
        let header = $header;
        $table::Model {
            id: header.id,
            slug: header.slug,
            name: header.name,
            annotations: json!({}),
            origin: None,
            unresolved: json!([]),
            version: 1,
            created_at: header.at,
            updated_at: header.at,
            $($own)*
        }
    }};
}

struct Maker {
    random: Rng,
    /// Microseconds; every object is made a little later than the one before.
    now: i64,
    slugs: HashSet<(&'static str, String)>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            now: BEGINNING,
            slugs: HashSet::new(),
        }
    }

    fn teams(&mut self, count: usize) -> Vec<team::Model> {
        let mut teams = Vec::<team::Model>::with_capacity(count);
        for _ in 0..count {
            let name = format!(
                "Team {} {}",
                self.word(&words::AREAS),
                self.word(&words::PLACES)
            );
            teams.push(row!(team, self.header("team", name), {
                description: None,
                parent_id: self.parent(&teams, |team| team.id),
            }));
        }
        teams
    }

    fn customers(&mut self, count: usize) -> Vec<customer::Model> {
        const SORTS: [&str; 8] = [
            "Klinik", "Bank", "Hotel", "Faculty", "Spital", "Branch", "Institut", "Behörde",
        ];
        let mut customers = Vec::<customer::Model>::with_capacity(count);
        for _ in 0..count {
            let name = format!("{} {}", self.word(&SORTS), self.word(&words::PLACES));
            customers.push(row!(customer, self.header("customer", name), {
                industry: Some(self.word(&words::INDUSTRIES).to_owned()),
                description: None,
                parent_id: self.parent(&customers, |customer| customer.id),
                representative_id: None,
            }));
        }
        customers
    }

    fn people(&mut self, count: usize, customers: &[customer::Model]) -> Vec<person::Model> {
        let mut people = Vec::with_capacity(count);
        for _ in 0..count {
            let name = format!(
                "{} {}",
                self.word(&words::FIRST_NAMES),
                self.word(&words::LAST_NAMES)
            );
            let header = self.header("person", name);
            let address = format!("{}@example.org", header.slug);
            people.push(row!(person, header, {
                email: Some(address),
                subject: None,
                customer_id: self.random.u8(..3).eq(&0).then(|| self.one_of(customers).id),
            }));
        }
        people
    }

    fn memberships(
        &mut self,
        people: &[person::Model],
        teams: &[team::Model],
    ) -> Vec<person_team::Model> {
        people
            .iter()
            .map(|person| person_team::Model {
                person_id: person.id,
                team_id: self.one_of(teams).id,
            })
            .collect()
    }

    fn capabilities(&mut self, count: usize) -> Vec<business_capability::Model> {
        let mut capabilities = Vec::<business_capability::Model>::with_capacity(count);
        for _ in 0..count {
            let name = format!(
                "{} {}",
                self.word(&words::ABILITIES),
                self.word(&words::PLACES)
            );
            capabilities.push(row!(business_capability, self.header("capability", name), {
                description: None,
                parent_id: self.parent(&capabilities, |capability| capability.id),
            }));
        }
        capabilities
    }

    fn outcomes(
        &mut self,
        count: usize,
        customers: &[customer::Model],
        people: &[person::Model],
    ) -> Vec<business_outcome::Model> {
        let mut outcomes = Vec::with_capacity(count);
        for _ in 0..count {
            let customer = self.one_of(customers);
            let name = format!("{} ({})", self.word(&words::RESULTS), customer.name);
            outcomes.push(row!(business_outcome, self.header("outcome", name), {
                description: None,
                customer_id: customer.id,
                owner_id: Some(self.one_of(people).id),
                value_per_hour: self.random.i64(1..=500) * 100 * UNIT,
                metric: self.metric(),
            }));
        }
        outcomes
    }

    fn metric(&mut self) -> Option<Json> {
        let target = self.random.u8(80..=99);
        self.random.bool().then(|| {
            json!({
                "name": "In time",
                "unit": "%",
                "baseline": (target - 20).to_string(),
                "target": target.to_string(),
                "current": (target - 5).to_string(),
            })
        })
    }

    fn services(
        &mut self,
        count: usize,
        people: &[person::Model],
        teams: &[team::Model],
        capabilities: &[business_capability::Model],
    ) -> Vec<service::Model> {
        const KINDS: [&str; 8] = [
            "BUSINESS_SERVICE",
            "APPLICATION",
            "APPLICATION",
            "APPLICATION",
            "APPLICATION",
            "API",
            "API",
            "RESOURCE",
        ];
        const LIFECYCLES: [&str; 10] = [
            "PROPOSED",
            "EXPERIMENTAL",
            "LIVE",
            "LIVE",
            "LIVE",
            "LIVE",
            "LIVE",
            "LIVE",
            "DEPRECATED",
            "RETIRED",
        ];
        let mut services = Vec::with_capacity(count);
        for _ in 0..count {
            let name = format!(
                "{} {} {}",
                self.word(&words::AREAS),
                self.word(&words::THINGS),
                self.word(&words::PLACES)
            );
            let header = self.header("service", name);
            let page = json!([{"url": format!("https://runbooks.example.org/{}", header.slug), "title": "Runbook"}]);
            services.push(row!(service, header, {
                description: Some("Generated, so that there is something to read.".to_owned()),
                kind: self.word(&KINDS).to_owned(),
                lifecycle: self.word(&LIFECYCLES).to_owned(),
                tier: self.random.i16(1..=4),
                tags: self.tags(),
                links: page,
                business_owner_id: Some(self.one_of(people).id),
                service_owner_id: Some(self.one_of(people).id),
                team_id: Some(self.one_of(teams).id),
                capability_id: Some(self.one_of(capabilities).id),
                ownership_confirmed_at: self.random.bool().then_some(BEGINNING),
            }));
        }
        services
    }

    fn tags(&mut self) -> Json {
        let count = self.random.usize(0..=4);
        let mut tags = self.random.choose_multiple(words::TAGS, count);
        tags.sort_unstable();
        json!(tags)
    }

    /// Services lean on few that many lean on: the earlier ones are needed more often.
    fn dependencies(
        &mut self,
        services: &[service::Model],
        each: usize,
    ) -> Vec<service_dependency::Model> {
        let mut dependencies = Vec::with_capacity(services.len() * each);
        for (place, dependent) in services.iter().enumerate() {
            let mut needed = HashSet::from([place]);
            while needed.len() <= each {
                let one = self.random.usize(..services.len());
                let place = one.min(self.random.usize(..services.len()));
                if needed.insert(place) {
                    dependencies.push(service_dependency::Model {
                        dependent_id: dependent.id,
                        dependency_id: services[place].id,
                        strength: self.share(),
                        origin: None,
                    });
                }
            }
        }
        dependencies
    }

    fn contributions(
        &mut self,
        services: &[service::Model],
        outcomes: &[business_outcome::Model],
        each: usize,
    ) -> Vec<outcome_contribution::Model> {
        let mut contributions = Vec::with_capacity(services.len() * each);
        for service in services {
            for outcome in self.random.choose_multiple(outcomes, each) {
                contributions.push(outcome_contribution::Model {
                    service_id: service.id,
                    outcome_id: outcome.id,
                    share: self.share(),
                });
            }
        }
        contributions
    }

    fn offerings(
        &mut self,
        count: usize,
        services: &[service::Model],
    ) -> Vec<service_offering::Model> {
        let mut offerings = Vec::with_capacity(count);
        for _ in 0..count {
            let service = self.one_of(services);
            let name = format!("{} {}", self.word(&words::OFFERS), service.name);
            offerings.push(row!(service_offering, self.header("offering", name), {
                description: None,
                service_id: service.id,
                input_schema: json!({"type": "object", "properties": {"reason": {"type": "string"}}}),
                requires_approval: self.random.bool(),
                automated: self.random.bool(),
                price: self.random.bool().then(|| self.random.i64(1..=900) * UNIT),
                active: self.random.u8(..10) > 0,
            }));
        }
        offerings
    }

    fn header(&mut self, kind: &'static str, name: String) -> Header {
        self.now += 1_000;
        let milliseconds = u64::try_from(self.now / 1_000).unwrap_or_default();
        let mut random = [0; 10];
        self.random.fill(&mut random);
        Header {
            id: uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid(),
            slug: self.free_slug(kind, &name),
            name,
            at: self.now,
        }
    }

    fn free_slug(&mut self, kind: &'static str, name: &str) -> String {
        let wish = slug(name);
        let mut slug = wish.clone();
        let mut number = 1;
        while !self.slugs.insert((kind, slug.clone())) {
            number += 1;
            slug = format!("{wish}-{number}");
        }
        slug
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.random.usize(..words.len())]
    }

    fn one_of<'a, T>(&mut self, rows: &'a [T]) -> &'a T {
        &rows[self.random.usize(..rows.len())]
    }

    /// One of ten rows is a root.
    fn parent<T>(&mut self, rows: &[T], id: impl Fn(&T) -> Uuid) -> Option<Uuid> {
        (!rows.is_empty() && self.random.u8(..10) > 0).then(|| id(self.one_of(rows)))
    }

    /// A share in (0, 1], in steps of a twentieth.
    fn share(&mut self) -> f64 {
        f64::from(self.random.u8(1..=20)) / 20.0
    }
}

/// Kebab-case, umlauts written out.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.to_lowercase().chars() {
        match character {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'a'..='z' | '0'..='9' => slug.push(character),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_matches('-').to_owned()
}
