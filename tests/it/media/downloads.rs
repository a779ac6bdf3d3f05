//! Downloads from servers that mean harm, fail or forget.

use std::time::Duration;

use image::ImageFormat;
use locadocs::{
    airtable::download::{DownloadSettings, Downloader},
    content::ids::AttachmentId,
    media::Wanted,
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
    },
};
use serde_json::Value;

use super::harness::{
    SVG, attachment, downloader, fetch, library, now, picture, pixel, reason, settings,
};
use crate::{
    airtable::server::{Reply, Server, head},
    sandbox::harness,
};

/// A server that always replies so.
async fn server(reply: Reply) -> Server {
    Server::start(move |_, _| reply.clone()).await
}

#[tokio::test]
async fn what_is_no_file_to_publish_is_refused() {
    let page = "<!DOCTYPE html><title>Airtable</title><script>alert(1)</script>";
    let image = pixel();
    let redirect = |to: &str| Reply::new(302, &format!("location: {to}\r\n"), "");
    let endless = || {
        let bytes = [image.as_ref(), &[0; 10_000]].concat();
        Reply::Endless(head(200, ""), bytes, Duration::from_millis(1))
    };
    let bomb = b"GIF89a\xff\xff\xff\xff\x00\x00\x00;";
    for (reply, size, expected) in [
        (redirect("http://127.0.0.1:1/"), None, "answered 302"),
        (redirect("https://example.org/"), None, "answered 302"),
        (redirect("/elsewhere"), None, "answered 302"),
        (Reply::new(410, "content-type: image/png\r\n", page), None, "answered 410"),
        (Reply::new(200, "content-type: image/png\r\n", page), None, "text/html"),
        (Reply::new(206, "content-type: image/png\r\n", &image), None, "answered 206"),
        (Reply::new(200, "", &image), Some(71), "70 bytes instead of 71"),
        (Reply::new(200, "", ""), None, "empty"),
        (Reply::new(200, "", bomb), None, "65535 × 65535 pixels"),
        (
            Reply::new(200, "content-encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0"),
            None,
            "application/gzip",
        ),
        (Reply::new(200, "", vec![0; 100_001]), None, "more than 100000 bytes"),
        (
            Reply::Bytes(head(200, "content-length: 99999999999\r\n")),
            None,
            "more than 100000 bytes",
        ),
        (endless(), None, "more than 100000 bytes"),
        (Reply::truncated("GIF89a…"), None, "transfer from 127.0.0.1 failed"),
        (Reply::dropped(), None, "transfer from 127.0.0.1 failed"),
    ] {
        let server = server(reply).await;
        let library = library();
        let report = fetch(&library, &downloader(&server.url), server.url.clone(), size).await;
        let reason = reason(&report);
        assert!(reason.contains(expected), "{reason}, expected {expected}");
        assert!(library.get(&attachment("attFile")).is_none());
        assert_eq!(server.received().len(), 1, "{expected}: nothing else was asked");
    }
}

#[tokio::test]
async fn a_file_arrives_without_a_token_or_a_word_of_ours() {
    let content = picture(40, 30, ImageFormat::Jpeg);
    let reply = Reply::new(200, "content-type: text/html\r\n", &content);
    let server = server(reply).await;
    let library = library();
    let size = Some(content.len() as u64);
    let report = fetch(&library, &downloader(&server.url), server.url.clone(), size).await;
    assert_eq!(report.arrived, [attachment("attFile")]);
    let media = library.get(&attachment("attFile")).unwrap();
    assert_eq!(media.format.media_type(), "image/jpeg");
    assert_eq!(media.picture.map(|p| (p.width, p.height)), Some((40, 30)));
    assert_eq!(library.content(&media).unwrap().unwrap().whole().unwrap(), content);
    let head = server.received().remove(0).head.to_lowercase();
    for word in ["authorization", "cookie", "referer"] {
        assert!(!head.contains(word), "{head}");
    }
}

#[tokio::test]
async fn a_drawing_is_kept_as_one() {
    let server = server(Reply::new(200, "content-type: text/html\r\n", SVG)).await;
    let library = library();
    fetch(&library, &downloader(&server.url), server.url.clone(), None).await;
    let media = library.get(&attachment("attFile")).unwrap();
    assert_eq!((media.format.media_type(), media.picture), ("image/svg+xml", None));
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let server = server(Reply::Hang(head(200, "content-length: 70\r\n"))).await;
    let quick =
        DownloadSettings { idle_timeout: Duration::from_millis(50), ..settings(&server.url) };
    let downloader = Downloader::new(quick).unwrap();
    let report = fetch(&library(), &downloader, server.url.clone(), None).await;
    assert_eq!(reason(&report).split(": ").next(), Some("127.0.0.1 took too long"));
}

#[tokio::test]
async fn all_downloads_together_have_a_bounded_time() {
    let server = server(Reply::Hang(Vec::new())).await;
    let settings =
        locadocs::media::Settings { patience: Duration::from_millis(50), ..Default::default() };
    let library = locadocs::media::Library::in_memory(settings);
    let ids = ["attA", "attB", "attC", "attD", "attE", "attF"].map(attachment);
    let wanted = ids.clone().map(|id| Wanted { id, link: server.url.to_string(), size: None });
    let report = library.fetch(&downloader(&server.url), wanted, now()).await;
    assert_eq!(report.left, ids);
    assert!(server.received().len() <= 4, "a few at a time");
    assert_eq!(library.missing(&ids, now()), ids, "they are not blamed for it");
}

#[tokio::test]
async fn links_that_lead_elsewhere_are_not_followed() {
    let api = "https://api.airtable.com".parse().unwrap();
    let patterns = ["localhost", "dl.airtable.com"].map(|host| host.parse().unwrap());
    let outside =
        Downloader::new(DownloadSettings { hosts: patterns.into(), ..DownloadSettings::new(api) })
            .unwrap();
    let server = server(Reply::new(200, "", pixel())).await;
    let inside = downloader(&server.url);
    for (downloader, link, expected) in [
        (&outside, "https://localhost/photo.png", "localhost has no public address"),
        (&outside, server.url.as_str(), "leads to http://127.0.0.1"),
        (&outside, "https://169.254.169.254/", "leads to https://169.254.169.254"),
        (
            &inside,
            "https://dl.airtable.com/photo.png?sig=secret",
            "leads to https://dl.airtable.com",
        ),
        (&inside, "", "no link that can be read"),
    ] {
        let reason = reason(&fetch(&library(), downloader, link, None).await);
        assert!(reason.contains(expected), "{link}: {reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_failure_is_followed_by_a_pause_and_a_success_forgets_it() {
    let image = pixel();
    let server = Server::in_turn([Reply::new(503, "", ""), Reply::new(200, "", &image)]).await;
    let (library, downloader) = (library(), downloader(&server.url));
    let id = attachment("attFile");
    let minute = chrono::TimeDelta::minutes(1);
    fetch(&library, &downloader, server.url.clone(), None).await;
    assert_eq!(library.missing([&id, &id], now()), [], "not at once");
    assert_eq!(library.missing([&id, &id], now() + minute), std::slice::from_ref(&id));
    assert!(library.failure(&id).unwrap().advice().contains("automatiquement"));
    assert_eq!(library.stats().failing, 1);

    fetch(&library, &downloader, server.url.clone(), None).await;
    assert_eq!(library.missing([&id], now() + minute), []);
    assert!(library.failure(&id).is_none());
    fetch(&library, &downloader, server.url.clone(), None).await;
    assert_eq!(server.received().len(), 2, "what is kept is not downloaded again");
}

#[tokio::test]
async fn attachments_of_airtable_are_fetched_while_their_links_live() {
    let config = Config { per_second: None, per_second_user: None, ..Config::default() };
    let sandbox = Sandbox::start(config, &[harness::seed()]).await.unwrap();
    let row = format!("v0/{}/{}/recHavre", harness::BASE, harness::TOWN);
    let row = sandbox.url().join(&row).unwrap();
    let photo = async || {
        let request = reqwest::Client::new().get(row.clone()).bearer_auth(DEFAULT_TOKEN);
        let row: Value = request.send().await.unwrap().json().await.unwrap();
        let photo = &row["fields"]["Photo"][0];
        let id: AttachmentId = photo["id"].as_str().unwrap().parse().unwrap();
        let link = photo["url"].as_str().unwrap().to_owned();
        Wanted { id, link, size: photo["size"].as_u64() }
    };
    let (library, downloader) = (library(), downloader(sandbox.url()));
    let old = photo().await;
    sandbox.advance_clock(Duration::from_secs(2 * 60 * 60));
    let report = library.fetch(&downloader, [old.clone()], now()).await;
    assert!(reason(&report).contains("answered 410"));

    let report = library.fetch(&downloader, [photo().await], now()).await;
    assert_eq!(report.arrived, std::slice::from_ref(&old.id));
    assert_eq!(library.get(&old.id).map(|media| media.bytes), Some(70));
}
