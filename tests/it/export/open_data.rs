//! Open data: every record once, as its schema says, the same bytes for the same release.

use std::collections::BTreeMap;

use locadocs::export::{
    folder::Kind as FolderKind,
    open_data::{self, Kind, Licence},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Place;
use crate::{
    api::harness::{Service, noon},
    fixture,
};

async fn write(service: &Service) -> BTreeMap<String, Vec<u8>> {
    let place = Place::new();
    let publication = service.live.publication().unwrap();
    let mut folder = place.open(FolderKind::OpenData);
    let release = &publication.release;
    open_data::write(&service.inner, release, Licence::default(), &mut folder).await.unwrap();
    folder.publish(release.id()).unwrap();
    place.files()
}

fn json(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Value {
    serde_json::from_slice(&files[path]).unwrap()
}

fn lines(files: &BTreeMap<String, Vec<u8>>, kind: Kind) -> Vec<Value> {
    let text = std::str::from_utf8(&files[&kind.path()]).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{kind:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_record_is_there_once_and_fits_its_schema() {
    let service = Service::start();
    let files = write(&service).await;
    let release = fixture::release();
    let content = release.content();
    let counts = json(&files, "manifest.json")["counts"].clone();
    for (kind, expected) in [
        (Kind::Guides, content.guides.len()),
        (Kind::Documents, content.documents.len()),
        (Kind::Services, content.services.len()),
        (Kind::Territories, content.territories.len()),
        (Kind::LocalRecords, content.holdings.len()),
    ] {
        let schema = json(&files, &kind.schema_path());
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let records = lines(&files, kind);
        assert!(expected > 0 && records.len() == expected, "{kind:?}");
        assert_eq!(counts[kind.name()], expected, "{kind:?}");
        for mut record in records {
            let errors: Vec<String> =
                validator.iter_errors(&record).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{kind:?} {record}: {errors:?}");
            // A schema that lets anything pass would say nothing.
            record
                .as_object_mut()
                .unwrap()
                .retain(|field, _| field != "slug" && field != "document");
            assert!(!validator.is_valid(&record), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn what_records_name_is_there() {
    let files = write(&Service::start()).await;
    let slugs = |kind| -> Vec<Value> {
        lines(&files, kind).iter().map(|record| record["slug"].clone()).collect()
    };
    let (documents, services) = (slugs(Kind::Documents), slugs(Kind::Services));
    let territories = slugs(Kind::Territories);
    for record in lines(&files, Kind::LocalRecords) {
        assert!(documents.contains(&record["document"]), "{record}");
        assert!(record["service"].is_null() || services.contains(&record["service"]), "{record}");
        let named = record["territories"].as_array().unwrap();
        assert!(!named.is_empty() && named.iter().all(|slug| territories.contains(slug)));
    }
    let text = String::from_utf8(files.values().flatten().copied().collect()).unwrap();
    assert!(!text.contains("recService") && !text.contains("recHolding"), "an id of a row");
}

#[tokio::test]
async fn the_manifest_and_the_package_tell_the_bytes() {
    let files = write(&Service::start()).await;
    let hash = |content: &[u8]| -> String {
        Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let manifest = json(&files, "manifest.json");
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len(), files.len() - 1);
    for file in listed {
        let content = &files[file["path"].as_str().unwrap()];
        assert_eq!(file["bytes"], content.len());
        assert_eq!(file["sha256"], hash(content));
    }
    let package = json(&files, "datapackage.json");
    assert_eq!(package["licenses"][0]["name"], "etalab-2.0");
    assert_eq!(package["resources"].as_array().unwrap().len(), Kind::ALL.len());
    for resource in package["resources"].as_array().unwrap() {
        let content = &files[resource["path"].as_str().unwrap()];
        assert_eq!(resource["hash"], format!("sha256:{}", hash(content)));
        assert_eq!(resource["bytes"], content.len());
        assert!(files.contains_key(resource["jsonSchema"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn the_same_release_gives_the_same_bytes_whenever_and_wherever() {
    let later = || noon() + chrono::TimeDelta::days(400);
    let services = [Service::start(), Service::with(later, locadocs::api::Settings::default())];
    assert_eq!(write(&services[0]).await, write(&services[1]).await);
}
