//! A database that moved to another PostgreSQL cluster, whose transaction numbers begin again.

use kundig_tests::{Database, Settings, on_postgres};
use sea_orm::ConnectionTrait;

use crate::objects::until_shown;
use crate::support::create_service;

on_postgres!(the_feed_goes_on_growing_after_a_restore_into_a_younger_cluster);

async fn the_feed_goes_on_growing_after_a_restore_into_a_younger_cluster(
    database: Database,
) -> anyhow::Result<()> {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    create_service(&server, "Before").await;
    drop(server);
    // As if the old cluster had been a million transactions ahead of this one.
    database
        .connect()
        .await
        .execute_unprepared("UPDATE change SET sequence = sequence + (1000000::bigint << 20)")
        .await?;

    for name in ["After", "After another start"] {
        let server = settings.start().await;
        create_service(&server, name).await;
        until_shown(&server).await;
        let answer = server
            .query("{ changes { nodes { sequence subject { ... on Service { name } } } } }")
            .send()
            .await;
        let changes = answer.expect_data()["changes"]["nodes"].clone();
        let changes = changes.as_array().cloned().unwrap_or_default();
        let newest = changes
            .last()
            .map(|change| change["subject"]["name"].clone());
        assert_eq!(newest, Some(name.into()), "{changes:#?}");
        let sequences: Vec<i64> = changes
            .iter()
            .filter_map(|change| change["sequence"].as_str()?.parse().ok())
            .collect();
        assert!(sequences.is_sorted(), "{sequences:?}");
    }
    Ok(())
}
