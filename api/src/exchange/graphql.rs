//! Import in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};

use super::import::{Format, Imported, Reading, user_errors};
use crate::shared::{
    errors::UserErrors,
    graphql::{self, UserError, commit_aside, internal},
    request::RequestCatalog,
    write::aside,
};
use crate::{demand::graphql::visible, snapshot::Replica};

/// What to import, and how.
#[derive(InputObject)]
pub struct ImportCatalogInput {
    /// What `source` is written in.
    format: CatalogFormat,
    /// The file's text; several YAML documents are fine.
    source: String,
    /// Whether to plan and report only, and change nothing.
    #[graphql(default)]
    dry_run: bool,
    /// Warnings count as errors.
    #[graphql(default)]
    strict: bool,
}

/// What a catalog can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CatalogFormat {
    /// Kundig's own YAML, as `kundig export` writes it.
    Kundig,
    /// Backstage's descriptors (`catalog-info.yaml`).
    Backstage,
    /// OpenSLO v1: a Service becomes a service where there is none, an SLO an agreement with a target for availability.
    #[graphql(name = "OPENSLO")]
    OpenSlo,
}

/// What an import did.
#[derive(SimpleObject)]
pub struct ImportCatalogPayload {
    /// Null where something was refused.
    result: Option<ImportResult>,
    /// Why nothing was imported: everything that is wrong, with its line and column; empty where nothing is.
    user_errors: Vec<UserError>,
}

/// How much an import changed, or would change.
#[derive(SimpleObject)]
pub struct ImportResult {
    /// Objects that are new.
    created: i32,
    /// Objects that changed, those included that only gained a link.
    updated: i32,
    /// Objects that are as the source says already.
    unchanged: i32,
    /// What was taken over with a reservation: a duplicate, a reference to nothing, a field that was kept as an annotation.
    warnings: Vec<String>,
}

impl ImportCatalogPayload {
    fn new(result: std::result::Result<Imported, UserErrors>) -> Self {
        match result {
            Ok(imported) => Self {
                result: Some(ImportResult::from(&imported)),
                user_errors: Vec::new(),
            },
            Err(refusals) => Self {
                result: None,
                user_errors: graphql::user_errors(refusals),
            },
        }
    }
}

impl From<&Imported> for ImportResult {
    fn from(imported: &Imported) -> Self {
        let count = |objects: usize| i32::try_from(objects).unwrap_or(i32::MAX);
        Self {
            created: count(imported.summary.created),
            updated: count(imported.summary.updated),
            unchanged: count(imported.summary.unchanged),
            warnings: imported
                .problems
                .warnings()
                .map(super::diagnostics::Problem::without_severity)
                .collect(),
        }
    }
}

/// Import.
#[derive(Default)]
pub struct ExchangeMutations;

#[Object]
impl ExchangeMutations {
    /// Imports the documents of a text, all or nothing. Repeating an import changes nothing. What the text points to is not
    /// read: a `Location` and a placeholder such as `$yaml` become warnings. User errors: INVALID.
    async fn import_catalog(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to import, and how.")] input: ImportCatalogInput,
    ) -> Result<ImportCatalogPayload> {
        let format = match input.format {
            CatalogFormat::Kundig => Format::Kundig,
            CatalogFormat::Backstage => Format::Backstage,
            CatalogFormat::OpenSlo => Format::OpenSlo,
        };
        let (source, strict) = (input.source, input.strict);
        let mut reading = aside(move || Reading::of_text(format, source)).await;
        let database = &ctx.data_unchecked::<Replica>().database().read;
        let found = reading.find_demands(database, &visible(ctx)).await;
        found.map_err(|error| internal(&error))?;
        let result = if input.dry_run {
            // All of it, as a commit would have it: only numbers and words about the import itself are told.
            let catalog = Arc::clone(&ctx.data_unchecked::<RequestCatalog>().whole());
            let (imported, _) = aside(move || reading.try_on(&catalog, strict)).await;
            accepted(imported)
        } else {
            commit_aside(ctx, move |draft| accepted(reading.plan(draft, strict))).await?
        };
        Ok(ImportCatalogPayload::new(result))
    }
}

/// The import, unless it has errors.
fn accepted(imported: Imported) -> std::result::Result<Imported, UserErrors> {
    if imported.problems.has_errors() {
        Err(user_errors(&imported.problems))
    } else {
        Ok(imported)
    }
}
