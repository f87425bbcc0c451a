//! People in the database.

use std::collections::{BTreeSet, HashMap};

use entity::{person, person_team};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::rules::Person;
use crate::shared::draft::Edit;
use crate::shared::ids::Id;
use crate::shared::store::{
    ActiveRow, CHUNK, Column, DamagedRow, Row, Stored, Which, part_changes,
};
use crate::{header_from, row_of};

impl Stored for Person {
    type Entity = person::Entity;
    const ID: Column<Self> = person::Column::Id;
    const VERSION: Column<Self> = person::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        Ok(Self {
            email: row.email,
            subject: row.subject,
            customer_id: row.customer_id.map(Id::new),
            team_ids: BTreeSet::new(),
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(person, &self.header, {
            email: self.email.clone(),
            subject: self.subject.clone(),
            customer_id: self.customer_id.map(Id::key),
        })
    }

    async fn load_parts<C: ConnectionTrait>(
        connection: &C,
        which: &Which<'_>,
        records: &mut HashMap<Uuid, Self>,
    ) -> Result<(), DbErr> {
        for condition in which.conditions(person_team::Column::PersonId) {
            let rows = person_team::Entity::find()
                .filter(condition)
                .all(connection)
                .await?;
            for row in rows {
                if let Some(person) = records.get_mut(&row.person_id) {
                    person.team_ids.insert(Id::new(row.team_id));
                }
            }
        }
        Ok(())
    }

    async fn write_parts<C: ConnectionTrait>(
        connection: &C,
        edits: &[Edit<Self>],
    ) -> Result<(), DbErr> {
        let (gone, new) = part_changes(edits, |person| {
            let person_id = person.header.id;
            person
                .team_ids
                .iter()
                .map(|team| (person_id, team.key()))
                .collect()
        });
        for (person, team) in gone {
            person_team::Entity::delete_by_id((person, team))
                .exec(connection)
                .await?;
        }
        for chunk in new.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|&(person_id, team_id)| person_team::ActiveModel {
                    person_id: Set(person_id),
                    team_id: Set(team_id),
                });
            person_team::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
        Ok(())
    }
}
