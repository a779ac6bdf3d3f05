//! What describes the files: a manifest of hashes, and a Frictionless Data Package
//! (<https://datapackage.org/standard/data-package/>).

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{kind::Kind, licence::Licence};
use crate::catalog::ReleaseId;

/// A file.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) bytes: usize,
    pub(super) sha256: String,
}

/// The files of a kind.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) kind: Kind,
    pub(super) records: usize,
    pub(super) data: Entry,
    /// Path of the schema.
    pub(super) schema: String,
}

/// What is here, and how to check it.
pub(super) fn manifest(release: &ReleaseId, described: &[Described], files: &[Entry]) -> Value {
    let count =
        |described: &Described| (described.kind.name().to_owned(), Value::from(described.records));
    let counts: Map<String, Value> = described.iter().map(count).collect();
    json!({ "release": release.as_str(), "counts": counts, "files": files })
}

/// The descriptor. What it says beyond the standard (`jsonSchema`, `records`) is a property of its
/// own, as the standard allows: its `schema` is for tables.
pub(super) fn package(release: &ReleaseId, licence: Licence, described: &[Described]) -> Value {
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "locadocs",
        "title": "Locadocs : où se trouvent les documents publics",
        "description": "Quel organisme public conserve un document, selon la commune et la date. \
                        Données tenues par des archivistes, publiées par Locadocs.",
        "homepage": env!("CARGO_PKG_REPOSITORY"),
        "version": release.as_str(),
        "licenses": [{ "name": licence.id(), "title": licence.title(), "path": licence.url() }],
        "keywords": ["archives", "documents publics", "communes", "urbanisme", "notaires"],
        "resources": described.iter().map(resource).collect::<Vec<Value>>(),
    })
}

fn resource(described: &Described) -> Value {
    let Described { kind, records, data, schema } = described;
    json!({
        "name": kind.name(),
        "title": kind.title(),
        "description": kind.description(),
        "path": data.path,
        "format": "ndjson",
        "mediatype": "application/x-ndjson",
        "encoding": "utf-8",
        "bytes": data.bytes,
        "hash": format!("sha256:{}", data.sha256),
        "jsonSchema": schema,
        "records": records,
    })
}
