//! Writes a generated catalog straight into a database.

use entity::{
    business_capability, business_outcome, customer, outcome_contribution, person, person_team,
    service, service_dependency, service_offering, team,
};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel,
    Iterable, TransactionTrait as _,
};

use super::Catalog;

/// SQLite's limit is 32,766, PostgreSQL's 65,535.
const MAX_PARAMETERS: usize = 30_000;

impl Catalog {
    /// Writes it into a migrated, empty database, in one transaction and past the change feed: a server that starts on
    /// it later finds a catalog whose history is not known.
    pub async fn write(self, database: &DatabaseConnection) -> Result<(), DbErr> {
        let transaction = database.begin().await?;
        insert::<team::Entity, _, _>(&transaction, self.teams).await?;
        let (customers, representatives): (Vec<_>, Vec<_>) = self
            .customers
            .into_iter()
            .map(without_representative)
            .unzip();
        insert::<customer::Entity, _, _>(&transaction, customers).await?;
        insert::<person::Entity, _, _>(&transaction, self.people).await?;
        for representative in representatives {
            representative.update(&transaction).await?;
        }
        insert::<person_team::Entity, _, _>(&transaction, self.memberships).await?;
        insert::<business_capability::Entity, _, _>(&transaction, self.capabilities).await?;
        insert::<business_outcome::Entity, _, _>(&transaction, self.outcomes).await?;
        insert::<service::Entity, _, _>(&transaction, self.services).await?;
        insert::<service_dependency::Entity, _, _>(&transaction, self.dependencies).await?;
        insert::<outcome_contribution::Entity, _, _>(&transaction, self.contributions).await?;
        insert::<service_offering::Entity, _, _>(&transaction, self.offerings).await?;
        transaction.commit().await
    }
}

/// Customers and people refer to each other, so a customer's representative is set once the people are there.
fn without_representative(mut row: customer::Model) -> (customer::Model, customer::ActiveModel) {
    let representative = customer::ActiveModel {
        id: Unchanged(row.id),
        representative_id: Set(row.representative_id.take()),
        ..Default::default()
    };
    (row, representative)
}

async fn insert<E, M, A>(connection: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr>
where
    E: EntityTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let at_once = MAX_PARAMETERS / E::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows
            .by_ref()
            .take(at_once)
            .map(IntoActiveModel::into_active_model)
            .collect();
        E::insert_many(chunk)
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}
