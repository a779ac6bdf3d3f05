//! The files are what the service answers, byte for byte.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _};

use axum::http::{Method, StatusCode};
use locadocs::{
    api::Settings,
    catalog::Release,
    export::{
        folder::{Kind, Outcome},
        site::{self, Communes},
    },
};

use super::Place;
use crate::{
    api::harness::{Answer, Service, noon},
    fixture,
};

/// Writes what a service answers.
pub async fn write(service: &Service, place: &Place) -> Outcome {
    let publication = service.live.publication().unwrap();
    let release: &Release = &publication.release;
    let resources = site::resources(release, Communes::Used, fixture::reference());
    let mut folder = place.open(Kind::Static);
    site::write(&service.inner, resources, &mut folder).await.unwrap();
    folder.publish(release.id()).unwrap()
}

/// What a file stands for: a path, with the header that asks for this form of it.
fn asked(file: &str) -> Option<(String, (&'static str, &'static str))> {
    if ["README.md", "nginx.conf", "_headers", "_redirects"].contains(&file) {
        return None;
    }
    if let Some((stem, rest)) = file.split_once('~').filter(|_| file.starts_with("v1/media/")) {
        let (width, extension) = rest.split_once('.').unwrap();
        let accept = if extension == "webp" { "image/webp" } else { "*/*" };
        return Some((format!("/{stem}.png?width={width}"), ("accept", accept)));
    }
    let (file, coding) = match file.rsplit_once('.').unwrap() {
        (file, "gz") => (file, "gzip"),
        (file, "br") => (file, "br"),
        _ => (file, "identity"),
    };
    let path = match file {
        "openapi.json" => "/openapi.json".to_owned(),
        file if file.starts_with("v1/media/") => format!("/{file}"),
        file => {
            let path = file.strip_suffix(".json").unwrap().replacen('~', "?cursor=", 1);
            format!("/{path}")
        }
    };
    Some((path, ("accept-encoding", coding)))
}

async fn get(service: &Service, target: &str, header: (&str, &str)) -> Answer {
    service.request(Method::GET, target, &[header]).await
}

#[tokio::test]
async fn every_file_is_an_answer_of_the_service_and_every_resource_has_one() {
    let (service, place) = (Service::start(), Place::new());
    write(&service, &place).await;
    let mut paths = BTreeSet::new();
    for (file, content) in place.files() {
        let Some((target, header)) = asked(&file) else { continue };
        let answer = get(&service, &target, header).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}");
        assert_eq!(answer.body, content, "{file} for {target} {header:?}");
        if header.1 == "gzip" || header.1 == "br" {
            assert_eq!(answer.header("content-encoding"), header.1, "{file}");
        }
        paths.insert(target);
    }
    // Every operation of the document without a question has answers here, but those of one moment.
    let document = locadocs::api::openapi();
    for path in document.paths.paths.keys().filter(|path| path.starts_with("/v1")) {
        let depends = ["walk", "locate", "search", "flat", "changes", "releases", "events"];
        let is_asked = depends.iter().any(|word| path.split('/').any(|part| part == *word));
        let is_asked = is_asked || path == "/v1/communes";
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |found: &String| {
            let found: Vec<&str> = found.split('/').collect();
            found.len() == parts.len()
                && found.iter().zip(&parts).all(|(a, b)| a == b || b.starts_with('{'))
        };
        assert_eq!(paths.iter().any(fits), !is_asked, "{path}");
    }
}

#[tokio::test]
async fn what_is_compressed_by_the_service_is_compressed_here() {
    let (service, place) = (Service::start(), Place::new());
    write(&service, &place).await;
    let files = place.files();
    for (file, _) in files.iter().filter(|(file, _)| file.ends_with(".json")) {
        let (target, _) = asked(file).unwrap();
        for (coding, extension) in [("gzip", "gz"), ("br", "br")] {
            let answer = get(&service, &target, ("accept-encoding", coding)).await;
            let is_encoded = answer.header("content-encoding") == coding;
            assert_eq!(files.contains_key(&format!("{file}.{extension}")), is_encoded, "{file}");
        }
    }
}

#[tokio::test]
async fn the_same_release_changes_nothing_and_the_next_one_what_differs() {
    let (service, place) = (Service::with(noon, Settings::default()), Place::new());
    let first = write(&service, &place).await;
    assert_eq!(first.written, first.files);
    let again = write(&service, &place).await;
    assert_eq!((again.written, again.removed), (0, 0));

    let guide = place.target.join("v1/guides/urbanisme.json");
    let before = fs::metadata(&guide).unwrap();
    service.publish(fixture::next_release());
    let next = write(&service, &place).await;
    assert!(next.written > 0 && next.written < next.files / 2, "{next:?}");
    assert!(place.target.join("v1/services/archives-de-brest.json").exists());
    let after = fs::metadata(&guide).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));

    service.publish(fixture::release());
    let back = write(&service, &place).await;
    assert!(back.removed > 0, "{back:?}");
    assert!(!place.target.join("v1/services/archives-de-brest.json").exists());
}

#[tokio::test]
async fn an_export_that_fails_half_way_leaves_the_former_one() {
    let (service, place) = (Service::start(), Place::new());
    write(&service, &place).await;
    let before = place.files();
    let mut folder = place.open(Kind::Static);
    let paths = vec!["/v1".to_owned(), "/v1/guides/no-such-guide".to_owned()];
    let failed = site::write(&service.inner, paths, &mut folder).await.unwrap_err();
    assert_eq!(failed.to_string(), "/v1/guides/no-such-guide answers 404 Not Found, not 200");
    drop(folder);
    assert_eq!(place.files(), before);
}
