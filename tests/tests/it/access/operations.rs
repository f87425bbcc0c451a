//! Every field of the roots, with arguments that it succeeds with, and who may have it.

use serde_json::{Value, json};

use super::World;
use super::bearers::{Bearer, OTHER_OWNER, OWNER, READERS};
use crate::objects::{ALL, OFFERING, OUTCOME, SERVICE, SIGHTING, Type};
use crate::support::mutate;

/// Whose token has a subject, whatever it allows.
const KNOWN: [&str; 10] = [
    "catalog:read",
    "catalog:write",
    "requests:submit",
    "requests:work",
    "insight:read",
    "admin",
    "no scope",
    OWNER,
    OTHER_OWNER,
    "owner who may not read",
];
const WRITERS: [&str; 2] = ["catalog:write", "admin"];
/// Who may submit requests, and see and take back their own.
const SUBMITTERS: [&str; 4] = [
    "requests:submit",
    "requests:work",
    "admin",
    "owner who may not read",
];
/// Who may work on all requests.
const WORKERS: [&str; 2] = ["requests:work", "admin"];
/// Who may see demands: their own, or all.
const DEMAND_READERS: [&str; 5] = [
    "requests:submit",
    "requests:work",
    "insight:read",
    "admin",
    "owner who may not read",
];
/// Who may see shadow IT, and what everything is worth.
pub(crate) const INSIGHT: [&str; 2] = ["insight:read", "admin"];
/// Who may say what they think of a service.
const GIVERS: [&str; 3] = ["requests:submit", "admin", "owner who may not read"];
/// Who may see incidents.
const WATCHERS: [&str; 3] = ["requests:work", "insight:read", "admin"];
const WRITERS_AND_OWNER: [&str; 3] = ["catalog:write", "admin", OWNER];

/// A field of a root.
pub(crate) struct Operation {
    pub(crate) field: String,
    pub(crate) document: String,
    pub(crate) is_mutation: bool,
    /// Who may have it.
    pub(crate) may: Vec<&'static str>,
}

impl Operation {
    /// The document's variables, once everything that they name is there.
    pub(crate) async fn variables(&self, world: &World, bearer: &Bearer) -> Value {
        if self.field.ends_with("Demand") || self.field == "withdrawDemandSupport" {
            json!({ "input": demand_step(world, bearer, &self.field).await })
        } else if self.field.ends_with("ServiceRequest") && self.field != "submitServiceRequest" {
            json!({ "input": step(world, bearer, &self.field).await })
        } else if self.is_mutation {
            json!({ "input": self.input(world).await })
        } else {
            json!({ "id": world.owned["id"] })
        }
    }

    async fn input(&self, world: &World) -> Value {
        let (owned, other) = (&world.owned["id"], &world.other["id"]);
        let outcome = async || OUTCOME.create_plain(&world.server, "An outcome").await;
        let done = async |mutation: &str, selection: &str, input: Value| {
            let answer = mutate(&world.server, mutation, selection, input).await;
            answer.expect_payload();
        };
        match self.field.as_str() {
            "updateService" => json!({"id": owned, "description": unique()}),
            "confirmOwnership" => json!({ "serviceId": owned }),
            "createServiceOffering" => json!({"name": "An offering", "serviceId": owned}),
            "updateServiceOffering" => {
                json!({"id": own_offering(world).await, "description": unique()})
            }
            "deleteServiceOffering" => json!({ "id": own_offering(world).await }),
            "setDependency" => json!({"dependentId": owned, "dependencyId": other}),
            "removeDependency" => {
                let edge = json!({"dependentId": owned, "dependencyId": other});
                done("setDependency", "dependency { strength }", edge.clone()).await;
                edge
            }
            "setContribution" => {
                json!({"serviceId": owned, "outcomeId": outcome().await["id"], "share": 0.5})
            }
            "removeContribution" => {
                let edge = json!({"serviceId": owned, "outcomeId": outcome().await["id"]});
                let mut contribution = edge.clone();
                contribution["share"] = json!(0.5);
                done("setContribution", "contribution { share }", contribution).await;
                edge
            }
            "recordAvailability" => {
                let measurement = json!({"from": "2026-03-01T00:00:00Z", "until": "2026-03-01T01:00:00Z", "good": 1, "total": 1});
                json!({"serviceId": owned, "measurements": [measurement]})
            }
            "adoptShadowIt" => {
                let sighting = SIGHTING.create_plain(&world.server, &unique()).await;
                json!({ "id": sighting["id"] })
            }
            "giveFeedback" => json!({"serviceId": owned, "score": 4}),
            "importCatalog" => {
                let name = unique();
                let source = format!(
                    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{type: team}}\n"
                );
                json!({"format": "BACKSTAGE", "source": source})
            }
            "submitServiceRequest" => json!({ "offeringId": own_offering(world).await }),
            "reportIncident" => report(world),
            "acknowledgeIncident" | "resolveIncident" => {
                json!({ "id": incident(world).await })
            }
            "commentOnIncident" => json!({"id": incident(world).await, "comment": "Since when?"}),
            "recalculateSlaClocks" => json!({ "subjectIds": [incident(world).await] }),
            "submitServiceRequests" => {
                json!({ "requests": [{ "offeringId": own_offering(world).await }] })
            }
            field => {
                let (verb, name) = field.split_at("create".len());
                let ty = ALL.into_iter().find(|ty| ty.name == name);
                plain_input(
                    world,
                    verb,
                    ty.unwrap_or_else(|| panic!("{field} needs an input")),
                )
                .await
            }
        }
    }
}

/// What a mutation of any type takes.
async fn plain_input(world: &World, verb: &str, ty: &Type) -> Value {
    if verb == "create" {
        let mut input = ty.least_input(&world.server).await;
        input[ty.name_field()] = json!("A new one");
        return input;
    }
    let object = ty.create_plain(&world.server, "To be changed").await;
    match verb {
        "update" => json!({"id": object["id"], ty.name_field(): "Changed"}),
        _ => json!({ "id": object["id"] }),
    }
}

/// A step with a request of the bearer's own, if they may have one.
async fn step(world: &World, bearer: &Bearer, field: &str) -> Value {
    let submitter = if SUBMITTERS.contains(&bearer.name) {
        bearer.name
    } else {
        "admin"
    };
    let input = json!({ "offeringId": own_offering(world).await });
    let query = world
        .server
        .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) { serviceRequest { id } userErrors { message } } }")
        .variables(json!({ "input": input }))
        .token(world.bearers.token(submitter));
    let id = query.send().await.expect_payload()["serviceRequest"]["id"].clone();
    match field {
        "declineServiceRequest" => {
            json!({"id": id, "reason": "COST", "explanation": "It costs more than it is worth."})
        }
        "reprioritiseServiceRequest" => json!({"id": id, "priority": "P1"}),
        "commentOnServiceRequest" => json!({"id": id, "comment": "When?"}),
        "reopenServiceRequest" => {
            let fulfil = "mutation ($input: RequestStepInput!) { fulfilServiceRequest(input: $input) { serviceRequest { id } userErrors { message } } }";
            let query = world.server.query(fulfil);
            let answer = query
                .variables(json!({ "input": { "id": id } }))
                .send()
                .await;
            answer.expect_payload();
            json!({ "id": id })
        }
        _ => json!({ "id": id }),
    }
}

/// A step with a demand of the bearer's own, if they may have one.
async fn demand_step(world: &World, bearer: &Bearer, field: &str) -> Value {
    let demand = json!({"title": "Beds in view", "kind": "NEED", "customerId": world.customer["id"], "valuePerMonth": 1000});
    if field == "raiseDemand" {
        return demand;
    }
    let raiser = if SUBMITTERS.contains(&bearer.name) {
        bearer.name
    } else {
        "admin"
    };
    let raise = "mutation ($input: RaiseDemandInput!) { raiseDemand(input: $input) { demand { id } userErrors { message } } }";
    let query = world.server.query(raise);
    let query = query.variables(json!({ "input": demand }));
    let answer = query.token(world.bearers.token(raiser)).send().await;
    let id = answer.expect_payload()["demand"]["id"].clone();
    let meet = json!({"id": id, "serviceId": world.other["id"]});
    match field {
        "updateDemand" => json!({"id": id, "description": unique()}),
        "meetDemand" => meet,
        "declineDemand" => {
            json!({"id": id, "reason": "COST", "explanation": "It costs more than it is worth."})
        }
        "reopenDemand" => {
            let answer = mutate(&world.server, "meetDemand", "demand { id }", meet).await;
            answer.expect_payload();
            json!({ "id": id })
        }
        "supportDemand" | "withdrawDemandSupport" if WORKERS.contains(&bearer.name) => {
            json!({"id": id, "personId": world.person["id"]})
        }
        _ => json!({ "id": id }),
    }
}

fn report(world: &World) -> Value {
    json!({"title": "Nothing works", "severity": "OUTAGE", "serviceIds": [world.owned["id"]]})
}

/// An incident that somebody else has reported.
async fn incident(world: &World) -> Value {
    let answer = mutate(
        &world.server,
        "reportIncident",
        "incident { id }",
        report(world),
    )
    .await;
    answer.expect_payload()["incident"]["id"].clone()
}

async fn own_offering(world: &World) -> Value {
    let input = json!({"name": "An offering", "serviceId": world.owned["id"]});
    OFFERING.create(&world.server, input).await["id"].clone()
}

fn unique() -> String {
    format!("x{}", uuid::Uuid::now_v7().simple())
}

/// The fields of `Query`.
pub(crate) fn queries() -> Vec<Operation> {
    let connection = "{ totalCount nodes { __typename } }";
    let mut operations = vec![
        query("node", "(id: $id) { id }", KNOWN),
        query("nodes", "(ids: [$id]) { id }", KNOWN),
        query(
            "changes",
            "(filter: {subjectIds: [$id]}) { totalCount nodes { sequence } }",
            KNOWN,
        ),
        query(
            "search",
            "(query: \"nothing\") { totalCount nodes { __typename } }",
            KNOWN,
        ),
        query(
            "similarDemands",
            "(title: \"nothing\") { __typename }",
            KNOWN,
        ),
        query("serviceFacets", "(by: KIND) { value count }", READERS),
    ];
    let mut everybody = KNOWN.to_vec();
    everybody.push("no token");
    operations.push(query("viewer", "{ subject scopes }", everybody));
    operations.push(query(
        "serviceRequest",
        "(number: \"REQ-1\") { id }",
        SUBMITTERS,
    ));
    operations.push(query("serviceRequests", connection, SUBMITTERS));
    operations.push(query("incident", "(number: \"INC-1\") { id }", WATCHERS));
    operations.push(query("incidents", connection, WATCHERS));
    operations.push(query(
        "demand",
        "(number: \"DEM-1\") { id }",
        DEMAND_READERS,
    ));
    operations.push(query("demands", connection, DEMAND_READERS));
    operations.push(query("worklist", connection, INSIGHT));
    operations.push(query(
        "portfolioGap",
        "{ unaskedServices { totalCount } }",
        INSIGHT,
    ));
    operations.push(query(
        "businessReview",
        "(customerId: \"cust_00000000000000000000000000000000\", from: \"2026-01-01T00:00:00Z\", until: \"2026-04-01T00:00:00Z\") { incidents }",
        INSIGHT,
    ));
    for ty in ALL {
        let readers = if ty.name == SIGHTING.name {
            INSIGHT.to_vec()
        } else {
            READERS.to_vec()
        };
        let one = "(slug: \"none\") { id }";
        operations.push(query(ty.field, one, readers.clone()));
        let plural = match ty.field {
            "person" => "people".to_owned(),
            "businessCapability" => "businessCapabilities".to_owned(),
            field => format!("{field}s"),
        };
        operations.push(query(&plural, connection, readers));
    }
    operations
}

fn query(field: &str, rest: &str, may: impl Into<Vec<&'static str>>) -> Operation {
    let declared = if rest.contains("$id") {
        "($id: ID!)"
    } else {
        ""
    };
    Operation {
        field: field.to_owned(),
        document: format!("query {declared} {{ {field}{rest} }}"),
        is_mutation: false,
        may: may.into(),
    }
}

/// The fields of `Mutation`.
pub(crate) fn mutations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for ty in ALL {
        let (name, object) = (ty.name, format!("{} {{ id }}", ty.field));
        let is_offering = name == OFFERING.name;
        for (verb, selection) in [
            ("create", &*object),
            ("update", &*object),
            ("delete", "deletedId"),
        ] {
            let may = if is_offering || (verb, name) == ("update", SERVICE.name) {
                WRITERS_AND_OWNER.to_vec()
            } else {
                WRITERS.to_vec()
            };
            operations.push(mutation(&format!("{verb}{name}"), selection, may));
        }
    }
    for (field, selection) in [
        ("confirmOwnership", "service { id }"),
        ("setDependency", "dependency { strength }"),
        ("removeDependency", "dependent { id }"),
        ("setContribution", "contribution { share }"),
        ("removeContribution", "service { id }"),
    ] {
        operations.push(mutation(field, selection, WRITERS_AND_OWNER.to_vec()));
    }
    operations.push(mutation(
        "submitServiceRequest",
        "serviceRequest { id }",
        SUBMITTERS.to_vec(),
    ));
    operations.push(mutation(
        "submitServiceRequests",
        "results { serviceRequest { id } userErrors { message } }",
        SUBMITTERS.to_vec(),
    ));
    for (verb, may) in [
        ("approve", &WORKERS[..]),
        ("start", &WORKERS),
        ("hold", &WORKERS),
        ("fulfil", &WORKERS),
        ("decline", &WORKERS),
        ("reprioritise", &WORKERS),
        ("cancel", &SUBMITTERS),
        ("reopen", &SUBMITTERS),
        ("comment", &SUBMITTERS),
    ] {
        let on = if verb == "comment" { "On" } else { "" };
        let field = format!("{verb}{on}ServiceRequest");
        operations.push(mutation(&field, "serviceRequest { id }", may.to_vec()));
    }
    for field in [
        "reportIncident",
        "acknowledgeIncident",
        "resolveIncident",
        "commentOnIncident",
    ] {
        operations.push(mutation(field, "incident { id }", WORKERS.to_vec()));
    }
    for (field, may) in [
        ("raiseDemand", &SUBMITTERS[..]),
        ("updateDemand", &SUBMITTERS),
        ("supportDemand", &SUBMITTERS),
        ("withdrawDemandSupport", &SUBMITTERS),
        ("planDemand", &WORKERS),
        ("meetDemand", &WORKERS),
        ("declineDemand", &WORKERS),
        ("reopenDemand", &SUBMITTERS),
    ] {
        operations.push(mutation(field, "demand { id }", may.to_vec()));
    }
    operations.push(mutation("adoptShadowIt", "service { id }", vec!["admin"]));
    operations.push(mutation("giveFeedback", "feedback { id }", GIVERS.to_vec()));
    operations.push(mutation(
        "recordAvailability",
        "recorded",
        vec!["requests:work", "admin", OWNER],
    ));
    operations.push(mutation(
        "recalculateSlaClocks",
        "results { changed userErrors { message } }",
        WORKERS.to_vec(),
    ));
    operations.push(mutation(
        "importCatalog",
        "result { created }",
        WRITERS.to_vec(),
    ));
    operations
}

fn mutation(field: &str, selection: &str, may: Vec<&'static str>) -> Operation {
    let input = match field {
        "confirmOwnership" => "ConfirmOwnershipInput".to_owned(),
        "declineServiceRequest"
        | "reprioritiseServiceRequest"
        | "submitServiceRequest"
        | "submitServiceRequests" => format!("{}{}Input", field[..1].to_uppercase(), &field[1..]),
        "planDemand" | "reopenDemand" => "DemandStepInput".to_owned(),
        "withdrawDemandSupport" => "SupportDemandInput".to_owned(),
        field if field.ends_with("ServiceRequest") => "RequestStepInput".to_owned(),
        "acknowledgeIncident" | "resolveIncident" | "commentOnIncident" => {
            "IncidentStepInput".to_owned()
        }
        field => format!("{}{}Input", field[..1].to_uppercase(), &field[1..]),
    };
    Operation {
        field: field.to_owned(),
        document: format!(
            "mutation ($input: {input}!) {{ {field}(input: $input) {{ {selection} userErrors {{ field message code }} }} }}"
        ),
        is_mutation: true,
        may,
    }
}
