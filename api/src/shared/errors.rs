//! Why a mutation did nothing.

/// One reason, with the place in the mutation's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Path into the input; empty for the whole.
    pub field: Vec<String>,
    /// What is wrong and what would be right.
    pub message: String,
    /// The kind of reason.
    pub code: UserErrorCode,
}

/// The kinds of reasons for which a mutation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserErrorCode {
    /// A value that can't be.
    Invalid,
    /// An object that is not there.
    NotFound,
    /// A value that must be unique and is taken.
    AlreadyExists,
    /// The object changed since it was read.
    StaleVersion,
    /// The object's state does not allow this step.
    IllegalTransition,
    /// Others still refer to it.
    InUse,
    /// A parent below its own child.
    Cycle,
    /// An idempotency key that was used before with another input.
    IdempotencyConflict,
}

impl UserError {
    /// An error at a field of the input.
    pub fn new(code: UserErrorCode, field: &str, message: impl Into<String>) -> Self {
        Self {
            field: vec![field.to_owned()],
            message: message.into(),
            code,
        }
    }

    /// An error at a place inside a field: `["links", "2", "url"]`.
    pub fn at(code: UserErrorCode, field: &[&str], message: impl Into<String>) -> Self {
        Self {
            field: field.iter().map(|&part| part.to_owned()).collect(),
            message: message.into(),
            code,
        }
    }
}

/// All reasons at once; never empty where it is an `Err`.
pub type UserErrors = Vec<UserError>;
