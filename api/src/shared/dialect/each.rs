//! One selection for each of many keys.

use sea_orm::DatabaseBackend;
use sea_orm::sea_query::{
    Condition, Expr, Func, JoinType, Query, SelectStatement, SimpleExpr, SqliteQueryBuilder,
    UnionType, Value,
};
use uuid::Uuid;

use super::MAX_BINDINGS;

/// How many selections stand beside each other in one statement: SQLite's parts of a compound statement are limited.
const PARTS_AT_ONCE: usize = 400;

/// What the column of [`keys`] is called.
pub const KEY: &str = "key";

/// Keys as rows of one column, in one bound value however many they are.
pub fn keys(backend: DatabaseBackend, keys: &[Uuid]) -> SelectStatement {
    let mut rows = Query::select();
    if backend == DatabaseBackend::Postgres {
        let keys = Expr::value(Value::from(keys.to_vec()));
        return rows.expr_as(Func::cust("unnest").arg(keys), KEY).take();
    }
    let keys: Vec<_> = keys.iter().map(Uuid::as_simple).collect();
    let keys = serde_json::json!(keys).to_string();
    rows.expr_as(Expr::cust("unhex(value)"), KEY)
        .from_function(Func::cust("json_each").arg(Expr::value(keys)), "listed")
        .take()
}

/// The statements that run a selection once for each key, which must be few rows each: `select` makes it for a key.
///
/// PostgreSQL runs it in a lateral join; SQLite has none, and gets one selection beside the other.
pub fn for_each_key(
    backend: DatabaseBackend,
    keys: &[Uuid],
    select: impl Fn(SimpleExpr) -> SelectStatement,
) -> Vec<SelectStatement> {
    if let [key] = keys {
        return vec![select(Expr::value(*key))];
    }
    if backend == DatabaseBackend::Postgres {
        let each = select(Expr::col(("wanted", "key")));
        return vec![lateral(&[("key", keys.to_vec().into())], each)];
    }
    beside(keys.iter().map(|key| select(Expr::value(*key))))
}

/// As [`for_each_key`], for pairs: the ends of a span, a key and a number.
pub fn for_each_pair<A, B>(
    backend: DatabaseBackend,
    pairs: &[(A, B)],
    select: impl Fn(SimpleExpr, SimpleExpr) -> SelectStatement,
) -> Vec<SelectStatement>
where
    A: Copy + Into<Value>,
    B: Copy + Into<Value>,
    Vec<A>: Into<Value>,
    Vec<B>: Into<Value>,
{
    if backend == DatabaseBackend::Postgres {
        let (one, other): (Vec<A>, Vec<B>) = pairs.iter().copied().unzip();
        let column = |name| Expr::col(("wanted", name));
        let each = select(column("one"), column("other"));
        let wanted = [("one", one.into()), ("other", other.into())];
        return vec![lateral(&wanted, each)];
    }
    let select = |(one, other): &(A, B)| select(Expr::value(*one), Expr::value(*other));
    beside(pairs.iter().map(select))
}

/// Selections that are run each for itself, as many in a statement as it may bind values of.
fn beside(parts: impl Iterator<Item = SelectStatement>) -> Vec<SelectStatement> {
    let mut statements: Vec<SelectStatement> = Vec::new();
    let (mut count, mut bound) = (0, 0);
    for part in parts {
        let bindings = part.build(SqliteQueryBuilder).1.0.len();
        let part = Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(part, "part")
            .take();
        match statements.last_mut() {
            Some(last) if count < PARTS_AT_ONCE && bound + bindings <= MAX_BINDINGS => {
                last.union(UnionType::All, part);
                (count, bound) = (count + 1, bound + bindings);
            }
            _ => {
                statements.push(part);
                (count, bound) = (1, bindings);
            }
        }
    }
    statements
}

/// A selection for each row of arrays of the same length.
fn lateral(arrays: &[(&'static str, Value)], each: SelectStatement) -> SelectStatement {
    let mut wanted = Query::select();
    for (name, values) in arrays {
        wanted.expr_as(Func::cust("unnest").arg(Expr::value(values.clone())), *name);
    }
    Query::select()
        .expr(Expr::cust("found.*"))
        .from_subquery(wanted, "wanted")
        .join_lateral(JoinType::InnerJoin, each, "found", Condition::all())
        .take()
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::ExprTrait;

    use super::*;

    #[test]
    fn no_statement_binds_more_than_it_may() {
        let keys: Vec<Uuid> = (0..1_000).map(Uuid::from_u128).collect();
        let filter: Vec<i64> = (0..300).collect();
        let select = |key: SimpleExpr| {
            Query::select()
                .column("id")
                .from("work")
                .and_where(Expr::col("parent").eq(key))
                .and_where(Expr::col("kind").is_in(filter.iter().copied()))
                .take()
        };
        let statements = for_each_key(DatabaseBackend::Sqlite, &keys, select);
        let bound: Vec<usize> = statements
            .iter()
            .map(|statement| statement.build(SqliteQueryBuilder).1.0.len())
            .collect();
        assert!(
            bound.iter().all(|&bound| bound <= MAX_BINDINGS),
            "{bound:?}"
        );
        assert_eq!(bound.iter().sum::<usize>(), 1_000 * 301, "each key once");
        assert_eq!(statements.len(), 11);
    }
}
