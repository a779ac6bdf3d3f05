//! The Airtable client against a server that misbehaves.

mod failures;
mod listing;
mod on_sandbox;
mod rate;
pub mod server;
mod surface;
mod writing;

use std::time::Duration;

use locadocs::{
    airtable::{Client, Record, Settings},
    content::ids::TableId,
};
use server::{Reply, Server};

const TOKEN: &str = "patSECRET.0123456789";

/// Quick to lose patience, and without a limit of rate.
fn settings(server: &Server) -> Settings {
    Settings {
        requests_per_second: None,
        connect_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(1),
        max_response_bytes: 100_000,
        max_retries: 2,
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        rate_limit_pause: Duration::from_millis(150),
        retry_after_max: Duration::from_millis(400),
        ..Settings::new(server.url.clone(), "appTest".parse().unwrap(), TOKEN.into())
    }
}

fn client(server: &Server) -> Client {
    Client::new(settings(server)).unwrap()
}

fn table() -> TableId {
    "tblGuides".parse().unwrap()
}

/// A page of rows whose only cell tells in which version they were seen.
fn page(rows: &[(&str, u32)], offset: Option<&str>) -> Reply {
    let records: Vec<_> = rows
        .iter()
        .map(|(id, version)| {
            format!(
                r#"{{"id":"{id}","createdTime":"2026-01-01T00:00:00.000Z","fields":{{"fldV":{version}}}}}"#
            )
        })
        .collect();
    let offset = offset.map_or(String::new(), |offset| format!(r#","offset":"{offset}""#));
    Reply::json(200, format!(r#"{{"records":[{}]{offset}}}"#, records.join(",")))
}

fn error(status: u16, kind: &str) -> Reply {
    Reply::json(status, format!(r#"{{"error":{{"type":"{kind}","message":"m"}}}}"#))
}

/// Rows as `page` takes them.
fn versions(records: &[Record]) -> Vec<(String, String)> {
    let version =
        |record: &Record| record.fields_json().replace(r#"{"fldV":"#, "").replace('}', "");
    records.iter().map(|record| (record.id.to_string(), version(record))).collect()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(id, version)| ((*id).to_owned(), (*version).to_owned())).collect()
}
