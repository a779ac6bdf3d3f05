//! The rows of the demo base, put into a real one.
//!
//! Only what is missing is added: a row that is there stays as it is, but for links and files that
//! it lacks altogether, so that a run that was interrupted can be completed. Rows that aren't the
//! demo's are left alone.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Addition, Event, SetupError,
    rows::{
        Ids, LeftOut, ORDER, TableRows, Target, cell, empty_links, missing, pair, table, waits,
    },
};
use crate::{
    airtable::{
        Client, Error, NewRow, Record, RowUpdate,
        attachments::NewAttachment,
        schema::{BaseSchema, TableSchema},
    },
    content::{
        cell::Cell,
        ids::RecordId,
        row::Row,
        tables::{FieldKey, TableKey},
    },
    sandbox::seed::{AttachmentSeed, BaseSeed, Lookup, RecordSeed},
    sync::mapping::{Mapping, Names, resolve},
};

/// Rows to add to a base, and their files. Ids are those of the base that they were written for.
#[derive(Debug, Clone, Default)]
pub struct Demo {
    /// The rows, without attachments.
    pub rows: TableRows,
    /// The attachments.
    pub files: Vec<DemoFile>,
}

/// A file of a row.
#[derive(Debug, Clone)]
pub struct DemoFile {
    /// Table of the row.
    pub table: TableKey,
    /// The row.
    pub row: RecordId,
    /// The field.
    pub field: FieldKey,
    /// The file.
    pub file: NewAttachment,
}

/// Why rows can't be read from a seed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The seed has not the form of a base.
    #[error("the demo rows can't be read")]
    Form(#[from] serde_json::Error),
    /// A file has no content, or content that isn't Base64.
    #[error("the content of {filename}, a file of {row}, can't be read")]
    File {
        /// Its name.
        filename: String,
        /// The row that has it.
        row: RecordId,
    },
}

impl Demo {
    /// Reads the rows of a base whose tables and fields have their default names; `lookup` finds the
    /// files that it names.
    ///
    /// # Errors
    /// When the seed isn't a base, or a file isn't found.
    pub fn read(seed: &BaseSeed, lookup: Lookup<'_>) -> Result<Self, DemoError> {
        let schema: BaseSchema = serde_json::from_value(json!(seed))?;
        let mapping = resolve(&schema, &Names::default(), &Mapping::default()).mapping;
        let mut demo = Self::default();
        for target in targets(&schema, &mapping) {
            let seeds = seed.tables.iter().filter(|table| table.id == target.schema.id.as_str());
            let records = seeds.flat_map(|table| &table.records);
            let rows = records.map(|record| {
                let row = target.read(&by_field_id(record, target.schema)?);
                demo.take_files(target.key, row, lookup)
            });
            let rows = rows.collect::<Result<_, DemoError>>()?;
            demo.rows.insert(target.key, rows);
        }
        Ok(demo)
    }

    /// Sets the files of a row apart: they can't be written with its other cells.
    fn take_files(
        &mut self,
        table: TableKey,
        row: Row,
        lookup: Lookup<'_>,
    ) -> Result<Row, DemoError> {
        let Row { id, cells } = row;
        let mut kept = Vec::new();
        for (field, cell) in cells {
            // A seed's file has no link yet, so that its cell isn't one of Airtable's.
            let Cell::Opaque(json) = cell else {
                kept.push((field, cell));
                continue;
            };
            for seed in serde_json::from_str::<Vec<AttachmentSeed>>(&json)? {
                let file = read_file(seed, &id, lookup)?;
                self.files.push(DemoFile { table, row: id.clone(), field, file });
            }
        }
        Ok(Row { id, cells: kept })
    }
}

/// A seed's cells may be keyed by the names of their fields.
fn by_field_id(seed: &RecordSeed, table: &TableSchema) -> Result<Record, serde_json::Error> {
    let fields = seed.fields.iter().filter_map(|(name, value)| {
        let field = table.fields.values().find(|field| field.name() == name)?;
        Some((field.id().to_string(), value.clone()))
    });
    let fields: Map<String, Value> = fields.collect();
    serde_json::from_str(&json!({ "id": seed.id, "fields": fields }).to_string())
}

fn read_file(
    seed: AttachmentSeed,
    row: &RecordId,
    lookup: Lookup<'_>,
) -> Result<NewAttachment, DemoError> {
    let AttachmentSeed { filename, media_type, path, base64, .. } = seed;
    let inline = || BASE64_STANDARD.decode(base64?).ok().map(Into::into);
    let Some(content) = path.as_deref().and_then(lookup).or_else(inline) else {
        return Err(DemoError::File { filename, row: row.clone() });
    };
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(NewAttachment { filename, media_type, content })
}

/// What [`add`] would add, in its order. Tables that are still to be created hold nothing.
///
/// # Errors
/// When the rows of the base can't be read.
pub async fn preview(
    client: &Client,
    schema: &BaseSchema,
    names: &Names,
    demo: &Demo,
) -> Result<Vec<Addition>, SetupError> {
    let mapping = resolve(schema, names, &Mapping::default()).mapping;
    let rows = read(client, &targets(schema, &mapping)).await?;
    let known = pair(&demo.rows, &rows);
    let called = |key: TableKey| names.table(key.def()).to_owned();
    let mut additions = Vec::new();
    let mut links = Vec::new();
    let mut ids = known.clone();
    for key in ORDER {
        let missing = missing(&demo.rows, key, &ids);
        let linked_later = missing.iter().filter(|row| waits(row, &ids)).count();
        let linked = empty_links(&demo.rows, &rows, key, &known).len() + linked_later;
        let (count, table) = (missing.len(), called(key));
        links.extend((linked > 0).then(|| Addition::Links { table: table.clone(), rows: linked }));
        additions.extend((count > 0).then_some(Addition::Rows { table, count }));
        ids.extend(missing.iter().map(|row| (row.id.clone(), row.id.clone())));
    }
    additions.extend(links);
    let files = demo.files.iter().filter(|file| match known.get(&file.row) {
        Some(row) => lacks_file(&rows, row, file),
        None => true,
    });
    additions.extend(files.map(|DemoFile { table, file, .. }| Addition::File {
        table: called(*table),
        filename: file.filename.clone(),
    }));
    Ok(additions)
}

/// Adds the rows, links and files that a base lacks, and tells what it added.
///
/// # Errors
/// [`SetupError::Unfit`] when the base lacks what publishing needs; otherwise at the first call that
/// fails. What was added before stays.
pub async fn add(
    client: &Client,
    schema: &BaseSchema,
    names: &Names,
    demo: &Demo,
    tell: &mut impl FnMut(Event),
) -> Result<(), SetupError> {
    let resolution = resolve(schema, names, &Mapping::default());
    let obstacles: Vec<_> = resolution.obstacles().map(|p| p.place.to_string()).collect();
    if !obstacles.is_empty() {
        return Err(SetupError::Unfit(obstacles.join(", ")));
    }
    let targets = targets(schema, &resolution.mapping);
    let mut rows = read(client, &targets).await?;
    let mut ids = pair(&demo.rows, &rows);
    for target in &targets {
        let added = add_rows(client, target, &demo.rows, &mut ids, tell).await?;
        rows.entry(target.key).or_default().extend(added);
    }
    for target in &targets {
        let links = empty_links(&demo.rows, &rows, target.key, &ids);
        add_links(client, target, links, &ids, tell).await?;
    }
    for file in &demo.files {
        if let Some(target) = targets.iter().find(|target| target.key == file.table) {
            add_file(client, target, &rows, &ids, file, tell).await?;
        }
    }
    Ok(())
}

/// The tables that are there, in the order in which they get rows.
fn targets<'a>(schema: &'a BaseSchema, mapping: &'a Mapping) -> Vec<Target<'a>> {
    ORDER.into_iter().filter_map(|key| Target::new(schema, mapping, key)).collect()
}

async fn read(client: &Client, targets: &[Target<'_>]) -> Result<TableRows, Error> {
    let tables: Vec<_> = targets
        .iter()
        .map(|target| (target.schema.id.clone(), target.mapped.fields.keys().cloned().collect()))
        .collect();
    let listed = client.all_tables(&tables).await;
    let rows = targets.iter().zip(listed).map(|(target, (_, records))| {
        Ok((target.key, records?.iter().map(|record| target.read(record)).collect()))
    });
    rows.collect()
}

/// Whether the row of the base has no file where the demo has one.
fn lacks_file(rows: &TableRows, row: &RecordId, file: &DemoFile) -> bool {
    let row = table(rows, file.table).iter().find(|candidate| candidate.id == *row);
    row.is_some_and(|row| cell(row, file.field).is_none())
}

/// Adds the rows of a table that the base lacks, and gives them as the base has them.
async fn add_rows(
    client: &Client,
    target: &Target<'_>,
    demo: &TableRows,
    ids: &mut Ids,
    tell: &mut impl FnMut(Event),
) -> Result<Vec<Row>, Error> {
    let missing = missing(demo, target.key, ids);
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let mut left_out = LeftOut::default();
    let new: Vec<NewRow> = missing
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|(field, cell)| (*field, cell));
            target.writable(cells, ids, &mut left_out)
        })
        .collect();
    let created = client.create(&target.schema.id, &new).await;
    let (added, result) = match created {
        Ok(records) => (records, Ok(())),
        Err(interrupted) => (interrupted.written, Err(interrupted.source)),
    };
    if !added.is_empty() {
        let table = target.schema.name.clone();
        tell(Event::Added(Addition::Rows { table, count: added.len() }));
        left_out.take().map(Event::Noticed).for_each(&mut *tell);
    }
    result?;
    // Airtable answers in the order of the request.
    ids.extend(missing.iter().zip(&added).map(|(row, record)| (row.id.clone(), record.id.clone())));
    Ok(added.iter().map(|record| target.read(record)).collect())
}

async fn add_links(
    client: &Client,
    target: &Target<'_>,
    links: Vec<(RecordId, Vec<(FieldKey, &Cell)>)>,
    ids: &Ids,
    tell: &mut impl FnMut(Event),
) -> Result<(), Error> {
    let mut left_out = LeftOut::default();
    let updates = links.into_iter().map(|(id, links)| {
        let cells = target.writable(links.into_iter(), ids, &mut left_out);
        RowUpdate { id, cells: cells.into_iter().map(|(id, cell)| (id, Some(cell))).collect() }
    });
    let updates: Vec<_> = updates.filter(|update| !update.cells.is_empty()).collect();
    if !updates.is_empty() {
        let rows = client.update(&target.schema.id, &updates).await?.len();
        tell(Event::Added(Addition::Links { table: target.schema.name.clone(), rows }));
    }
    Ok(())
}

async fn add_file(
    client: &Client,
    target: &Target<'_>,
    rows: &TableRows,
    ids: &Ids,
    file: &DemoFile,
    tell: &mut impl FnMut(Event),
) -> Result<(), Error> {
    let Some(row) = ids.get(&file.row).filter(|row| lacks_file(rows, row, file)) else {
        return Ok(());
    };
    let Some(field) = target.mapped.field(file.field) else { return Ok(()) };
    client.upload_attachment(row, field, &file.file).await?;
    let table = target.schema.name.clone();
    tell(Event::Added(Addition::File { table, filename: file.file.filename.clone() }));
    Ok(())
}
