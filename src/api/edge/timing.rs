//! `Server-Timing` (<https://www.w3.org/TR/server-timing/>): how long the service took, and whether
//! it had the answer ready. Browsers show it beside each request.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};

/// The header that tells times.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// The header by which pages of other sites may read times.
pub const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// Where a page came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// It was rendered before.
    Hit,
    /// It was rendered for this request.
    Miss,
}

/// The header of an answer.
pub fn header(elapsed: Duration, served: Option<Served>) -> HeaderValue {
    let (micros, cache) = (
        elapsed.as_micros(),
        match served {
            Some(Served::Hit) => ", cache;desc=hit",
            Some(Served::Miss) => ", cache;desc=miss",
            None => "",
        },
    );
    let text = format!("app;dur={}.{:03}{cache}", micros / 1_000, micros % 1_000);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("app"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds() {
        for (elapsed, served, expected) in [
            (Duration::from_nanos(1_999), None, "app;dur=0.001"),
            (Duration::from_micros(12_034), Some(Served::Hit), "app;dur=12.034, cache;desc=hit"),
            (Duration::from_secs(2), Some(Served::Miss), "app;dur=2000.000, cache;desc=miss"),
        ] {
            assert_eq!(header(elapsed, served), expected);
        }
    }
}
