//! The demo base in a sandbox, followed by a feed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use locadocs::{
    airtable::{Client, Record, RowUpdate, Settings, webhooks::Webhook},
    content::{
        cell::Cell,
        ids::{FieldId, RecordId, TableId},
        tables::{FieldKey, TableKey},
    },
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        demo,
        seed::BaseSeed,
    },
    sync::{
        changes::{Changes, Relevant},
        feed::{Ensured, FeedState, Origin, ensure, read},
        mapping::{Mapping, Names, resolve},
        reread::{Pending, Reread, Rows, reread},
    },
};
use serde_json::{Map, Value};
use url::Url;

/// A sandbox, a client of it, and where things are in its base.
pub struct World {
    pub sandbox: Sandbox,
    pub client: Client,
    pub mapping: Mapping,
    base: BaseSeed,
}

/// How a row is written by a person.
pub const TITLE: &str = "Titre";

pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A client in a hurry, with this token.
pub fn client(url: &Url, base: &str, token: &str) -> Client {
    let settings = Settings {
        requests_per_second: None,
        max_retries: 1,
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        ..Settings::new(url.clone(), base.parse().unwrap(), token.into())
    };
    Client::new(settings).unwrap()
}

/// The row of a step that no one needs.
pub fn step(n: usize) -> RecordId {
    format!("recEtape{n:09}").parse().unwrap()
}

impl World {
    /// With the demo base.
    pub async fn start() -> Self {
        Self::start_with(Config::default(), 0).await
    }

    /// With the demo base and some more steps.
    pub async fn start_with(config: Config, more_steps: usize) -> Self {
        let mut base = demo::base().unwrap();
        let steps = base.tables.iter_mut().find(|table| table.name == "Étapes").unwrap();
        let model = steps.records[0].clone();
        steps.records.extend((0..more_steps).map(|n| {
            let mut record = model.clone();
            record.id = step(n).to_string();
            record.fields.retain(|name, _| name == TITLE);
            record
        }));
        let config = Config { per_second: None, per_second_user: None, ..config };
        let seed = std::slice::from_ref(&base);
        let sandbox = Sandbox::start_with_files(config, seed, &demo::file).await.unwrap();
        let client = client(sandbox.url(), &base.id, DEFAULT_TOKEN);
        let schema = client.schema().await.unwrap();
        let mapping = resolve(&schema, &Names::default(), &Mapping::default()).mapping;
        Self { sandbox, client, mapping, base }
    }

    /// A client with another token.
    pub fn client_with(&self, token: &str) -> Client {
        client(self.sandbox.url(), &self.base.id, token)
    }

    pub fn base(&self) -> &str {
        &self.base.id
    }

    pub fn table(&self, key: TableKey) -> &TableId {
        &self.mapping.tables[&key].id
    }

    pub fn field(&self, table: TableKey, key: FieldKey) -> &FieldId {
        self.mapping.tables[&table].field(key).unwrap()
    }

    /// The ids of a table's rows, as the base began.
    pub fn rows(&self, key: TableKey) -> Vec<RecordId> {
        let id = self.table(key).as_str();
        let table = self.base.tables.iter().find(|table| table.id == id).unwrap();
        table.records.iter().map(|record| record.id.parse().unwrap()).collect()
    }

    /// An archivist changes the title of a guide or step.
    pub fn retitle(&self, key: TableKey, row: &RecordId, title: &str) {
        let (table, value) = (self.table(key).as_str(), Value::from(title));
        self.sandbox.set_cell(self.base(), table, row.as_str(), TITLE, &value).unwrap();
    }

    /// An archivist makes a guide or step.
    pub fn make(&self, key: TableKey, title: &str) -> RecordId {
        let cells = Map::from_iter([(TITLE.to_owned(), title.into())]);
        let table = self.table(key).as_str();
        self.sandbox.create_record(self.base(), table, &cells).unwrap().parse().unwrap()
    }

    pub fn delete(&self, key: TableKey, row: &RecordId) {
        let table = self.table(key).as_str();
        self.sandbox.delete_record(self.base(), table, row.as_str()).unwrap();
    }

    /// Another program changes the titles of these steps, ten at a time.
    pub async fn retitle_steps(&self, rows: &[RecordId], title: &str) {
        let field = self.field(TableKey::Steps, FieldKey::Title);
        let updates: Vec<_> = rows
            .iter()
            .map(|id| {
                let cells = vec![(field.clone(), Some(Cell::Text(title.to_owned())))];
                RowUpdate { id: id.clone(), cells }
            })
            .collect();
        self.client.update(self.table(TableKey::Steps), &updates).await.unwrap();
    }

    /// A feed that was not there before.
    pub async fn fresh(&self, url: Option<&Url>) -> FeedState {
        fresh(ensure(&self.client, None, url, now()).await.unwrap(), Origin::Created)
    }

    /// What changed, and what of it concerns the back office.
    pub async fn changes(&self, feed: &FeedState) -> (Changes, Relevant) {
        let changes = read(&self.client, feed).await.unwrap();
        let relevant = changes.relevant(&self.mapping);
        (changes, relevant)
    }

    /// The rows that changed, which must be there to be read.
    pub async fn reread(&self, changes: &Relevant, pending: &Pending) -> Rows {
        rows(reread(&self.client, &self.mapping, changes, pending, now()).await.unwrap())
    }

    /// Runs something and counts the calls that it makes.
    pub async fn counting<T>(&self, what: impl Future<Output = T>) -> (T, usize) {
        self.sandbox.calls().clear();
        let result = what.await;
        (result, self.sandbox.calls().all().len())
    }

    /// The base's webhooks.
    pub async fn webhooks(&self) -> Vec<Webhook> {
        self.client.list_webhooks().await.unwrap()
    }

    /// How many webhooks the base has.
    pub async fn webhook_ids(&self) -> Vec<String> {
        self.webhooks().await.into_iter().map(|webhook| webhook.id.0).collect()
    }
}

/// The feed that something led to, which must be another than before.
pub fn fresh(ensured: Ensured, expected: Origin) -> FeedState {
    match ensured {
        Ensured::Fresh { state, origin } if origin == expected => state,
        other => panic!("expected a webhook that was {expected:?}, found {other:?}"),
    }
}

pub fn rows(reread: Reread) -> Rows {
    match reread {
        Reread::Rows(rows) => rows,
        Reread::SchemaChanged(_) => panic!("the schema is what it was"),
    }
}

pub fn ids(records: &[Record]) -> Vec<RecordId> {
    let mut ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
    ids.sort();
    ids
}
