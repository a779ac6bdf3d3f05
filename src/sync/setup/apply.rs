//! Carrying out a plan: one call a table, field or link.

use super::{
    Event, Notice, SetupError,
    plan::{NewLink, Plan, Step},
};
use crate::{
    airtable::{
        Client, Error,
        meta::{FieldFormat, NewField},
        schema::{BaseSchema, FieldSchema},
    },
    content::ids::TableId,
};

/// Adds what the plan says, tells each thing once it is done, and gives the schema with it.
///
/// # Errors
/// At the first call that fails; what was added before stays.
pub async fn apply(
    client: &Client,
    plan: &Plan,
    mut schema: BaseSchema,
    tell: &mut impl FnMut(Event),
) -> Result<BaseSchema, SetupError> {
    let mut ids = plan.found.clone();
    for step in &plan.steps {
        match step {
            Step::Table(key, table) => {
                let table = client.create_table(table).await?;
                ids.insert(*key, table.id.clone());
                schema.tables.push(table);
            }
            Step::Field(table, field) => {
                if let Some(table) = ids.get(&table.key) {
                    add_field(client, &mut schema, table, field).await?;
                }
            }
            Step::Link(link) => {
                if let (Some(table), Some(target)) =
                    (ids.get(&link.table.key), ids.get(&link.target.key))
                {
                    let notice = add_link(client, &mut schema, table, target, link).await?;
                    notice.map(Event::Noticed).into_iter().for_each(&mut *tell);
                }
            }
        }
        tell(Event::Added(step.addition()));
    }
    Ok(schema)
}

async fn add_field(
    client: &Client,
    schema: &mut BaseSchema,
    table: &TableId,
    field: &NewField,
) -> Result<FieldSchema, Error> {
    let field = client.create_field(table, field).await?;
    if let Some(table) = schema.tables.iter_mut().find(|known| known.id == *table) {
        table.fields.insert(field.id().clone(), field.clone());
    }
    Ok(field)
}

/// Adds a link, and gives its opposite, which Airtable has just made, a name that tells it from
/// others. That a name is taken stops nothing.
async fn add_link(
    client: &Client,
    schema: &mut BaseSchema,
    table: &TableId,
    target: &TableId,
    link: &NewLink,
) -> Result<Option<Notice>, Error> {
    let NewLink { name, description, opposite, .. } = link;
    let format = FieldFormat::MultipleRecordLinks(target.clone());
    let field = NewField { name: name.clone(), description: description.clone(), format };
    let field = add_field(client, schema, table, &field).await?;
    let Some((name, opposite)) = opposite.zip(field.opposite()) else { return Ok(None) };
    match client.rename_field(target, &opposite, name).await {
        Ok(_) => Ok(None),
        Err(Error::Invalid { .. }) => {
            let place = format!("{}.{}", link.table.name, link.name);
            Ok(Some(Notice::NotRenamed { place, name }))
        }
        Err(error) => Err(error),
    }
}
