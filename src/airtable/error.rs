//! What can go wrong with a call to Airtable, as far as a caller can act on it.
//!
//! Every error names the call. None holds the token, the query string or a cell.

mod body;

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};

use self::body::ErrorBody;
use super::calls::Outcome;
use crate::content::ids::TableId;

/// A call, for messages: `GET /v0/appXXX/tblXXX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// HTTP method.
    pub method: Method,
    /// Path without the query.
    pub path: Box<str>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Why a call failed.
///
/// Statuses and types: <https://airtable.com/developers/web/api/errors>.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the server can't be used.
    #[error("the address of Airtable must be an http or https URL, found {found:?}")]
    BaseUrl {
        /// Its scheme.
        found: String,
    },
    /// The token has characters that no token has.
    #[error("the Airtable token holds characters that can't be sent, such as a line break")]
    UnusableToken,
    /// The HTTP client can't be made.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// 401: no token, or one that was revoked.
    #[error("{call}: the token is missing, wrong or revoked")]
    Unauthorized {
        /// The call.
        call: Call,
    },
    /// 403: the token may not do this, or the table or record is gone. Airtable doesn't say which.
    #[error("{call}: not allowed, or no longer there{}", Detail(message))]
    Forbidden {
        /// The call.
        call: Call,
        /// The table, when the call is about one.
        table: Option<TableId>,
        /// Airtable's own words.
        message: Option<String>,
    },
    /// 404.
    #[error("{call}: not found{}", Detail(message))]
    NotFound {
        /// The call.
        call: Call,
        /// Airtable's own words.
        message: Option<String>,
    },
    /// 429: the calls of this month are spent. No call will pass before the next month.
    #[error("{call}: the month's quota of API calls is spent")]
    BillingLimit {
        /// The call.
        call: Call,
    },
    /// Our own budget forbids the call. It was not sent.
    #[error("{call}: not made, the month's budget of API calls is spent until {until}")]
    BudgetSpent {
        /// The call.
        call: Call,
        /// When calls may be made again.
        until: DateTime<Utc>,
    },
    /// 429: too many requests, and the retries didn't help.
    #[error("{call}: too many requests in a second, ours or others'")]
    RateLimited {
        /// The call.
        call: Call,
        /// What the server asks us to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// 422: a field that was asked for is gone.
    #[error("{call}: the table has no field {}", field.as_deref().unwrap_or("of that name"))]
    UnknownField {
        /// The call.
        call: Call,
        /// The field as Airtable names it, when it does.
        field: Option<String>,
    },
    /// 422: Airtable forgot where a listing was, more often than it may start again.
    #[error("{call}: Airtable lost its place in the listing")]
    OffsetExpired {
        /// The call.
        call: Call,
    },
    /// Any other refusal: a 3xx, which is never followed, or a 4xx.
    #[error("{call}: refused with status {status}{}{}", Detail(kind), Detail(message))]
    Invalid {
        /// The call.
        call: Call,
        /// HTTP status.
        status: u16,
        /// Airtable's type of error, such as `INVALID_VALUE_FOR_COLUMN`.
        kind: Option<String>,
        /// Airtable's own words.
        message: Option<String>,
    },
    /// 408 or 5xx.
    #[error("{call}: the server failed with status {status}")]
    Server {
        /// The call.
        call: Call,
        /// HTTP status.
        status: u16,
        /// What the server asks us to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// The answer is longer than the settings allow.
    #[error("{call}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// The call.
        call: Call,
        /// The limit.
        limit: usize,
    },
    /// A good status, but something else than JSON: a proxy's or a maintenance page, say.
    #[error("{call}: expected JSON, found {found:?}")]
    NotJson {
        /// The call.
        call: Call,
        /// The first 80 characters, without control characters.
        found: String,
    },
    /// JSON of another shape than the call's answer.
    #[error("{call}: the answer is not of the expected shape")]
    Unexpected {
        /// The call.
        call: Call,
        /// What was expected where.
        source: serde_json::Error,
    },
    /// The listing doesn't come to its end.
    #[error("{call}: the listing went on after {pages} pages")]
    Endless {
        /// The call.
        call: Call,
        /// Pages seen.
        pages: u32,
    },
    /// The answer stops before its end.
    #[error("{call}: the answer was cut")]
    Truncated {
        /// The call.
        call: Call,
        /// What the transport says, unless it saw nothing wrong.
        source: Option<reqwest::Error>,
    },
    /// The server took longer than the settings allow.
    #[error("{call}: no answer in time")]
    Timeout {
        /// The call.
        call: Call,
        /// Which of the timeouts.
        source: reqwest::Error,
    },
    /// No connection: the request was not sent.
    #[error("{call}: could not connect")]
    Connect {
        /// The call.
        call: Call,
        /// The cause.
        source: reqwest::Error,
    },
    /// The connection broke.
    #[error("{call}: the connection broke")]
    Transport {
        /// The call.
        call: Call,
        /// The cause.
        source: reqwest::Error,
    },
}

/// Part of a message that may be absent.
struct Detail<'a>(&'a Option<String>);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl Error {
    /// Reads an answer whose status isn't a success.
    pub(super) fn from_answer(
        call: Call,
        table: Option<TableId>,
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        let ErrorBody { kind, message } = ErrorBody::parse(body);
        let is_kind = |expected: &str| kind.as_deref() == Some(expected);
        match status.as_u16() {
            401 => Self::Unauthorized { call },
            403 => Self::Forbidden { call, table, message },
            404 => Self::NotFound { call, message },
            408 | 500.. => Self::Server { call, status: status.as_u16(), retry_after },
            422 if is_kind("LIST_RECORDS_ITERATOR_NOT_AVAILABLE") => Self::OffsetExpired { call },
            422 if is_kind("UNKNOWN_FIELD_NAME") => {
                Self::UnknownField { call, field: message.as_deref().and_then(body::quoted) }
            }
            429 if is_kind("PUBLIC_API_BILLING_LIMIT_EXCEEDED") => Self::BillingLimit { call },
            429 => Self::RateLimited { call, retry_after },
            status => Self::Invalid { call, status, kind, message },
        }
    }

    /// Reads an answer of good status that `serde_json` couldn't.
    pub(super) fn from_json(call: Call, error: serde_json::Error, body: &[u8]) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof => Self::Truncated { call, source: None },
            serde_json::error::Category::Data => Self::Unexpected { call, source: error },
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                Self::NotJson { call, found: body::excerpt(body, 80) }
            }
        }
    }

    /// Whether the same call may well succeed if it is made again soon.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::NotJson { .. }
            | Self::Truncated { .. }
            | Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Transport { .. } => true,
            Self::BaseUrl { .. }
            | Self::UnusableToken
            | Self::Setup(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::BillingLimit { .. }
            | Self::BudgetSpent { .. }
            | Self::UnknownField { .. }
            | Self::OffsetExpired { .. }
            | Self::Invalid { .. }
            | Self::TooLarge { .. }
            | Self::Unexpected { .. }
            | Self::Endless { .. } => false,
        }
    }

    /// Whether the call certainly changed nothing in the base, so that repeating it can't do twice
    /// what it should do once: it was turned away at the door, or never sent.
    pub fn is_certainly_unapplied(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Connect { .. })
    }

    /// What the server asks us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// How the call counts.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::RateLimited { .. } => Outcome::RateLimited,
            Self::BillingLimit { .. } => Outcome::OverQuota,
            Self::Server { .. } => Outcome::ServerError,
            Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::Unexpected { .. }
            | Self::Endless { .. }
            | Self::Truncated { .. } => Outcome::Unreadable,
            Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Transport { .. }
            | Self::BaseUrl { .. }
            | Self::UnusableToken
            | Self::Setup(_)
            | Self::BudgetSpent { .. } => Outcome::NoAnswer,
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::UnknownField { .. }
            | Self::OffsetExpired { .. }
            | Self::Invalid { .. } => Outcome::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Error {
        let call = Call { method: Method::GET, path: "/v0/appB/tblT".into() };
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_answer(call, "tblT".parse().ok(), status, None, body.as_bytes())
    }

    #[test]
    fn statuses_and_types_become_what_a_caller_can_act_on() {
        for (status, body, retryable, message) in [
            (
                401,
                r#"{"error":{"type":"AUTHENTICATION_REQUIRED","message":"Authentication required"}}"#,
                false,
                "GET /v0/appB/tblT: the token is missing, wrong or revoked",
            ),
            (
                403,
                r#"{"error":{"type":"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND","message":"Gone."}}"#,
                false,
                "GET /v0/appB/tblT: not allowed, or no longer there: Gone.",
            ),
            (404, r#"{"error":"NOT_FOUND"}"#, false, "GET /v0/appB/tblT: not found"),
            (
                422,
                r#"{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}"#,
                false,
                "GET /v0/appB/tblT: Airtable lost its place in the listing",
            ),
            (
                422,
                r#"{"error":{"type":"UNKNOWN_FIELD_NAME","message":"Unknown field name: \"fldX\""}}"#,
                false,
                "GET /v0/appB/tblT: the table has no field fldX",
            ),
            (
                422,
                r#"{"error":{"type":"INVALID_REQUEST_UNKNOWN"}}"#,
                false,
                "GET /v0/appB/tblT: refused with status 422: INVALID_REQUEST_UNKNOWN",
            ),
            (
                429,
                r#"{"errors":[{"error":"RATE_LIMIT_REACHED","message":"Rate limit exceeded."}]}"#,
                true,
                "GET /v0/appB/tblT: too many requests in a second, ours or others'",
            ),
            (429, "", true, "GET /v0/appB/tblT: too many requests in a second, ours or others'"),
            (
                429,
                r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED","message":"…"}]}"#,
                false,
                "GET /v0/appB/tblT: the month's quota of API calls is spent",
            ),
            (
                429,
                r#"{"error":{"type":"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}}"#,
                false,
                "GET /v0/appB/tblT: the month's quota of API calls is spent",
            ),
            (408, "", true, "GET /v0/appB/tblT: the server failed with status 408"),
            (503, "<html>", true, "GET /v0/appB/tblT: the server failed with status 503"),
            (302, "", false, "GET /v0/appB/tblT: refused with status 302"),
        ] {
            let error = read(status, body);
            assert_eq!(error.to_string(), message, "{status} {body}");
            assert_eq!(error.is_retryable(), retryable, "{status} {body}");
        }
    }
}
