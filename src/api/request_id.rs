//! Requests have an id, for a client's question to be found in the logs.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Builder;

/// The id of a request: the client's own, if it looks like one, or a new one.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// Where it stands, in requests and answers.
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    /// The id of a request with these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(Self::HEADER).filter(|id| is_sane(id));
        Self(own.cloned().unwrap_or_else(new))
    }
}

/// What comes from outside goes into the logs only if it can do no harm there.
fn is_sane(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    (1..=128).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
}

fn new() -> HeaderValue {
    let id = Builder::from_random_bytes(rand::random()).into_uuid();
    let mut text = [0; 36];
    let text = id.hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}
