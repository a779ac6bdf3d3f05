//! Files as clients get them.

use axum::http::{Method, StatusCode};
use bytes::Bytes;

use super::harness::{SVG, attachment};
use crate::api::harness::{Answer, Service, noon};

/// Many bytes, no two neighbours alike, after the start of a PDF.
fn pdf() -> Bytes {
    let bytes = (0..600_000_u32).map(|place| (place % 251) as u8);
    b"%PDF-1.7\n".iter().copied().chain(bytes).collect()
}

fn keep(service: &Service, content: impl Into<Bytes>) -> String {
    let media = service.media.keep(&attachment("attFile"), &content.into()).unwrap();
    media.path("Permis n° 3")
}

async fn get(service: &Service, path: &str, headers: &[(&str, &str)]) -> Answer {
    service.request(Method::GET, path, headers).await
}

#[tokio::test]
async fn a_file_is_kept_for_ever_and_can_do_nothing() {
    let service = Service::start();
    for (content, media_type, policy, disposition) in [
        (
            pdf(),
            "application/pdf",
            "default-src 'none'",
            "inline; filename=\"permis-ndeg-3.pdf\"; filename*=UTF-8''permis-ndeg-3.pdf",
        ),
        (
            SVG.into(),
            "image/svg+xml",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "inline; filename=\"permis-ndeg-3.svg\"; filename*=UTF-8''permis-ndeg-3.svg",
        ),
        (
            Bytes::from_static(b"II*\0\x08\0\0\0\0\0"),
            "image/tiff",
            "default-src 'none'",
            "attachment; filename=\"permis-ndeg-3.tif\"; filename*=UTF-8''permis-ndeg-3.tif",
        ),
    ] {
        let path = keep(&service, content.clone());
        let answer = get(&service, &path, &[("origin", "null")]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, content);
        let id = path.split('/').nth(3).unwrap();
        for (name, expected) in [
            ("content-type", media_type),
            ("content-length", &content.len().to_string()),
            ("etag", &format!("\"{id}\"")),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("accept-ranges", "bytes"),
            ("content-security-policy", policy),
            ("content-disposition", disposition),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("access-control-allow-origin", "*"),
            ("vary", ""),
        ] {
            assert_eq!(answer.header(name), expected, "{media_type}: {name}");
        }

        let head = service.request(Method::HEAD, &path, &[("range", "bytes=0-1")]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header("content-length"), content.len().to_string());
        assert_eq!(head.header("etag"), answer.header("etag"));
    }
}

#[tokio::test]
async fn a_client_that_has_a_file_is_told_so() {
    let service = Service::start();
    let path = keep(&service, pdf());
    let etag = get(&service, &path, &[]).await.header("etag").to_owned();
    for (known, expected) in [
        (etag.as_str(), 304),
        (&format!("\"other\", W/{etag}"), 304),
        ("*", 304),
        ("\"other\"", 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            // The condition comes before the range (RFC 9110, section 13.2.2).
            let headers = [("if-none-match", known)];
            let answer = service.request(method, &path, &headers).await;
            assert_eq!(answer.status.as_u16(), expected, "{known}");
            assert_eq!(answer.header("etag"), etag);
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        }
    }
    let headers = [("if-none-match", etag.as_str()), ("range", "bytes=0-1")];
    assert_eq!(get(&service, &path, &headers).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_part_is_sent_alone() {
    let service = Service::start();
    let content = pdf();
    let path = keep(&service, content.clone());
    let length = content.len();
    let etag = get(&service, &path, &[]).await.header("etag").to_owned();
    for (range, condition, expected) in [
        ("bytes=0-0", "", 0..1),
        ("bytes=-5", "", length - 5..length),
        ("bytes=70000-500000", "", 70_000..500_001),
        ("bytes=599999-", &*etag, 599_999..length),
    ] {
        let headers = [("range", range), ("if-range", condition)];
        let headers = &headers[..if condition.is_empty() { 1 } else { 2 }];
        let answer = get(&service, &path, headers).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.body, content[expected.clone()]);
        let place = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert_eq!(answer.header("content-type"), "application/pdf");
        assert_eq!(answer.header("etag"), etag);
    }
    let headers = [("range", "bytes=0-1"), ("if-range", "\"other\"")];
    assert_eq!(get(&service, &path, &headers).await.status, StatusCode::OK);

    let answer = get(&service, &path, &[("range", "bytes=600009-")]).await;
    assert_eq!(answer.problem()["code"], "range-not-satisfiable");
    assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.header("content-range"), "bytes */600009");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn several_parts_are_sent_under_heads_of_their_own() {
    let service = Service::start();
    let content = pdf();
    let path = keep(&service, content.clone());
    let answer = get(&service, &path, &[("range", "bytes=0-7, -2")]).await;
    assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    let media_type = answer.header("content-type");
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let part = |range: &str, bytes: &[u8]| {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: application/pdf\r\nContent-Range: bytes {range}/600009\r\n\r\n"
        );
        [head.as_bytes(), bytes].concat()
    };
    let expected = [
        part("0-7", b"%PDF-1.7"),
        part("600007-600008", &content[600_007..]),
        format!("\r\n--{boundary}--\r\n").into_bytes(),
    ];
    assert_eq!(answer.body, expected.concat());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let service = Service::start();
    let path = keep(&service, DRAWING);
    let id = path.split('/').nth(3).unwrap();
    for (target, code) in [
        (format!("/v1/media/{}/a.png", "0".repeat(32)), "media-not-found"),
        (format!("/v1/media/{}/a.svg", id.to_uppercase()), "media-not-found"),
        (format!("/v1/media/{id}/..%2f..%2fpasswd"), "media-not-found"),
        (format!("/v1/media/{id}/%0d%0aset-cookie:a"), "media-not-found"),
        (format!("/v1/media/{id}"), "unknown-path"),
        (format!("/v1/media/{id}/a.svg?w=320"), "unknown-parameter"),
    ] {
        assert_eq!(service.problem(&target).await["code"], code, "{target}");
    }
    let problem = service.problem(&format!("{path}?width=321")).await;
    assert_eq!(problem["code"], "invalid-parameter");
    assert_eq!(problem["valid"], serde_json::json!(["320", "640", "960", "1280", "1920"]));
}

const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>";

#[tokio::test]
async fn files_are_served_before_anything_is_published() {
    let service = Service::empty(noon, locadocs::api::Settings::default());
    let path = keep(&service, DRAWING);
    assert_eq!(get(&service, &path, &[]).await.status, StatusCode::OK);
}
