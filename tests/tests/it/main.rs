//! Tests of the whole: the real server, real databases, HTTP.

mod generator;
mod migrations;
mod server;
