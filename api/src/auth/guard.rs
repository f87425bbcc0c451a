//! The roots, behind the rules of [`access`].

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, Registry};
use async_graphql::resolver_utils::ContainerType;
use async_graphql::{
    Context, ContextSelectionSet, Error, ErrorExtensionValues, ObjectType, OutputType, Positioned,
    Response, Result, ServerError, ServerResult, SubscriptionType, Value,
};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::access::{self, Access};
use super::{Scope, Viewer};
use crate::shared::error_code::ErrorCode;

/// A root whose fields are resolved only for viewers who may have them. A field without a rule is nobody's.
#[derive(Clone, Debug, Default)]
pub struct Guarded<T>(pub T);

impl<T: ObjectType> OutputType for Guarded<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    /// The root's own, with what each field needs added to its description.
    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        describe_access(registry, &T::type_name());
        name
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<T: ObjectType> ContainerType for Guarded<T> {
    fn is_empty() -> bool {
        T::is_empty()
    }

    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        check(ctx, &T::type_name()).map_err(|error| ctx.set_error_path(error))?;
        // On the heap: it is as large as the largest of all fields, and whoever calls would have it on the stack.
        Box::pin(self.0.resolve_field(ctx)).await
    }

    /// There is none: no rule says who may have entities, so the root's own are nobody's.
    async fn find_entity(&self, _: &Context<'_>, _: &Value) -> ServerResult<Option<Value>> {
        Ok(None)
    }
}

impl<T: ObjectType> ObjectType for Guarded<T> {}

impl<T: SubscriptionType> SubscriptionType for Guarded<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    /// The root's own, with what each field needs added to its description.
    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        describe_access(registry, &T::type_name());
        name
    }

    fn is_empty() -> bool {
        T::is_empty()
    }

    /// The rule is asked once to open the stream and again for each event.
    fn create_field_stream<'a>(&'a self, ctx: &'a Context<'_>) -> Option<BoxStream<'a, Response>> {
        match check(ctx, &T::type_name()) {
            Ok(()) => self.0.create_field_stream(ctx),
            Err(error) => {
                let refusal = Response::from_errors(vec![ctx.set_error_path(error)]);
                Some(stream::iter([refusal]).boxed())
            }
        }
    }
}

/// That the viewer may have the field that is being resolved, which needs a scope that its object does not. Errors: `FORBIDDEN`,
/// `UNAUTHENTICATED`.
pub fn require(ctx: &Context<'_>, scope: Scope) -> Result<()> {
    let viewer = ctx.data_unchecked::<Viewer>();
    if viewer.may(scope) {
        return Ok(());
    }
    let refusal = denied(&ctx.item.node.name.node, Access::Scope(scope), viewer);
    Err(Error {
        message: refusal.message,
        source: None,
        extensions: refusal.extensions,
    })
}

/// Adds to the description of each field of a root what it needs.
fn describe_access(registry: &mut Registry, root: &str) {
    let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(root) else {
        return;
    };
    for field in fields.values_mut() {
        if let Some(access) = access::of_root_field(root, &field.name) {
            let description = field.description.get_or_insert_default();
            description.push_str("\n\nNeeds ");
            description.push_str(&access.to_string());
            description.push('.');
        }
    }
}

fn check(ctx: &Context<'_>, root: &str) -> ServerResult<()> {
    let field = &ctx.item.node.name.node;
    let viewer = ctx.data_unchecked::<Viewer>();
    match access::of_root_field(root, field) {
        Some(access) if access.permits(viewer) => Ok(()),
        Some(access) => Err(denied(field, access, viewer)),
        None => Err(ServerError::new(
            format!("no rule says who may have `{root}.{field}`"),
            None,
        )),
    }
    .map_err(|error: ServerError| ServerError {
        locations: vec![ctx.item.pos],
        ..error
    })
}

fn denied(field: &str, access: Access, viewer: &Viewer) -> ServerError {
    let (code, message) = if viewer.is_known() {
        let held = viewer.scopes();
        let held = if held.is_empty() {
            "none".to_owned()
        } else {
            held.to_string()
        };
        let message = format!("`{field}` needs {access}; this token's scopes: {held}");
        (ErrorCode::Forbidden, message)
    } else {
        let message =
            format!("`{field}` needs {access}: send a token as `Authorization: Bearer …`");
        (ErrorCode::Unauthenticated, message)
    };
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    if let Access::Scope(scope) | Access::ScopeOrOwner(scope) | Access::OwnOrAll(scope, _) = access
    {
        extensions.set("requiredScope", Scope::as_str(scope));
    }
    let mut error = ServerError::new(message, None);
    error.extensions = Some(extensions);
    error
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};

    use super::*;

    #[derive(SimpleObject)]
    struct Thing {
        id: i32,
    }

    /// A root that would give anybody an entity.
    #[derive(Default)]
    struct Root;

    #[Object]
    impl Root {
        #[graphql(entity)]
        async fn thing(&self, id: i32) -> Thing {
            Thing { id }
        }
    }

    async fn ask_for_entity(root: impl ObjectType + 'static) -> Value {
        const ENTITY: &str = "{ _entities(representations: [{__typename: \"Thing\", id: 1}]) { ... on Thing { id } } }";
        let schema = Schema::build(root, EmptyMutation, EmptySubscription).finish();
        schema.execute(ENTITY).await.data
    }

    #[tokio::test]
    async fn entities_are_nobodys_as_long_as_there_is_no_rule_for_them() {
        let unguarded = ask_for_entity(Root).await;
        assert_eq!(
            unguarded.to_string(),
            "{_entities: [{id: 1}]}",
            "the root has it"
        );
        assert_eq!(ask_for_entity(Guarded(Root)).await, Value::Null);
    }
}
