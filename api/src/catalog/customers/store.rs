//! Customers in the database.

use entity::customer;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, NotSet, QueryFilter};

use super::rules::Customer;
use crate::shared::draft::Edit;
use crate::shared::ids::Id;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, Stored};
use crate::{header_from, row_of};

impl Stored for Customer {
    type Entity = customer::Entity;
    const ID: Column<Self> = customer::Column::Id;
    const VERSION: Column<Self> = customer::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        Ok(Self {
            industry: row.industry,
            description: row.description,
            parent_id: row.parent_id.map(Id::new),
            representative_id: row.representative_id.map(Id::new),
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        let mut row = row_of!(customer, &self.header, {
            industry: self.industry.clone(),
            description: self.description.clone(),
            parent_id: self.parent_id.map(Id::key),
            representative_id: None,
        });
        row.representative_id = NotSet;
        row
    }

    /// The representative comes last: that person's own row may refer to the customer.
    async fn write_parts<C: ConnectionTrait>(
        connection: &C,
        edits: &[Edit<Self>],
    ) -> Result<(), DbErr> {
        for edit in edits {
            let Some(after) = &edit.after else { continue };
            let before = edit
                .before
                .as_ref()
                .and_then(|before| before.representative_id);
            if before != after.representative_id {
                customer::Entity::update_many()
                    .col_expr(
                        customer::Column::RepresentativeId,
                        Expr::value(after.representative_id.map(Id::key)),
                    )
                    .filter(customer::Column::Id.eq(after.header.id))
                    .exec(connection)
                    .await?;
            }
        }
        Ok(())
    }
}
