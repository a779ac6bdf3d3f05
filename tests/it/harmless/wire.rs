//! The demo base as its JSON comes from Airtable, to be changed cell by cell in ways that no
//! Airtable would accept, and then parsed and built as a round does.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use locadocs::{
    airtable::{Client, Record, schema::BaseSchema},
    catalog::{self, Built, Release},
    content::{
        problem::Problem,
        rows::Rows,
        tables::{FieldKey, TABLES, TableKey},
    },
    sync::{
        mapping::{Mapping, Names, Resolution, resolve},
        mirror::Mirror,
    },
};
use serde_json::{Value, value::RawValue};

use super::harness::{World, demo_base};
use crate::fixture;

/// A base as it came.
#[derive(Clone)]
pub struct Wire {
    schema: BaseSchema,
    mapping: Mapping,
    pub tables: BTreeMap<TableKey, Vec<WireRow>>,
}

/// A row whose cells are JSON texts, valid or not what their field should hold.
#[derive(Clone)]
pub struct WireRow {
    pub id: String,
    pub cells: BTreeMap<FieldKey, Arc<str>>,
}

static DEMO: LazyLock<Wire> = LazyLock::new(|| {
    let read = || tokio::runtime::Runtime::new().unwrap().block_on(Wire::fetch());
    // Not on the thread of a test, which may run a runtime of its own.
    std::thread::spawn(read).join().unwrap()
});

impl Wire {
    /// The demo base, untouched.
    pub fn demo() -> Self {
        DEMO.clone()
    }

    async fn fetch() -> Self {
        let world = World::start().await;
        let schema = world.client.schema().await.unwrap();
        let mapping = resolve(&schema, &Names::default(), &Mapping::default()).mapping;
        let mut tables = BTreeMap::new();
        for key in published_tables() {
            let rows = read_table(&world.client, &mapping, key).await;
            tables.insert(key, rows);
        }
        Self { schema, mapping, tables }
    }

    /// The ids of the base, its tables, their fields and their rows.
    pub fn ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (key, rows) in &self.tables {
            let table = &self.mapping.tables[key];
            ids.push(table.id.to_string());
            ids.extend(table.fields.keys().map(ToString::to_string));
            ids.extend(rows.iter().map(|row| row.id.clone()));
        }
        ids.push(demo_base().id);
        ids
    }

    /// Parses, as a round does.
    pub fn read(&self) -> Rows {
        let mut mirror = Mirror::new(self.schema.clone(), self.mapping.clone());
        for (key, rows) in &self.tables {
            let records: Vec<_> = rows.iter().map(|row| self.record(*key, row)).collect();
            mirror.replace(*key, &records, fixture::reference());
        }
        mirror.rows
    }

    /// Parses and builds, as a round does.
    pub fn build(&self, previous: Option<&Release>) -> Built {
        let memo = &mut catalog::Memo::default();
        catalog::build(&self.read(), &fixture::copied, fixture::reference(), previous, memo)
    }

    fn record(&self, table: TableKey, row: &WireRow) -> Record {
        let fields = &self.mapping.tables[&table].fields;
        let cell = |(id, key): (&_, &_)| row.cells.get(key).map(|json| format!("\"{id}\":{json}"));
        let cells: Vec<_> = fields.iter().filter_map(cell).collect();
        let json = format!(r#"{{"id":"{}","fields":{{{}}}}}"#, row.id, cells.join(","));
        serde_json::from_str(&json).unwrap()
    }

    /// Gives a field another type, or takes it away, and maps the base anew; what is told of it.
    pub fn retype(&mut self, table: TableKey, field: FieldKey, to: Option<&str>) -> Vec<Problem> {
        let mapped = &self.mapping.tables[&table];
        let (id, _) = mapped.fields.iter().find(|(_, key)| **key == field).unwrap();
        let mut schema = serde_json::to_value(&self.schema).unwrap();
        let tables = schema["tables"].as_array_mut().unwrap();
        let table = tables.iter_mut().find(|table| table["id"] == mapped.id.as_str()).unwrap();
        let fields = table["fields"].as_array_mut().unwrap();
        match to {
            Some(to) => {
                let field = fields.iter_mut().find(|field| field["id"] == id.as_str()).unwrap();
                field["type"] = to.into();
                field["options"] = Value::Null;
            }
            None => fields.retain(|field| field["id"] != id.as_str()),
        }
        self.schema = serde_json::from_value(schema).unwrap();
        let Resolution { mapping, problems } =
            resolve(&self.schema, &Names::default(), &self.mapping);
        self.mapping = mapping;
        problems
    }

    /// The rows of a table.
    pub fn rows(&mut self, table: TableKey) -> &mut Vec<WireRow> {
        self.tables.get_mut(&table).unwrap()
    }

    /// A row.
    pub fn row(&mut self, table: TableKey, id: &str) -> &mut WireRow {
        self.rows(table).iter_mut().find(|row| row.id == id).unwrap()
    }
}

impl WireRow {
    /// Puts a text into a cell.
    pub fn text(&mut self, field: FieldKey, text: &str) -> &mut Self {
        let json = serde_json::to_string(text).unwrap();
        self.cells.insert(field, json.into());
        self
    }

    /// Links a cell to a row.
    pub fn link(&mut self, field: FieldKey, id: &str) -> &mut Self {
        self.cells.insert(field, format!("[\"{id}\"]").into());
        self
    }
}

/// The tables that hold content.
pub fn published_tables() -> impl Iterator<Item = TableKey> {
    TABLES.iter().map(|table| table.key).filter(|key| *key != TableKey::Feedback)
}

async fn read_table(client: &Client, mapping: &Mapping, key: TableKey) -> Vec<WireRow> {
    let table = &mapping.tables[&key];
    let wanted = [(table.id.clone(), table.fields.keys().cloned().collect())];
    let (_, records) = client.all_tables(&wanted).await.remove(0);
    let row = |record: Record| {
        let cells: BTreeMap<String, &RawValue> =
            serde_json::from_str(record.fields_json()).unwrap();
        let keyed =
            cells.into_iter().map(|(id, json)| (table.fields[id.as_str()], Arc::from(json.get())));
        WireRow { id: record.id.to_string(), cells: keyed.collect() }
    };
    records.unwrap().into_iter().map(row).collect()
}

#[test]
fn the_demo_base_on_the_wire_gives_the_demo_release() {
    let built = Wire::demo().build(None);
    let guides: Vec<_> = built.release.content().guides.keys().map(ToString::to_string).collect();
    assert_eq!(guides, ["urbanisme"]);
}
