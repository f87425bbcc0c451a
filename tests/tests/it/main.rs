//! Tests of the whole: the real server, real databases, HTTP.

mod demo;
mod exchange;
mod feed;
mod generator;
mod migrations;
mod restore;
mod server;
mod snapshot;
mod support;
