//! The generated catalog that larger tests and the benchmark run on.

use entity::{outcome_contribution, service, service_dependency};
use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, on_both_databases};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

#[test]
fn the_same_seed_generates_the_same_catalog() {
    let size = Size::of_services(100);
    assert_eq!(Catalog::generate(&size, 1), Catalog::generate(&size, 1));
    assert_ne!(Catalog::generate(&size, 1), Catalog::generate(&size, 2));
}

#[test]
fn the_smallest_catalog_can_be_generated() {
    let catalog = Catalog::generate(&Size::of_services(1), 1);
    assert_eq!(catalog.services.len(), 1);
    assert_eq!(catalog.dependencies.len(), 0);
}

async fn a_generated_catalog_can_be_written(database: Database) -> anyhow::Result<()> {
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    let catalog = Catalog::generate(&Size::of_services(2_000), 1);
    catalog.clone().write(&connection).await?;

    assert_eq!(service::Entity::find().count(&connection).await?, 2_000);
    assert_eq!(
        service_dependency::Entity::find()
            .count(&connection)
            .await?,
        8_000
    );
    assert_eq!(
        outcome_contribution::Entity::find()
            .count(&connection)
            .await?,
        4_000
    );
    let last = catalog.services.last().cloned();
    let id = last.as_ref().map(|service| service.id).unwrap_or_default();
    assert_eq!(
        service::Entity::find_by_id(id).one(&connection).await?,
        last
    );
    Ok(())
}

on_both_databases!(a_generated_catalog_can_be_written);
