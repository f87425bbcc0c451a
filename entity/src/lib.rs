//! Kundig's tables as SeaORM entities, one file a table.
//!
//! Conventions that hold for all of them: instants are microseconds since 1970 in UTC and money is
//! ten-thousandths of the reporting currency, both as 64-bit integers, because SQLite has neither an instant nor
//! an exact decimal type and both must sort and add up exactly on either database. Enumerations are stored by their
//! API names, a tier by its number, and calendar days as `2026-11-23`.

pub mod availability_measurement;
pub mod business_capability;
pub mod business_outcome;
pub mod calendar_content;
pub mod change;
pub mod customer;
pub mod demand;
pub mod demand_supporter;
pub mod feed;
pub mod feedback;
pub mod feedback_latest;
pub mod idempotency_key;
pub mod incident;
pub mod incident_event;
pub mod incident_service;
pub mod lease;
pub mod missed_search;
pub mod outcome_contribution;
pub mod person;
pub mod person_team;
pub mod request_event;
pub mod service;
pub mod service_dependency;
pub mod service_level_agreement;
pub mod service_offering;
pub mod service_request;
pub mod shadow_it_sighting;
pub mod sla_clock;
pub mod support_calendar;
pub mod team;
pub mod webhook_delivery;
pub mod webhook_endpoint;
