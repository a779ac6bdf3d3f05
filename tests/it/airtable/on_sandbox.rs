//! The client against the sandbox, which was written from the protocol and not from the client.

use std::{num::NonZeroU32, slice, time::Duration};

use axum::http::StatusCode;
use locadocs::{
    airtable::{
        Client, Error, ListOptions, RowUpdate, Settings,
        calls::{CallKind, Outcome},
        cell::decode,
        meta::{FieldFormat, NewField, NewTable},
        schema::TableSchema,
        webhooks::DataType,
    },
    content::{cell::Cell, ids::FieldId},
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        error::ErrorShape,
        faults::{Fault, FaultRule},
        seed::BaseSeed,
    },
};

async fn sandbox(config: Config) -> Sandbox {
    let base = BaseSeed::from_json(r#"{"id":"appTest0000000000","name":"Essai","tables":[]}"#);
    Sandbox::start(config, &[base.unwrap()]).await.unwrap()
}

fn settings(sandbox: &Sandbox) -> Settings {
    Settings {
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        ..Settings::new(
            sandbox.url().clone(),
            "appTest0000000000".parse().unwrap(),
            DEFAULT_TOKEN.into(),
        )
    }
}

/// Without limits on either side.
async fn unlimited() -> (Sandbox, Client) {
    let sandbox =
        sandbox(Config { per_second: None, per_second_user: None, ..Config::default() }).await;
    let client = Client::new(Settings { requests_per_second: None, ..settings(&sandbox) }).unwrap();
    (sandbox, client)
}

fn field(name: &str, format: FieldFormat) -> NewField {
    NewField { name: name.into(), description: String::new(), format }
}

async fn table_with(client: &Client, fields: Vec<NewField>) -> TableSchema {
    let fields = [vec![field("Nom", FieldFormat::SingleLineText)], fields].concat();
    let table = NewTable { name: "Table".into(), description: "d".into(), fields };
    client.create_table(&table).await.unwrap()
}

fn ids(table: &TableSchema) -> Vec<FieldId> {
    table.fields.keys().cloned().collect()
}

#[tokio::test]
async fn every_writable_cell_comes_back_as_it_was_written() {
    let (_sandbox, client) = unlimited().await;
    let select = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let cases = [
        (FieldFormat::SingleLineText, Cell::Text("L'« acte »".into())),
        (FieldFormat::MultilineText, Cell::Text("a\nb".into())),
        (FieldFormat::RichText, Cell::RichText("**gras**".into())),
        (FieldFormat::Email, Cell::Text("a@b.fr".into())),
        (FieldFormat::Url, Cell::Text("https://a.fr".into())),
        (FieldFormat::PhoneNumber, Cell::Text("02 99 00 00 00".into())),
        (FieldFormat::Checkbox, Cell::Checked),
        (FieldFormat::Number { precision: 6 }, Cell::Number(48.114_7)),
        (FieldFormat::Date, Cell::Date("1908-07-01".parse().unwrap())),
        (
            FieldFormat::DateTime { time_zone: "Europe/Paris".into() },
            Cell::DateTime("2026-01-02T03:04:05Z".parse().unwrap()),
        ),
        (
            FieldFormat::SingleSelect(select(&["Publié", "Brouillon"])),
            Cell::Select("Brouillon".into()),
        ),
        (
            FieldFormat::MultipleSelects(select(&["Envoi", "Accueil"])),
            Cell::MultiSelect(select(&["Accueil", "Envoi"])),
        ),
    ];
    let fields =
        cases.iter().enumerate().map(|(n, (format, _))| field(&format!("F{n}"), format.clone()));
    let table = table_with(&client, fields.collect()).await;
    assert_eq!(client.schema().await.unwrap().table(&table.id), Some(&table));

    let row: Vec<_> =
        ids(&table).into_iter().skip(1).zip(cases.into_iter().map(|(_, cell)| cell)).collect();
    let created = client.create(&table.id, slice::from_ref(&row)).await.unwrap();
    let listed = client.list(&table.id, &ListOptions::fields(ids(&table))).await.unwrap();
    for record in [&created[0], &listed[0], &client.get(&table.id, &created[0].id).await.unwrap()] {
        let mut cells = decode(record, &table);
        cells.sort_by_key(|(id, _)| table.fields.get_index_of(id));
        assert_eq!(cells, row);
        assert!(record.created_time.is_some());
    }

    let emptied = row.iter().map(|(id, _)| (id.clone(), None)).collect();
    let update = RowUpdate { id: created[0].id.clone(), cells: emptied };
    let updated = client.update(&table.id, &[update]).await.unwrap();
    assert_eq!(decode(&updated[0], &table), []);
    let gone = client.delete(&table.id, slice::from_ref(&created[0].id)).await.unwrap();
    assert_eq!(gone, [created[0].id.clone()]);
    assert!(matches!(
        client.get(&table.id, &created[0].id).await,
        Err(Error::Forbidden { .. } | Error::NotFound { .. })
    ));
}

#[tokio::test]
async fn links_are_made_both_ways() {
    let (_sandbox, client) = unlimited().await;
    let steps = table_with(&client, vec![]).await;
    let name = steps.primary_field_id.clone();
    let link = field("Étapes", FieldFormat::MultipleRecordLinks(steps.id.clone()));
    let guides = NewTable {
        name: "Guides".into(),
        description: "d".into(),
        fields: vec![field("Titre", FieldFormat::SingleLineText), link],
    };
    let guides = client.create_table(&guides).await.unwrap();
    let link = guides.fields.values().find(|field| field.name() == "Étapes").unwrap();
    assert_eq!(link.linked_table().as_ref(), Some(&steps.id));

    let rows = ["a", "b"].map(|text| vec![(name.clone(), Cell::Text(text.into()))]);
    let made: Vec<_> =
        client.create(&steps.id, &rows).await.unwrap().into_iter().map(|r| r.id).collect();
    let row = vec![(link.id().clone(), Cell::Links(vec![made[1].clone(), made[0].clone()]))];
    let guide = client.create(&guides.id, slice::from_ref(&row)).await.unwrap().remove(0);
    assert_eq!(decode(&guide, &guides), row);

    let schema = client.schema().await.unwrap();
    let steps = schema.table(&steps.id).unwrap();
    let opposite =
        steps.fields.values().find(|f| f.linked_table().as_ref() == Some(&guides.id)).unwrap();
    let renamed = client.rename_field(&steps.id, opposite.id(), "Guide").await.unwrap();
    assert_eq!(renamed.name(), "Guide");
    let only = ListOptions::fields([opposite.id().clone()]).only(&made[..1]);
    let listed = client.list(&steps.id, &only).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(decode(&listed[0], steps), [(opposite.id().clone(), Cell::Links(vec![guide.id]))]);
}

#[tokio::test]
async fn the_limit_is_never_exceeded_and_nobody_is_locked_out() {
    let config = Config { latency: Duration::from_millis(20), ..Config::default() };
    let sandbox = sandbox(config).await;
    let settings = Settings { requests_per_second: NonZeroU32::new(50), ..settings(&sandbox) };
    let client = Client::new(settings).unwrap();
    futures::future::join_all((0..21).map(|_| client.whoami())).await;
    futures::future::join_all((0..6).map(|_| client.schema())).await;
    assert_eq!(client.calls().get(CallKind::Schema, Outcome::Answered), 27);
    assert_eq!(client.calls().total(), 27);
    let times: Vec<_> = sandbox.calls().all().iter().map(|call| call.at).collect();
    assert!(times.windows(6).all(|w| w[5] - w[0] >= Duration::from_secs(1)));
}

#[tokio::test]
async fn a_listing_survives_every_passing_fault() {
    let (sandbox, client) = unlimited().await;
    let table = table_with(&client, vec![]).await;
    let name = table.primary_field_id.clone();
    let rows: Vec<_> =
        (0..450).map(|n| vec![(name.clone(), Cell::Text(format!("ligne {n}")))]).collect();
    client.create(&table.id, &rows).await.unwrap();
    let status = |status: u16, code: &str| Fault::Status {
        status,
        shape: ErrorShape::Plural,
        code: code.into(),
        message: String::new(),
        retry_after: None,
    };
    let list = "/v0/app*/tbl*";
    for fault in [
        Fault::Truncate { bytes: 1_000 },
        Fault::Html { status: 200 },
        Fault::Html { status: 502 },
        Fault::Drop,
        status(503, "X"),
        Fault::status(StatusCode::UNPROCESSABLE_ENTITY, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"),
    ] {
        sandbox.faults().add(FaultRule::new(fault.clone()).on_path(list).after(2).times(1));
        let listed = client.list(&table.id, &ListOptions::fields([name.clone()])).await;
        assert_eq!(listed.unwrap().len(), 450, "{fault:?}");
        sandbox.faults().clear();
    }
    let over = status(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED");
    sandbox.faults().add(FaultRule::new(over).on_path(list));
    let error = client.list(&table.id, &ListOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::BillingLimit { .. }), "{error:?}");
}

#[tokio::test]
async fn a_webhook_tells_which_rows_to_read_again() {
    let (_sandbox, client) = unlimited().await;
    let table = table_with(&client, vec![]).await;
    let name = table.primary_field_id.clone();
    let row = |text: &str| vec![(name.clone(), Cell::Text(text.into()))];
    let kept = client.create(&table.id, &[row("a"), row("b")]).await.unwrap();

    let all = [DataType::TableData, DataType::TableFields, DataType::TableMetadata];
    let webhook = client.create_webhook(&all, None).await.unwrap();
    let made = client.create(&table.id, &[row("c")]).await.unwrap();
    let update = RowUpdate {
        id: kept[0].id.clone(),
        cells: vec![(name.clone(), Some(Cell::Text("A".into())))],
    };
    client.update(&table.id, &[update]).await.unwrap();
    client.delete(&table.id, slice::from_ref(&kept[1].id)).await.unwrap();
    client.rename_field(&table.id, &name, "Titre").await.unwrap();

    let read = client.webhook_payloads(&webhook.id, 1).await.unwrap();
    assert_eq!((read.cursor, read.might_have_more), (5, false));
    let changes: Vec<_> =
        read.payloads.iter().map(|payload| &payload.changed_tables[&table.id]).collect();
    assert!(changes[0].created_records.contains(&made[0].id));
    assert!(changes[1].changed_records.contains(&kept[0].id));
    assert!(changes[2].destroyed_records.contains(&kept[1].id));
    assert!(changes[3].changed_fields.contains_key(&name) && changes[3].is_schema_change());
    assert!(read.payloads.iter().all(|payload| !payload.is_error));

    let listed = client.list_webhooks().await.unwrap();
    assert_eq!(listed[0].cursor_for_next_payload, 5);
    assert!(client.refresh_webhook(&webhook.id).await.unwrap() >= webhook.expiration_time);
    client.delete_webhook(&webhook.id).await.unwrap();
    assert_eq!(client.list_webhooks().await.unwrap(), []);
}
