//! How a subscription's root field is resolved: once to say where its events come from, then once for each event.
//!
//! Each event is executed as a request of its own: with a catalog that contains it, with its viewer as they are then, and
//! with a budget of its own. So a resolver of `Subscription` asks at which [`Stage`] it is called.

use std::any::Any;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use futures_util::stream::BoxStream;
use sea_orm::DbErr;

/// One thing that happened, as a subscription's root field knows it.
#[derive(Clone)]
pub struct Event(Arc<dyn Any + Send + Sync>);

impl Event {
    /// An event of this kind.
    pub fn new<E: Any + Send + Sync>(event: E) -> Self {
        Self(Arc::new(event))
    }

    /// The event, which is of the kind that the same root field has made.
    pub fn get<E: Any + Send + Sync>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl Debug for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Event")
    }
}

/// Where a subscription's events come from, in their order. Nothing is made before it is asked for, so whoever takes them
/// slowly makes nobody hold them for them. After an error there are no more.
pub type Source = BoxStream<'static, Result<Event, DbErr>>;

/// What a subscription's root field is asked for.
#[derive(Debug)]
pub enum Stage {
    /// Where its events come from.
    Opening(Opening),
    /// What one of its events looks like.
    Event(Event),
}

impl Stage {
    /// The stage at which a root field is resolved.
    pub fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// Where events come from, once the root field has said so.
    pub fn opened(&self) -> Option<Source> {
        match self {
            Self::Opening(opening) => opening.lock().take(),
            Self::Event(_) => None,
        }
    }
}

/// The place for the source of a subscription's events.
#[derive(Default)]
pub struct Opening(Mutex<Option<Source>>);

impl Opening {
    /// Says where the events come from.
    pub fn set(&self, source: Source) {
        *self.lock() = Some(source);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Source>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Debug for Opening {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}
