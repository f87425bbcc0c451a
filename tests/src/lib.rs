//! What the tests need: throw-away databases, the real server as a child process, and a client that talks to it over
//! HTTP.
//!
//! ```no_run
//! # async fn example() {
//! use kundig_tests::{Database, Server};
//!
//! let database = Database::sqlite();
//! let server = Server::start(&database).await;
//! let answer = server.query("{ services { totalCount } }").send().await;
//! assert_eq!(answer.expect_data()["services"]["totalCount"], 0);
//! # }
//! ```

pub mod binary;
pub mod client;
pub mod database;
pub mod generator;
pub mod identity_provider;
pub mod live;
pub mod load;
pub mod metrics;
mod postgres;
pub mod process;
pub mod runtime;
mod sandbox;
pub mod script;
pub mod server;
pub mod tokens;

pub use binary::kundig;
pub use client::{Answer, Query};
pub use database::Database;
pub use identity_provider::IdentityProvider;
pub use live::{Events, Handshake, Socket};
pub use runtime::block_on;
pub use server::{Server, Settings};
pub use tokens::{SigningKey, Token};

/// Said wherever something is missing on this machine.
pub(crate) const SETUP_HINT: &str = "run tests/run, which installs what the tests need";

/// Makes two tests of each function `async fn name(database: Database)`: `name::sqlite` and `name::postgres`.
///
/// A function that is not named in it is never called, which the compiler says.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() -> impl ::std::process::Termination {
                $crate::block_on(super::$name($crate::Database::sqlite()))
            }

            #[test]
            fn postgres() -> impl ::std::process::Termination {
                $crate::block_on(super::$name($crate::Database::postgres()))
            }
        }
    )+};
}

/// Makes a test of each function `async fn name(database: Database)` that is about several servers on one PostgreSQL.
#[macro_export]
macro_rules! on_postgres {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn postgres() -> impl ::std::process::Termination {
                $crate::block_on(super::$name($crate::Database::postgres()))
            }
        }
    )+};
}
