//! Subscriptions: over WebSockets, over server-sent events, and that they show everything once.

mod clients;
mod events;
mod resume;
mod socket;
mod work;

/// What is subscribed to where nothing else is said.
const CHANGES: &str = "subscription ($filter: ChangeFilter, $after: String) {
  changes(filter: $filter, after: $after) { sequence kind type subjectId actor subject { id ... on Team { name } } } }";
