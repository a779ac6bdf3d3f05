//! Contents to be kept, and a library filled from a server.

use std::io::Cursor;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use locadocs::{
    airtable::download::{DownloadSettings, Downloader},
    content::ids::AttachmentId,
    media::{FetchReport, Library, Settings, Wanted},
};
use url::Url;

use crate::fixture;

pub fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub fn attachment(id: &str) -> AttachmentId {
    id.parse().unwrap()
}

pub fn library() -> Library {
    Library::in_memory(Settings::default())
}

/// One pixel, in PNG.
pub fn pixel() -> Bytes {
    BASE64_STANDARD.decode(fixture::PIXEL).unwrap().into()
}

/// An image of this size, of which no two parts are alike.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Bytes {
    let shade =
        |x: u32, y: u32| Rgb([(x % 251) as u8, (y % 241) as u8, ((x / 7 + y / 5) % 239) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, shade));
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner().into()
}

pub const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

/// A downloader of the files that stand beside a server on this machine.
pub fn downloader(server: &Url) -> Downloader {
    Downloader::new(settings(server)).unwrap()
}

pub fn settings(server: &Url) -> DownloadSettings {
    DownloadSettings { max_bytes: 100_000, ..DownloadSettings::new(server.clone()) }
}

/// Downloads one attachment.
pub async fn fetch(
    library: &Library,
    downloader: &Downloader,
    link: impl Into<String>,
    size: Option<u64>,
) -> FetchReport {
    let wanted = Wanted { id: attachment("attFile"), link: link.into(), size };
    library.fetch(downloader, [wanted], now()).await
}

/// Why the only attachment of a report is not kept, with all causes.
pub fn reason(report: &FetchReport) -> String {
    assert_eq!(report.arrived, []);
    let [(_, error)] = report.failed.as_slice() else { panic!("{report:?}") };
    let mut cause: Option<&dyn std::error::Error> = Some(&**error);
    let mut words = Vec::new();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}
