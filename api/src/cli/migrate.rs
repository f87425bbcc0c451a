//! `kundig migrate`

use super::Failure;
use crate::config::Config;

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    super::boot::migrate(config).await?;
    tracing::info!(database = %config.database, "the database's schema is up to date");
    Ok(())
}
