//! Kundig: a GraphQL service catalog that knows its customers.
