//! Tests of the whole: the real server, real databases, HTTP.

mod access;
mod changes;
mod contract;
mod customers_and_outcomes;
mod demo;
mod dependencies;
mod every_type;
mod exchange;
mod feed;
mod generator;
mod limits;
mod listing;
mod migrations;
mod objects;
mod offerings;
mod oidc;
mod people_and_teams;
mod probes;
mod reading;
mod restore;
mod server;
mod services;
mod snapshot;
mod support;
mod tokens;
mod transport;
