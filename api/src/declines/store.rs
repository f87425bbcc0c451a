//! A no in the columns that the tables of whatever can be declined have for it.

use std::fmt::Display;

use jiff::civil::Date;
use uuid::Uuid;

use super::rules::Decline;
use crate::shared::ids::Id;
use crate::shared::store::DamagedRow;
use crate::shared::work::WorkReader;

/// The columns, all empty where nothing was declined.
#[derive(Clone, Debug, Default)]
pub struct DeclineColumns {
    /// `decline_reason`: the kind of reason, as the API names it.
    pub reason: Option<String>,
    /// `decline_explanation`: the reason in words.
    pub explanation: Option<String>,
    /// `decline_alternative_id`: the offering that is the other way.
    pub alternative_id: Option<Uuid>,
    /// `decline_revisit_on`: when it is worth asking again, `2026-11-23`.
    pub revisit_on: Option<String>,
    /// `declined_by`: the subject of whoever said no.
    pub declined_by: Option<String>,
    /// `declined_at`: microseconds since 1970, UTC.
    pub declined_at: Option<i64>,
}

impl From<Option<&Decline>> for DeclineColumns {
    fn from(decline: Option<&Decline>) -> Self {
        decline.map_or_else(Self::default, |decline| Self {
            reason: Some(decline.reason.to_string()),
            explanation: Some(decline.explanation.clone()),
            alternative_id: decline.alternative_id.map(Id::key),
            revisit_on: decline.revisit_on.map(|day| day.to_string()),
            declined_by: Some(decline.declined_by.clone()),
            declined_at: Some(decline.declined_at.as_microsecond()),
        })
    }
}

impl DeclineColumns {
    /// The no that they hold, if they hold one. Errors where they can't have been written by us.
    pub fn read(self, reader: &WorkReader<impl Display>) -> Result<Option<Decline>, DamagedRow> {
        let (Some(reason), Some(explanation), Some(declined_by), Some(declined_at)) = (
            self.reason,
            self.explanation,
            self.declined_by,
            self.declined_at,
        ) else {
            return Ok(None);
        };
        let revisit_on = self.revisit_on.as_deref();
        Ok(Some(Decline {
            reason: reader.parse("decline_reason", &reason)?,
            explanation,
            alternative_id: self.alternative_id.map(Id::new),
            revisit_on: revisit_on
                .map(|day| reader.parse::<Date>("decline_revisit_on", day))
                .transpose()?,
            declined_by,
            declined_at: reader.instant("declined_at", declined_at)?,
        }))
    }
}
