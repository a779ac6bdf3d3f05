//! Open data: what is published, for those who make something else of it.
//!
//! One file a kind, one JSON object a line (NDJSON), in a fixed order; what the API answers is the
//! same object here. Each kind has a JSON Schema, the whole a manifest of hashes and a Frictionless
//! Data Package (<https://datapackage.org>, version 2). No file tells when it was written: the same
//! release, written by the same version of the program, gives the same bytes.

use axum::http::header::ACCEPT_ENCODING;
use sha2::{Digest as _, Sha256};

use super::{
    fetch::{FetchError, get},
    folder::{Folder, FolderError},
};
use crate::{
    api::Service,
    catalog::{Item, Release},
};
use package::{Described, Entry, manifest, package};
use record::{LocalRecord, Territory};

mod kind;
mod licence;
mod package;
mod record;
mod schema;

pub use kind::Kind;
pub use licence::{Licence, UnknownLicence};

/// Why open data can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OpenDataError {
    /// The API doesn't answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The disk refuses.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A record or a description can't be written as JSON, which its form excludes.
    #[error("{0} can't be written as JSON")]
    Json(&'static str, #[source] serde_json::Error),
}

/// For those who find the folder, in French.
const README: &str = include_str!("open_data/LISEZMOI.md");

/// Writes a release, the one that the service answers from.
///
/// # Errors
/// When the service doesn't answer, or the disk refuses.
pub async fn write(
    service: &Service,
    release: &Release,
    licence: Licence,
    folder: &mut Folder,
) -> Result<(), OpenDataError> {
    let mut bundle = Bundle { folder, entries: Vec::new() };
    let components = schema::components().map_err(|e| OpenDataError::Json("a schema", e))?;
    let mut described = Vec::new();
    for kind in Kind::ALL {
        let lines = lines(kind, service, release).await?;
        let schema = pretty(&schema::of(kind, &components))?;
        let schema = bundle.put(kind.schema_path(), &schema)?;
        let data = bundle.put(kind.path(), &joined(&lines))?;
        described.push(Described { kind, records: lines.len(), data, schema: schema.path });
    }
    bundle.put(
        "datapackage.json".to_owned(),
        &pretty(&package(release.id(), licence, &described))?,
    )?;
    bundle.put("LISEZMOI.md".to_owned(), README.as_bytes())?;
    let manifest = pretty(&manifest(release.id(), &described, &bundle.entries))?;
    bundle.folder.put("manifest.json", &manifest)?;
    Ok(())
}

/// The files written so far.
struct Bundle<'a> {
    folder: &'a mut Folder,
    entries: Vec<Entry>,
}

impl Bundle<'_> {
    fn put(&mut self, path: String, content: &[u8]) -> Result<Entry, FolderError> {
        self.folder.put(&path, content)?;
        let entry = Entry { path, bytes: content.len(), sha256: sha256(content) };
        self.entries.push(entry.clone());
        Ok(entry)
    }
}

/// The objects of a kind, each in one line.
async fn lines(
    kind: Kind,
    service: &Service,
    release: &Release,
) -> Result<Vec<Vec<u8>>, OpenDataError> {
    let content = release.content();
    match kind {
        Kind::Guides => answers(service, "guides", content.guides.keys()).await,
        Kind::Documents => answers(service, "documents", content.documents.keys()).await,
        Kind::Services => answers(service, "services", content.services.keys()).await,
        Kind::Territories => {
            let territories = content.territories.values().map(Item::as_ref);
            written("a territory", territories.map(Territory::from))
        }
        Kind::LocalRecords => {
            let holdings = content.holdings.iter().map(Item::as_ref);
            let mut lines = written("a local record", holdings.map(LocalRecord::from))?;
            // By document, then by territory: the order of rows is nobody's business.
            lines.sort_unstable();
            Ok(lines)
        }
    }
}

/// What the API answers for each, which is one line.
async fn answers<S: std::fmt::Display>(
    service: &Service,
    collection: &str,
    slugs: impl Iterator<Item = S>,
) -> Result<Vec<Vec<u8>>, OpenDataError> {
    let mut lines = Vec::new();
    for slug in slugs {
        let target = format!("/v1/{collection}/{slug}");
        let answer = get(service, &target, (ACCEPT_ENCODING, "identity")).await?;
        lines.push(answer.body.to_vec());
    }
    Ok(lines)
}

fn written<T: serde::Serialize>(
    what: &'static str,
    records: impl Iterator<Item = T>,
) -> Result<Vec<Vec<u8>>, OpenDataError> {
    let json = |record| serde_json::to_vec(&record);
    records.map(json).collect::<Result<_, _>>().map_err(|error| OpenDataError::Json(what, error))
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, OpenDataError> {
    let json = serde_json::to_vec_pretty(value);
    let mut json = json.map_err(|error| OpenDataError::Json("a description", error))?;
    json.push(b'\n');
    Ok(json)
}

/// In hexadecimal digits, in lower case.
fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_that_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
    }
}
