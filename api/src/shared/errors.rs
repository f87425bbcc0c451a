//! Why a mutation did nothing.

use std::fmt::Display;

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

    /// That the state of something, of which `stands` says how it is, does not allow a step, with those that it allows. Steps go
    /// by the names of their mutations.
    pub fn illegal(
        name: impl Display,
        stands: impl Display,
        step: &str,
        legal: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let legal: Vec<_> = legal.into_iter().collect();
        let legal = legal.join(", ");
        let message =
            format!("{name} {stands}, so {step} can't be done; what can be done: {legal}");
        Self::at(UserErrorCode::IllegalTransition, &[], message)
    }
}

/// All reasons at once; never empty where it is an `Err`.
pub type UserErrors = Vec<UserError>;

/// Refuses a change of what has another version than the one that it was decided on.
pub fn check_version(
    name: impl Display,
    version: i32,
    expected: Option<i32>,
) -> Result<(), UserErrors> {
    match expected {
        Some(expected) if expected != version => Err(vec![UserError::new(
            UserErrorCode::StaleVersion,
            "expectedVersion",
            format!(
                "{name} is at version {version}, not {expected}: read it again and decide anew"
            ),
        )]),
        _ => Ok(()),
    }
}
