//! Answers that hold parts of a file (RFC 9110, sections 15.3.7 and 14.6).

use std::{future::ready, io, ops::Range};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::media::{Content, Format};

/// `Content-Range`, of a part or of a file that has no such part.
pub(super) fn content_range(
    part: Option<&Range<u64>>,
    length: u64,
) -> Option<(HeaderName, HeaderValue)> {
    let value = match part {
        Some(part) => range_text(part, length),
        None => format!("bytes */{length}"),
    };
    Some((header::CONTENT_RANGE, HeaderValue::from_str(&value).ok()?))
}

fn range_text(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1))
}

/// One part.
pub(super) fn one(content: &Content, format: Format, part: Range<u64>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_LENGTH, (part.end - part.start).into()),
    ];
    let range = content_range(Some(&part), content.length());
    let body = Body::from_stream(content.clone().stream(part));
    let mut response = (StatusCode::PARTIAL_CONTENT, headers, body).into_response();
    response.headers_mut().extend(range);
    response
}

/// Several parts, each under a small head.
pub(super) fn several(content: &Content, format: Format, parts: Vec<Range<u64>>) -> Response {
    // No content can hold what is not known before.
    let boundary = format!("{:032x}", rand::random::<u128>());
    let end = Bytes::from(format!("\r\n--{boundary}--\r\n"));
    let headed: Vec<(Bytes, Range<u64>)> = parts
        .into_iter()
        .map(|part| {
            let range = range_text(&part, content.length());
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: {range}\r\n\r\n",
                format.media_type()
            );
            (head.into(), part)
        })
        .collect();
    let bytes = |(head, part): &(Bytes, Range<u64>)| head.len() as u64 + part.end - part.start;
    let length = headed.iter().map(bytes).sum::<u64>() + end.len() as u64;
    let content = content.clone();
    let body = stream::iter(headed)
        .map(move |(head, part)| piece(head).chain(content.clone().stream(part)))
        .flatten()
        .chain(piece(end));
    let media_type = format!("multipart/byteranges; boundary={boundary}");
    let headers =
        [(header::CONTENT_TYPE, media_type), (header::CONTENT_LENGTH, length.to_string())];
    (StatusCode::PARTIAL_CONTENT, headers, Body::from_stream(body)).into_response()
}

fn piece(bytes: Bytes) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::once(ready(Ok(bytes)))
}
