//! Kundig: a GraphQL service catalog that knows its customers.

pub mod exchange;
