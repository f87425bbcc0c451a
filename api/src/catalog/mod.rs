//! Who and what: people, teams, customers, capabilities, services and offerings.

pub mod capabilities;
pub mod customers;
pub mod graphql;
pub mod offerings;
pub mod people;
pub mod services;
pub mod teams;
