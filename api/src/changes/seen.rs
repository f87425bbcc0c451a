//! What somebody sees of work of which not everybody sees everything.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::auth::Viewer;
use crate::demand::access as demands;
use crate::demand::feedback::access as feedback;
use crate::requests::access as requests;
use crate::shared::subject::{SubjectRef, SubjectType, WorkType};
use crate::snapshot::Catalog;

/// Of one type of work, what somebody sees.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The type.
    pub kind: WorkType,
    /// Selects the keys of what is seen, as `id`.
    pub keys: SelectStatement,
}

/// What a viewer sees of each type of which they see a part. Of all others they see everything or, as the access table says,
/// nothing.
pub fn seen_by(viewer: &Viewer, whole: &Catalog) -> Vec<Seen> {
    let mut seen = Vec::new();
    let visible = requests::Visible::to(viewer, whole);
    if visible != requests::Visible::All {
        seen.push(Seen {
            kind: WorkType::ServiceRequest,
            keys: visible.keys(),
        });
    }
    let visible = demands::Visible::to(viewer, whole);
    if visible != demands::Visible::All {
        seen.push(Seen {
            kind: WorkType::Demand,
            keys: visible.keys(),
        });
    }
    let visible = feedback::Visible::to(viewer);
    if visible != feedback::Visible::All {
        seen.push(Seen {
            kind: WorkType::Feedback,
            keys: visible.keys(),
        });
    }
    seen
}

/// Those of some pieces of work, all of types in `seen`, that are seen. At most one statement.
pub async fn those_seen<C: ConnectionTrait>(
    connection: &C,
    seen: &[Seen],
    wanted: &[SubjectRef],
) -> Result<HashSet<Uuid>, DbErr> {
    let mut parts = seen.iter().filter_map(|seen| {
        let keys: Vec<Uuid> = wanted
            .iter()
            .filter_map(|it| it.as_work(seen.kind))
            .collect();
        let of_kind = || {
            let mut select = seen.keys.clone();
            select.and_where(Expr::col("id").is_in(keys.iter().copied()));
            Query::select()
                .column("id")
                .from_subquery(select, "part")
                .take()
        };
        (!keys.is_empty()).then(of_kind)
    });
    let Some(mut all) = parts.next() else {
        return Ok(HashSet::new());
    };
    for part in parts {
        all.union(UnionType::All, part);
    }
    let rows = connection.query_all(&all).await?.into_iter();
    rows.map(|row| row.try_get("", "id")).collect()
}

/// Whether a change of something is seen only where its key is among those seen.
pub fn is_restricted(seen: &[Seen], subject: SubjectRef) -> bool {
    let mut kinds = seen.iter().map(|seen| SubjectType::Work(seen.kind));
    kinds.any(|kind| kind == subject.kind)
}
