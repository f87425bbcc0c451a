//! The API's roots, merged from the rooms.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Interface, MergedObject, MergedSubscription, Object, Result, SDLExportOptions,
    SchemaBuilder,
};

use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::auth::Guarded;
use crate::auth::graphql::ViewerQueries;
use crate::catalog::capabilities::graphql::{
    BusinessCapabilityMutations, BusinessCapabilityQueries, CapabilityNode,
};
use crate::catalog::customers::graphql::{CustomerMutations, CustomerNode, CustomerQueries};
use crate::catalog::offerings::graphql::{
    OfferingNode, ServiceOfferingMutations, ServiceOfferingQueries,
};
use crate::catalog::people::graphql::{PersonMutations, PersonNode, PersonQueries};
use crate::catalog::services::graphql::{ServiceNode, ServiceQueries};
use crate::catalog::services::mutations::{EdgeMutations, ServiceMutations};
use crate::catalog::teams::graphql::{TeamMutations, TeamNode, TeamQueries};
use crate::changes::graphql::{ChangeConnection, ChangeQueries};
use crate::changes::subscription::ChangeSubscriptions;
use crate::changes::tail::Tail;
use crate::config::InsightSettings;
use crate::demand::feedback::graphql::{FeedbackMutations, FeedbackNode, feedback};
use crate::demand::graphql::{DemandNode, DemandQueries, demand};
use crate::demand::mutations::DemandMutations;
use crate::demand::shadow_it::graphql::{ShadowItQueries, SightingNode};
use crate::demand::shadow_it::mutations::ShadowItMutations;
use crate::demand::similar::SimilarDemandQueries;
use crate::exchange::graphql::ExchangeMutations;
use crate::incidents::graphql::{IncidentNode, IncidentQueries, incident};
use crate::incidents::mutations::IncidentMutations;
use crate::insight::gap::graphql::GapQueries;
use crate::insight::review::graphql::ReviewQueries;
use crate::insight::worklist::graphql::WorklistQueries;
use crate::outcomes::graphql::{BusinessOutcomeMutations, BusinessOutcomeQueries, OutcomeNode};
use crate::recalculation::RecalculationMutations;
use crate::requests::graphql::{RequestNode, RequestQueries, request};
use crate::requests::mutations::RequestMutations;
use crate::requests::subscription::RequestSubscriptions;
use crate::search::engine::Search;
use crate::search::graphql::SearchQueries;
use crate::shared::graphql::{Currency, bad_input, catalog};
use crate::shared::ids::{Id, ObjectRef, ObjectType};
use crate::shared::record::Record;
use crate::shared::subject::{SubjectRef, SubjectType, WorkType};
use crate::slas::agreements::graphql::{
    AgreementNode, ServiceLevelAgreementMutations, ServiceLevelAgreementQueries, TargetNode,
};
use crate::slas::agreements::target::TargetId;
use crate::slas::availability::graphql::AvailabilityMutations;
use crate::slas::calendars::graphql::{
    CalendarNode, SupportCalendarMutations, SupportCalendarQueries,
};
use crate::snapshot::Catalog;
use crate::warnings::WarningSubscriptions;
use crate::webhooks::graphql::{EndpointNode, WebhookQueries, endpoint};
use crate::webhooks::mutations::WebhookMutations;
use crate::webhooks::sender::Sender;

/// Everything that can be asked.
#[derive(Default, MergedObject)]
pub struct Query(
    NodeQueries,
    ViewerQueries,
    ServiceQueries,
    PersonQueries,
    TeamQueries,
    CustomerQueries,
    BusinessOutcomeQueries,
    BusinessCapabilityQueries,
    ServiceOfferingQueries,
    SupportCalendarQueries,
    ServiceLevelAgreementQueries,
    ShadowItQueries,
    ChangeQueries,
    RequestQueries,
    WebhookQueries,
    IncidentQueries,
    DemandQueries,
    SearchQueries,
    SimilarDemandQueries,
    WorklistQueries,
    GapQueries,
    ReviewQueries,
);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    ServiceMutations,
    EdgeMutations,
    PersonMutations,
    TeamMutations,
    CustomerMutations,
    BusinessOutcomeMutations,
    BusinessCapabilityMutations,
    ServiceOfferingMutations,
    SupportCalendarMutations,
    ServiceLevelAgreementMutations,
    ShadowItMutations,
    FeedbackMutations,
    AvailabilityMutations,
    ExchangeMutations,
    RequestMutations,
    WebhookMutations,
    IncidentMutations,
    RecalculationMutations,
    DemandMutations,
);

/// Everything that can be waited for.
#[derive(Default, MergedSubscription)]
pub struct Subscription(
    ChangeSubscriptions,
    RequestSubscriptions,
    WarningSubscriptions,
);

/// The whole API.
pub type Schema = async_graphql::Schema<Guarded<Query>, Guarded<Mutation>, Guarded<Subscription>>;

/// Its builder.
pub type Builder = SchemaBuilder<Guarded<Query>, Guarded<Mutation>, Guarded<Subscription>>;

/// The API over a replica and its index, to be finished; amounts are in `currency`, and `insight` weighs what is to be decided.
pub fn builder(
    search: Search,
    tail: Tail,
    webhooks: Sender,
    currency: Currency,
    insight: InsightSettings,
) -> Builder {
    roots()
        .data(search.replica().clone())
        .data(search)
        .data(tail)
        .data(webhooks)
        .data(currency)
        .data(insight)
}

/// The API over nothing.
pub(crate) fn roots() -> Builder {
    let roots = Schema::build(Guarded::default(), Guarded::default(), Guarded::default());
    // The library's own types come without a description.
    roots
        .override_output_type_description::<ChangeConnection>(
            "One page of the feed, and where in the feed it is.",
        )
        .override_output_type_description::<ID>(
            "What names an object: opaque, and never given to another.",
        )
}

/// The API in the schema definition language, as `kundig schema` prints it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    roots().finish().sdl_with_options(options)
}

/// Everything with an identity.
#[derive(Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, never changes."))]
pub enum Node {
    /// Somebody.
    Person(PersonNode),
    /// Delivers services.
    Team(TeamNode),
    /// Whom services are for.
    Customer(CustomerNode),
    /// What the business wants.
    BusinessOutcome(OutcomeNode),
    /// What the business can do.
    BusinessCapability(CapabilityNode),
    /// What is delivered.
    Service(ServiceNode),
    /// What can be requested.
    ServiceOffering(OfferingNode),
    /// When services are attended.
    SupportCalendar(CalendarNode),
    /// What is promised.
    ServiceLevelAgreement(AgreementNode),
    /// What a customer got elsewhere.
    ShadowItSighting(SightingNode),
    /// What somebody says of a service.
    Feedback(FeedbackNode),
    /// A part of what is promised.
    ServiceLevelTarget(TargetNode),
    /// What somebody asked for.
    ServiceRequest(RequestNode),
    /// Where events are sent to.
    WebhookEndpoint(EndpointNode),
    /// What is broken.
    Incident(IncidentNode),
    /// What a customer needs, wishes for or is driven by.
    Demand(DemandNode),
}

/// A piece of work, if there is one that the viewer sees.
pub async fn work_node(ctx: &Context<'_>, kind: WorkType, key: Uuid) -> Result<Option<Node>> {
    match kind {
        WorkType::ServiceRequest => Ok(request(ctx, key).await?.map(Node::from)),
        WorkType::WebhookEndpoint => Ok(endpoint(ctx, key).await?.map(Node::from)),
        WorkType::Incident => Ok(incident(ctx, key).await?.map(Node::from)),
        WorkType::Feedback => Ok(feedback(ctx, key).await?.map(Node::from)),
        WorkType::Demand => Ok(demand(ctx, key).await?.map(Node::from)),
    }
}

/// The thing with this id, if there is one that the viewer sees.
async fn node_of(ctx: &Context<'_>, id: &str) -> Result<Option<Node>> {
    match id.parse() {
        Ok(SubjectRef {
            kind: SubjectType::Work(kind),
            id,
        }) => work_node(ctx, kind, id).await,
        _ => Ok(node_by_id(&catalog(ctx), id)),
    }
}

/// The object, if it is there.
pub fn node_in(catalog: &Catalog, object: ObjectRef) -> Option<Node> {
    fn found<T: Record, N: From<Arc<T>> + Into<Node>>(
        catalog: &Catalog,
        key: Uuid,
    ) -> Option<Node> {
        let record = catalog.get(Id::<T>::new(key))?;
        Some(N::from(Arc::clone(record)).into())
    }
    let key = object.id;
    match object.kind {
        ObjectType::Person => found::<_, PersonNode>(catalog, key),
        ObjectType::Team => found::<_, TeamNode>(catalog, key),
        ObjectType::Customer => found::<_, CustomerNode>(catalog, key),
        ObjectType::BusinessOutcome => found::<_, OutcomeNode>(catalog, key),
        ObjectType::BusinessCapability => found::<_, CapabilityNode>(catalog, key),
        ObjectType::Service => found::<_, ServiceNode>(catalog, key),
        ObjectType::ServiceOffering => found::<_, OfferingNode>(catalog, key),
        ObjectType::SupportCalendar => found::<_, CalendarNode>(catalog, key),
        ObjectType::ServiceLevelAgreement => found::<_, AgreementNode>(catalog, key),
        ObjectType::ShadowItSighting => found::<_, SightingNode>(catalog, key),
    }
}

/// The object or the part of one that has this id, if it is there.
fn node_by_id(catalog: &Catalog, id: &str) -> Option<Node> {
    if let Ok(target) = id.parse::<TargetId>() {
        let (_, target) = catalog.target(target)?;
        return Some(TargetNode::from(target.clone()).into());
    }
    node_in(catalog, id.parse().ok()?)
}

/// Queries for objects of any type.
#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// The object with this id; null where there is none.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Node>> {
        node_of(ctx, &id).await
    }

    /// The objects with these ids, in the same order; null where there is none. Errors: `BAD_USER_INPUT` for more than 100.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        const MOST: usize = 100;
        if ids.len() > MOST {
            return Err(bad_input(format!(
                "`ids` has {} entries; at most {MOST} are allowed",
                ids.len()
            )));
        }
        try_join_all(ids.iter().map(|id| node_of(ctx, id))).await
    }
}
