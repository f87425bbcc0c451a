//! Objects of the catalog over the API, in the same words for every type.

use kundig_tests::{Answer, Server};
use serde_json::{Value, json};

use crate::support::{eventually, mutate};

/// A type that clients create, change and delete.
#[derive(Debug)]
pub(crate) struct Type {
    /// As the schema calls it.
    pub(crate) name: &'static str,
    /// The field of queries and payloads that holds one.
    pub(crate) field: &'static str,
    /// What is selected beside what all types have.
    own: &'static str,
}

pub(crate) const PERSON: Type = Type {
    name: "Person",
    field: "person",
    own: "email subject customer { slug } teams { slug } ownedServices { nodes { slug } }",
};
pub(crate) const TEAM: Type = Type {
    name: "Team",
    field: "team",
    own: "description parent { slug } members { slug } services { nodes { slug } }",
};
pub(crate) const CUSTOMER: Type = Type {
    name: "Customer",
    field: "customer",
    own: "industry description parent { slug } representative { slug } outcomes { slug } slas { nodes { slug } }",
};
pub(crate) const OUTCOME: Type = Type {
    name: "BusinessOutcome",
    field: "businessOutcome",
    own: "description customer { slug } owner { slug } valuePerHour { amount currency }
          metric { name unit baseline target current } contributions { service { slug } share }",
};
pub(crate) const CAPABILITY: Type = Type {
    name: "BusinessCapability",
    field: "businessCapability",
    own: "description parent { slug } children { slug } services { nodes { slug } }",
};
pub(crate) const SERVICE: Type = Type {
    name: "Service",
    field: "service",
    own: "description kind lifecycle tier tags links { url title } businessOwner { slug } serviceOwner { slug }
          team { slug } capability { slug } ownershipConfirmedAt
          dependencies { nodes { dependency { slug } strength } } dependents { nodes { dependent { slug } strength } }
          contributions { outcome { slug } share } offerings { nodes { slug } } slas { nodes { slug } }",
};
pub(crate) const OFFERING: Type = Type {
    name: "ServiceOffering",
    field: "serviceOffering",
    own: "description service { slug } inputSchema requiresApproval automated price { amount currency } active",
};
pub(crate) const CALENDAR: Type = Type {
    name: "SupportCalendar",
    field: "supportCalendar",
    own: "timeZone hours { weekday opens closes } holidays { date name }",
};
pub(crate) const AGREEMENT: Type = Type {
    name: "ServiceLevelAgreement",
    field: "serviceLevelAgreement",
    own: "service { slug } customer { slug } kind calendar { slug } validFrom validUntil
          targets { id metric priority within objective warnAt agreement { slug } }",
};

pub(crate) const SIGHTING: Type = Type {
    name: "ShadowItSighting",
    field: "shadowItSighting",
    own: "vendor customer { slug } demand { number } service { slug } users monthlyCost { amount currency } dataClass status risk
          firstSeen",
};

/// All of them, those that others need first.
pub(crate) const ALL: [&Type; 10] = [
    &TEAM,
    &CUSTOMER,
    &PERSON,
    &CAPABILITY,
    &OUTCOME,
    &SERVICE,
    &OFFERING,
    &CALENDAR,
    &AGREEMENT,
    &SIGHTING,
];

impl Type {
    /// Creates one and returns it with all its fields.
    pub(crate) async fn create(&self, server: &Server, input: Value) -> Value {
        self.object(&self.try_create(server, input).await)
    }

    /// Creates one with nothing but a name and what it can't be without.
    pub(crate) async fn create_plain(&self, server: &Server, name: &str) -> Value {
        let mut input = self.least_input(server).await;
        input["name"] = json!(name);
        self.create(server, input).await
    }

    /// Changes one and returns it as it is then.
    pub(crate) async fn update(&self, server: &Server, input: Value) -> Value {
        self.object(&self.try_update(server, input).await)
    }

    /// Deletes one.
    pub(crate) async fn delete(&self, server: &Server, object: &Value) {
        let answer = self.try_delete(server, json!({"id": object["id"]})).await;
        assert_eq!(answer.expect_payload()["deletedId"], object["id"]);
    }

    pub(crate) async fn try_create(&self, server: &Server, input: Value) -> Answer {
        self.mutate(server, "create", input).await
    }

    pub(crate) async fn try_update(&self, server: &Server, input: Value) -> Answer {
        self.mutate(server, "update", input).await
    }

    pub(crate) async fn try_delete(&self, server: &Server, input: Value) -> Answer {
        mutate(server, &format!("delete{}", self.name), "deletedId", input).await
    }

    /// The one with this slug, null where there is none.
    pub(crate) async fn by_slug(&self, server: &Server, slug: &str) -> Value {
        let selection = self.selection();
        let field = self.field;
        let answer = server
            .query(format!(
                "query ($slug: String!) {{ {field}(slug: $slug) {{ {selection} }} }}"
            ))
            .variables(json!({ "slug": slug }))
            .send()
            .await;
        answer.expect_data()[field].clone()
    }

    /// What it can't be created without, but for a name.
    pub(crate) async fn least_input(&self, server: &Server) -> Value {
        match self.name {
            "BusinessOutcome" => {
                let customer = CUSTOMER
                    .create(server, json!({"name": "Some customer"}))
                    .await;
                json!({"customerId": customer["id"], "valuePerHour": "1"})
            }
            "ServiceOffering" => {
                let service = SERVICE
                    .create(server, json!({"name": "Some service"}))
                    .await;
                json!({"serviceId": service["id"]})
            }
            "SupportCalendar" => json!({"timeZone": "Europe/Berlin"}),
            "ServiceLevelAgreement" => {
                let service = SERVICE
                    .create(server, json!({"name": "Some service"}))
                    .await;
                let calendar = json!({"name": "Some calendar", "timeZone": "Europe/Berlin"});
                let calendar = CALENDAR.create(server, calendar).await;
                json!({"serviceId": service["id"], "calendarId": calendar["id"], "validFrom": "2026-01-01",
                    "targets": [{"metric": "RESPONSE_TIME", "within": "PT4H", "objective": "95"}]})
            }
            "ShadowItSighting" => {
                let customer = CUSTOMER
                    .create(server, json!({"name": "Some customer"}))
                    .await;
                json!({"customerId": customer["id"], "users": 12, "monthlyCost": "40", "dataClass": "INTERNAL",
                    "firstSeen": "2026-02-01"})
            }
            _ => json!({}),
        }
    }

    /// What the API calls the name of such an object.
    pub(crate) fn name_field(&self) -> &'static str {
        if self.name == SIGHTING.name {
            "product"
        } else {
            "name"
        }
    }

    fn selection(&self) -> String {
        let (own, name) = (self.own, self.name_field());
        format!("id slug name: {name} annotations version createdAt updatedAt {own}")
    }

    async fn mutate(&self, server: &Server, verb: &str, mut input: Value) -> Answer {
        if let Some(name) = input.as_object_mut().and_then(|input| input.remove("name")) {
            input[self.name_field()] = name;
        }
        let (name, field, selection) = (self.name, self.field, self.selection());
        mutate(
            server,
            &format!("{verb}{name}"),
            &format!("{field} {{ {selection} }}"),
            input,
        )
        .await
    }

    #[track_caller]
    fn object(&self, answer: &Answer) -> Value {
        let object = &answer.expect_payload()[self.field];
        assert!(object.is_object(), "the payload has no object\n{answer}");
        object.clone()
    }
}

/// That a mutation was refused for exactly these reasons, in any order: the path into the input, joined by dots, and the
/// code. The messages, joined.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, reasons: &[(&str, &str)]) -> String {
    let payload = answer
        .expect_data()
        .as_object()
        .and_then(|data| data.values().next())
        .and_then(Value::as_object)
        .unwrap_or_else(|| panic!("expected a mutation's payload\n{answer}"));
    let errors = payload["userErrors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut found: Vec<(String, String)> = errors
        .iter()
        .map(|error| (path(error), text(&error["code"])))
        .collect();
    found.sort();
    let mut expected: Vec<(String, String)> = reasons
        .iter()
        .map(|&(path, code)| (path.to_owned(), code.to_owned()))
        .collect();
    expected.sort();
    assert_eq!(found, expected, "{answer}");
    for (field, value) in payload {
        assert!(
            field == "userErrors" || value.is_null(),
            "refused, and yet there is {field}\n{answer}"
        );
    }
    let messages: Vec<String> = errors.iter().map(|error| text(&error["message"])).collect();
    assert!(messages.iter().all(|message| message.len() > 5), "{answer}");
    messages.join("\n")
}

fn path(error: &Value) -> String {
    let parts: Vec<String> = list(&error["field"]).iter().map(text).collect();
    parts.join(".")
}

/// JSON that has to be text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// JSON that has to be a list.
#[track_caller]
pub(crate) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

/// The newest sequence of the feed, to read on from there.
pub(crate) async fn newest_change(server: &Server) -> String {
    let answer = server.query("{ __typename }").send().await;
    answer.sequence().to_owned()
}

/// The changes after a sequence, oldest first, at most 100; waits until the feed shows all that is committed.
pub(crate) async fn changes_after(server: &Server, sequence: &str) -> Vec<Value> {
    until_shown(server).await;
    let answer = server
        .query(
            "query ($after: String) { changes(first: 100, after: $after) {
               nodes { sequence at actor kind type subjectId subject { id } diff } pageInfo { hasNextPage } } }",
        )
        .variables(json!({ "after": sequence }))
        .send()
        .await;
    let page = &answer.expect_data()["changes"];
    assert_eq!(
        page["pageInfo"]["hasNextPage"], false,
        "more changes than are looked at"
    );
    list(&page["nodes"]).to_vec()
}

/// Waits until the feed shows all that is committed. (On PostgreSQL a change appears once nothing can be committed before it,
/// and other tests write to the same server.)
pub(crate) async fn until_shown(server: &Server) {
    let newest: i64 = newest_change(server)
        .await
        .parse()
        .expect("a sequence is a number");
    if newest == 0 {
        return;
    }
    eventually("the feed shows all that is committed", async || {
        let answer = server
            .query("query ($after: String) { changes(first: 1, after: $after) { nodes { sequence } } }")
            .variables(json!({ "after": (newest - 1).to_string() }))
            .send()
            .await;
        let shown = &answer.expect_data()["changes"]["nodes"];
        (!list(shown).is_empty()).then_some(())
    })
    .await;
}
