//! Images made smaller on request.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use image::{DynamicImage, GenericImageView as _, ImageFormat};
use locadocs::media::Media;

use super::harness::{SVG, attachment, picture};
use crate::api::harness::{Answer, Service};

const BROWSER: &str = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8";

fn keep(service: &Service, content: &Bytes) -> Media {
    service.media.keep(&attachment("attFile"), content).unwrap()
}

async fn get(service: &Service, media: &Media, query: &str, accept: &str) -> Answer {
    let path = format!("{}{query}", media.path("photo"));
    service.request(Method::GET, &path, &[("accept", accept)]).await
}

fn decoded(answer: &Answer) -> (ImageFormat, DynamicImage) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let format = image::guess_format(&answer.body).unwrap();
    assert_eq!(answer.header("content-type"), format.to_mime_type());
    (format, image::load_from_memory_with_format(&answer.body, format).unwrap())
}

#[tokio::test]
async fn an_image_has_the_width_and_the_format_that_a_client_wants() {
    use ImageFormat::{Jpeg, Png, WebP};
    let service = Service::start();
    for (format, width, accept, expected) in [
        (Jpeg, "?width=320", BROWSER, (WebP, (320, 240))),
        (Jpeg, "?width=320", "*/*", (Jpeg, (320, 240))),
        (Jpeg, "?width=320", "image/webp;q=0, */*", (Jpeg, (320, 240))),
        (Jpeg, "?width=960", BROWSER, (WebP, (400, 300))),
        (Png, "?width=320", "", (Png, (320, 240))),
        (WebP, "?width=320", "image/png", (Png, (320, 240))),
        (WebP, "?width=320", "IMAGE/WEBP", (WebP, (320, 240))),
    ] {
        let content = picture(400, 300, format);
        let media = keep(&service, &content);
        let answer = get(&service, &media, width, accept).await;
        let (found, image) = decoded(&answer);
        assert_eq!((found, image.dimensions()), expected, "{format:?}{width} for {accept}");
        assert_eq!(answer.header("vary"), "accept");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        let name =
            format!("photo.{}", if found == Jpeg { "jpg" } else { found.extensions_str()[0] });
        assert!(answer.header("content-disposition").contains(&name), "{name}");

        let whole = get(&service, &media, "", accept).await;
        assert_eq!(whole.body, content, "without a width it is the file itself");
        assert_ne!(whole.header("etag"), answer.header("etag"));

        let path = format!("{}{width}", media.path("photo"));
        let known = [("accept", accept), ("if-none-match", answer.header("etag"))];
        let again = service.request(Method::GET, &path, &known).await;
        assert_eq!((again.status, again.header("vary")), (StatusCode::NOT_MODIFIED, "accept"));
        let part = [("accept", accept), ("range", "bytes=0-9")];
        let part = service.request(Method::GET, &path, &part).await;
        assert_eq!((part.status, &*part.body), (StatusCode::PARTIAL_CONTENT, &answer.body[..10]));
    }
}

#[tokio::test]
async fn what_is_no_still_image_is_served_as_it_is() {
    let service = Service::start();
    let two_frames: &[u8] =
        b"GIF89a\x01\0\x01\0\0\0\0!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    for content in [SVG.as_bytes(), b"%PDF-1.7", two_frames] {
        let content = Bytes::copy_from_slice(content);
        let media = keep(&service, &content);
        let answer = get(&service, &media, "?width=320", BROWSER).await;
        assert_eq!(answer.body, content);
        assert_eq!(answer.header("content-type"), media.format.media_type());
    }
}

#[tokio::test]
async fn an_image_that_cannot_be_decoded_is_served_as_it_is() {
    let service = Service::start();
    let whole = picture(400, 300, ImageFormat::Png);
    let torn = whole.slice(..whole.len() / 2);
    let media = keep(&service, &torn);
    for _ in 0..2 {
        let answer = get(&service, &media, "?width=320", BROWSER).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::OK, &torn));
        assert_eq!(answer.header("content-type"), "image/png");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_for_one_image_make_it_once() {
    let service = Service::start();
    let media = keep(&service, &picture(400, 300, ImageFormat::Jpeg));
    // Each on its own would take a place in the queue, which is far too short for all.
    let requests = (0..100).map(|_| get(&service, &media, "?width=320", BROWSER));
    let answers = futures::future::join_all(requests).await;
    for answer in &answers {
        assert_eq!(decoded(answer).1.dimensions(), (320, 240));
        assert_eq!(answer.body.as_ptr(), answers[0].body.as_ptr(), "all have the same bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_images_at_once_are_put_off() {
    let service = Service::start();
    let medias: Vec<Media> =
        (0..40).map(|more| keep(&service, &picture(330 + more, 50, ImageFormat::Jpeg))).collect();
    let requests = medias.iter().map(|media| get(&service, media, "?width=320", BROWSER));
    let answers = futures::future::join_all(requests).await;
    let (made, put_off): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert!(made.len() >= 18 && !put_off.is_empty(), "{} were made", made.len());
    for answer in put_off {
        assert_eq!(answer.problem()["code"], "busy");
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
    }
    // They are made when asked for again.
    let answer = get(&service, &medias[39], "?width=320", BROWSER).await;
    assert_eq!(decoded(&answer).1.dimensions().0, 320);
}
