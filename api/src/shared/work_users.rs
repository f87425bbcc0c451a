//! Which work refers to objects of the catalog: such an object can't be deleted.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr};

use super::draft::Draft;
use super::errors::{UserError, UserErrorCode};
use super::ids::{Id, ObjectRef, ObjectType};
use crate::for_type;

/// Who refers to what: the type, the table and its column, and what its rows are called.
const USERS: &[(ObjectType, &str, &str, &str)] = &[
    (
        ObjectType::ServiceOffering,
        "service_request",
        "offering_id",
        "service requests",
    ),
    (
        ObjectType::ServiceOffering,
        "service_request",
        "decline_alternative_id",
        "declined service requests",
    ),
    (
        ObjectType::Service,
        "service_request",
        "service_id",
        "service requests",
    ),
    (
        ObjectType::Service,
        "incident_service",
        "service_id",
        "incidents",
    ),
    (
        ObjectType::ServiceOffering,
        "demand",
        "decline_alternative_id",
        "declined demands",
    ),
    (ObjectType::Service, "demand", "service_id", "demands"),
    (ObjectType::Customer, "demand", "customer_id", "demands"),
    (
        ObjectType::BusinessOutcome,
        "demand",
        "outcome_id",
        "demands",
    ),
    (ObjectType::Person, "demand", "raised_by_id", "demands"),
    (
        ObjectType::Person,
        "demand_supporter",
        "person_id",
        "demands that they support",
    ),
    (
        ObjectType::Service,
        "availability_measurement",
        "service_id",
        "availability measurements",
    ),
    (
        ObjectType::Customer,
        "service_request",
        "customer_id",
        "service requests",
    ),
    (
        ObjectType::Person,
        "service_request",
        "requester_id",
        "service requests",
    ),
    (
        ObjectType::Service,
        "feedback",
        "service_id",
        "answers of its users",
    ),
    (
        ObjectType::Customer,
        "feedback",
        "customer_id",
        "answers of its people",
    ),
];

/// Why what a draft deletes can't go, as far as work is the reason. A foreign key holds off what is submitted meanwhile.
pub(super) async fn refusals<C: ConnectionTrait>(
    connection: &C,
    draft: &Draft,
) -> Result<Vec<UserError>, DbErr> {
    let mut refusals = Vec::new();
    for object in draft.touched() {
        let is_gone = for_type!(object.kind, T => draft.get(Id::<T>::new(object.id)).is_none());
        if !is_gone {
            continue;
        }
        for user in users(connection, object).await? {
            let object = draft.base().describe(object);
            refusals.push(UserError::new(
                UserErrorCode::InUse,
                "id",
                format!("the {object} is still used by {user}, which are kept"),
            ));
        }
    }
    Ok(refusals)
}

async fn users<C: ConnectionTrait>(
    connection: &C,
    object: ObjectRef,
) -> Result<Vec<&'static str>, DbErr> {
    let mut found = Vec::new();
    for (kind, table, column, words) in USERS {
        if *kind != object.kind || found.contains(words) {
            continue;
        }
        let any = Query::select()
            .expr(Expr::val(1).cast_as("integer"))
            .from(*table)
            .and_where(Expr::col(*column).eq(object.id))
            .limit(1)
            .take();
        if connection.query_one(&any).await?.is_some() {
            found.push(*words);
        }
    }
    Ok(found)
}
