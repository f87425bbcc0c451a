//! Connections over which subscriptions are answered, as they are described in `LIVE.md` beside this file.

pub(crate) mod events;
mod protocol;
mod sessions;
pub(crate) mod socket;

pub(crate) use self::sessions::{Live, Session, Transport};
