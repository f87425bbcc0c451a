//! Services in the database, with their dependencies and contributions.

use std::collections::{BTreeMap, HashMap};

use entity::{outcome_contribution, service, service_dependency};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::rules::{Dependency, Service, Tier};
use crate::shared::draft::Edit;
use crate::shared::ids::Id;
use crate::shared::store::{
    ActiveRow, CHUNK, Column, DamagedRow, Row, RowReader, Stored, Which, json, part_changes,
};
use crate::{header_from, row_of};

impl Stored for Service {
    type Entity = service::Entity;
    const ID: Column<Self> = service::Column::Id;
    const VERSION: Column<Self> = service::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        let read = RowReader::new::<Self>(row.id);
        let tier = Tier::from_repr(row.tier).ok_or_else(|| format!("{} is none", row.tier));
        let confirmed = row
            .ownership_confirmed_at
            .map(|at| read.instant("ownership_confirmed_at", at))
            .transpose()?;
        Ok(Self {
            description: row.description,
            kind: read.value("kind", row.kind.parse())?,
            lifecycle: read.value("lifecycle", row.lifecycle.parse())?,
            tier: read.value("tier", tier)?,
            tags: read.value("tags", serde_json::from_value(row.tags))?,
            links: read.value("links", serde_json::from_value(row.links))?,
            business_owner_id: row.business_owner_id.map(Id::new),
            service_owner_id: row.service_owner_id.map(Id::new),
            team_id: row.team_id.map(Id::new),
            capability_id: row.capability_id.map(Id::new),
            ownership_confirmed_at: confirmed,
            dependencies: BTreeMap::new(),
            contributions: BTreeMap::new(),
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(service, &self.header, {
            description: self.description.clone(),
            kind: self.kind.to_string(),
            lifecycle: self.lifecycle.to_string(),
            tier: self.tier as i16,
            tags: json(&self.tags),
            links: json(&self.links),
            business_owner_id: self.business_owner_id.map(Id::key),
            service_owner_id: self.service_owner_id.map(Id::key),
            team_id: self.team_id.map(Id::key),
            capability_id: self.capability_id.map(Id::key),
            ownership_confirmed_at: self.ownership_confirmed_at.map(Timestamp::as_microsecond),
        })
    }

    async fn load_parts<C: ConnectionTrait>(
        connection: &C,
        which: &Which<'_>,
        records: &mut HashMap<Uuid, Self>,
    ) -> Result<(), DbErr> {
        for condition in which.conditions(service_dependency::Column::DependentId) {
            let rows = service_dependency::Entity::find()
                .filter(condition)
                .all(connection)
                .await?;
            for row in rows {
                if let Some(service) = records.get_mut(&row.dependent_id) {
                    let edge = Dependency {
                        strength: row.strength,
                        origin: row.origin,
                    };
                    service
                        .dependencies
                        .insert(Id::new(row.dependency_id), edge);
                }
            }
        }
        for condition in which.conditions(outcome_contribution::Column::ServiceId) {
            let rows = outcome_contribution::Entity::find()
                .filter(condition)
                .all(connection)
                .await?;
            for row in rows {
                if let Some(service) = records.get_mut(&row.service_id) {
                    service
                        .contributions
                        .insert(Id::new(row.outcome_id), row.share);
                }
            }
        }
        Ok(())
    }

    async fn write_parts<C: ConnectionTrait>(
        connection: &C,
        edits: &[Edit<Self>],
    ) -> Result<(), DbErr> {
        write_dependencies(connection, edits).await?;
        write_contributions(connection, edits).await
    }
}

async fn write_dependencies<C: ConnectionTrait>(
    connection: &C,
    edits: &[Edit<Service>],
) -> Result<(), DbErr> {
    let (gone, new) = part_changes(edits, |service| {
        let edges = service.dependencies.iter();
        edges
            .map(|(needed, edge)| (service.header.id, needed.key(), edge.clone()))
            .collect()
    });
    for (dependent, dependency, _) in gone {
        service_dependency::Entity::delete_by_id((dependent, dependency))
            .exec(connection)
            .await?;
    }
    for chunk in new.chunks(CHUNK) {
        let rows =
            chunk.iter().map(
                |(dependent, dependency, edge)| service_dependency::ActiveModel {
                    dependent_id: Set(*dependent),
                    dependency_id: Set(*dependency),
                    strength: Set(edge.strength),
                    origin: Set(edge.origin.clone()),
                },
            );
        service_dependency::Entity::insert_many(rows)
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

async fn write_contributions<C: ConnectionTrait>(
    connection: &C,
    edits: &[Edit<Service>],
) -> Result<(), DbErr> {
    let (gone, new) = part_changes(edits, |service| {
        let shares = service.contributions.iter();
        shares
            .map(|(outcome, &share)| (service.header.id, outcome.key(), share))
            .collect()
    });
    for (service, outcome, _) in gone {
        outcome_contribution::Entity::delete_by_id((service, outcome))
            .exec(connection)
            .await?;
    }
    for chunk in new.chunks(CHUNK) {
        let rows =
            chunk.iter().map(
                |&(service, outcome, share)| outcome_contribution::ActiveModel {
                    service_id: Set(service),
                    outcome_id: Set(outcome),
                    share: Set(share),
                },
            );
        outcome_contribution::Entity::insert_many(rows)
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}
