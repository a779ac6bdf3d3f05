//! Errors as clients see them: RFC 9457 `application/problem+json`, with a stable code.
//!
//! A problem says what the client can do about it. What went wrong inside goes to the log.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong. Stable: programs may act on it. New ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ProblemCode)]
pub enum Code {
    /// No such path.
    UnknownPath,
    /// No published guide has this slug.
    GuideNotFound,
    /// The guide has no step of this slug.
    StepNotFound,
    /// No published document has this slug.
    DocumentNotFound,
    /// No published service has this slug.
    ServiceNotFound,
    /// No commune has, or had, this code.
    CommuneNotFound,
    /// No published file has this id.
    MediaNotFound,
    /// No release of this name is kept: it never was, or it is too old.
    ReleaseNotFound,
    /// The release of this name was kept, and can no longer be read.
    ReleaseGone,
    /// The path or query is not valid UTF-8, or has a broken escape.
    MalformedRequest,
    /// The path takes no such query parameter.
    UnknownParameter,
    /// A required query parameter is absent.
    MissingParameter,
    /// A query parameter is given more than once.
    RepeatedParameter,
    /// A parameter's value is not what is expected.
    InvalidParameter,
    /// A ping that the webhook in use did not sign.
    UnsignedPing,
    /// A ping, while no webhook that pings is in use.
    NoWebhook,
    /// A cursor that no page gave.
    InvalidCursor,
    /// A cursor of another list, or of another order of this one: start over without it.
    ForeignCursor,
    /// Two parameters that contradict each other.
    ConflictingParameters,
    /// An answer to a step that the guide does not have.
    UnknownStep,
    /// An answer that the step does not offer.
    UnknownChoice,
    /// An answer to a step that the other answers do not lead to.
    OffPath,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The request's body is too large.
    BodyTooLarge,
    /// The path and query are too long.
    UriTooLong,
    /// The file has no byte in the ranges that are asked for.
    RangeNotSatisfiable,
    /// The client makes more requests than it may.
    TooManyRequests,
    /// The service failed.
    Internal,
    /// Nothing is published yet.
    NotReady,
    /// The answer took too long.
    Timeout,
    /// Too many images are being resized.
    Busy,
    /// Nothing can be searched in this release.
    SearchUnavailable,
    /// Too many clients listen to events.
    TooManyListeners,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::UnknownPath
            | Self::GuideNotFound
            | Self::StepNotFound
            | Self::DocumentNotFound
            | Self::ServiceNotFound
            | Self::CommuneNotFound
            | Self::MediaNotFound
            | Self::ReleaseNotFound
            | Self::NoWebhook => StatusCode::NOT_FOUND,
            Self::ReleaseGone => StatusCode::GONE,
            Self::UnsignedPing => StatusCode::UNAUTHORIZED,
            Self::MalformedRequest
            | Self::UnknownParameter
            | Self::MissingParameter
            | Self::RepeatedParameter
            | Self::InvalidParameter
            | Self::InvalidCursor => StatusCode::BAD_REQUEST,
            // The request is well formed, and each part of it would be right beside others, or was
            // right for an earlier state of the guide.
            Self::ForeignCursor
            | Self::ConflictingParameters
            | Self::UnknownStep
            | Self::UnknownChoice
            | Self::OffPath => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotReady
            | Self::Timeout
            | Self::Busy
            | Self::SearchUnavailable
            | Self::TooManyListeners => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::UnknownPath => "No such path",
            Self::GuideNotFound => "No such guide",
            Self::StepNotFound => "No such step",
            Self::DocumentNotFound => "No such document",
            Self::ServiceNotFound => "No such service",
            Self::CommuneNotFound => "No such commune",
            Self::MediaNotFound => "No such file",
            Self::ReleaseNotFound => "No such release",
            Self::ReleaseGone => "Release gone",
            Self::MalformedRequest => "Malformed request",
            Self::UnknownParameter => "Unknown parameter",
            Self::MissingParameter => "Missing parameter",
            Self::RepeatedParameter => "Repeated parameter",
            Self::InvalidParameter => "Invalid parameter",
            Self::UnsignedPing => "Unsigned ping",
            Self::NoWebhook => "No webhook",
            Self::InvalidCursor => "Invalid cursor",
            Self::ForeignCursor => "Foreign cursor",
            Self::ConflictingParameters => "Conflicting parameters",
            Self::UnknownStep => "Answer to an unknown step",
            Self::UnknownChoice => "Unknown answer",
            Self::OffPath => "Answer off the path",
            Self::MethodNotAllowed => "Method not allowed",
            Self::BodyTooLarge => "Body too large",
            Self::UriTooLong => "Address too long",
            Self::RangeNotSatisfiable => "Range not satisfiable",
            Self::TooManyRequests => "Too many requests",
            Self::Internal => "Internal error",
            Self::NotReady => "Not ready",
            Self::Timeout => "Timeout",
            Self::Busy => "Busy",
            Self::SearchUnavailable => "Search unavailable",
            Self::TooManyListeners => "Too many listeners",
        }
    }

    /// The code for an error that no handler put in words.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::UnknownPath,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::URI_TOO_LONG => Self::UriTooLong,
            StatusCode::SERVICE_UNAVAILABLE => Self::Timeout,
            status if status.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::UnknownPath => "This path leads nowhere: /docs lists those that do.",
            Self::MethodNotAllowed => "The Allow header lists the methods of this path.",
            Self::BodyTooLarge => "The body of the request is larger than the service accepts.",
            Self::UriTooLong => "The path and query are longer than the service accepts.",
            Self::Timeout => "The answer took too long; please try again.",
            Self::RangeNotSatisfiable => {
                "The file is shorter than the ranges that are asked for: Content-Range tells its \
                 length."
            }
            Self::TooManyRequests => {
                "This address makes more requests than it may: Retry-After tells how long to wait."
            }
            Self::MalformedRequest => "The request could not be read.",
            Self::UnsignedPing => "The ping is not signed by the webhook in use.",
            Self::NoWebhook => "No webhook that pings is in use.",
            Self::NotReady => "Nothing is published yet; please try again in a few seconds.",
            Self::Busy => "Too much is being done at once; please try again in a few seconds.",
            Self::SearchUnavailable => {
                "Search is out of order until the next release; all else can be read."
            }
            Self::TooManyListeners => {
                "As many clients as the service takes listen to events: try again later, or ask \
                 /v1/changes from time to time."
            }
            _ => "The service failed to answer. The failure is logged under X-Request-Id.",
        }
    }
}

/// An error, as RFC 9457 has it (<https://www.rfc-editor.org/rfc/rfc9457>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct Body {
    /// The kind of problem, as a stable URI that names it and leads nowhere.
    #[schema(format = "uri-reference", examples("/problems/invalid-parameter"))]
    r#type: String,
    /// The kind of problem, in words.
    #[schema(examples("Invalid parameter"))]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, examples(400))]
    status: u16,
    /// The kind of problem, for programs.
    code: Code,
    /// What happened this time and what to do, in English.
    #[schema(examples("\"limit\" is \"0\": a whole number from 1 to 200 is expected."))]
    detail: String,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("limit"))]
    parameter: Option<String>,
    /// The step at fault, in a walk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("document-connu"))]
    step: Option<String>,
    /// What was found, cut to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("0"))]
    found: Option<String>,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("a whole number from 1 to 200"))]
    expected: Option<String>,
    /// What would be valid instead, if it can be listed; the first 200, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["title", "-title"]))]
    valid: Option<Vec<String>>,
}

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    body: Box<Body>,
    retry_after: Option<Duration>,
}

/// Most values listed to the client.
const MOST_VALID: usize = 200;

/// Longest value repeated to the client.
const FOUND_CHARS: usize = 100;

impl Problem {
    /// A problem, and what happened this time.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let name = serde_json::to_value(code).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
        let body = Body {
            r#type: format!("/problems/{name}"),
            title: code.title(),
            status: code.status().as_u16(),
            code,
            detail: detail.into(),
            parameter: None,
            step: None,
            found: None,
            expected: None,
            valid: None,
        };
        Self { body: Box::new(body), retry_after: None }
    }

    /// A problem that its code says whole.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.detail())
    }

    /// Nothing is published yet.
    pub fn not_ready(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::of(Code::NotReady) }
    }

    /// Too much is being done at once.
    pub fn busy(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::of(Code::Busy) }
    }

    /// Something that does not exist under the name given for it.
    pub fn not_found(code: Code, found: &str) -> Self {
        let found = excerpt(found);
        Self::new(code, format!("{}: {found:?}.", code.title())).found(&found)
    }

    /// As many clients as the service takes listen to events already.
    pub fn too_many_listeners(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::of(Code::TooManyListeners) }
    }

    /// A required parameter that is absent.
    pub fn missing(parameter: &str) -> Self {
        let detail = format!("{parameter:?} is required.");
        Self::new(Code::MissingParameter, detail).parameter(parameter)
    }

    /// A parameter whose value is not what is expected.
    pub fn invalid(parameter: &str, found: &str, expected: &str) -> Self {
        let found = excerpt(found);
        let detail = format!("{parameter:?} is {found:?}: {expected} is expected.");
        Self::new(Code::InvalidParameter, detail)
            .parameter(parameter)
            .found(&found)
            .expected(expected)
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn parameter(mut self, name: &str) -> Self {
        self.body.parameter = Some(excerpt(name));
        self
    }

    /// Names the step at fault.
    #[must_use]
    pub fn step(mut self, step: &str) -> Self {
        self.body.step = Some(excerpt(step));
        self
    }

    /// Tells what was found.
    #[must_use]
    pub fn found(mut self, found: &str) -> Self {
        self.body.found = Some(excerpt(found));
        self
    }

    /// Tells what was expected.
    #[must_use]
    pub fn expected(mut self, expected: &str) -> Self {
        self.body.expected = Some(expected.to_owned());
        self
    }

    /// Lists what would be valid, as far as a client can use it.
    #[must_use]
    pub fn valid<T: ToString>(mut self, valid: impl IntoIterator<Item = T>) -> Self {
        self.body.valid =
            Some(valid.into_iter().take(MOST_VALID).map(|value| value.to_string()).collect());
        self
    }

    /// The stable code.
    #[cfg(test)]
    pub fn code(&self) -> Code {
        self.body.code
    }

    /// What the client reads.
    #[cfg(test)]
    pub fn body(&self) -> &Body {
        &self.body
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(FOUND_CHARS).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.body.code.status();
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let cache = match status {
            // Soon published, perhaps, but asked again and again when an old link is broken.
            StatusCode::NOT_FOUND => "public, max-age=10",
            _ => "no-store",
        };
        let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, cache)];
        let mut response = (status, headers, body).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = HeaderValue::from(wait.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// Puts in words the errors that a library answered with a line of text, or nothing.
pub fn put_in_words(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || is_json(&response) {
        return response;
    }
    let mut problem = Problem::of(Code::of_status(status)).into_response();
    let (parts, _) = response.into_parts();
    for (name, value) in &parts.headers {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            problem.headers_mut().append(name, value.clone());
        }
    }
    *problem.extensions_mut() = parts.extensions;
    problem
}

fn is_json(response: &Response) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    media_type.and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_kind_thrice_and_its_status_twice() {
        let problem = Problem::invalid("limit", "0", "a whole number from 1 to 200");
        let json = serde_json::to_value(&problem.body).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "/problems/invalid-parameter",
                "title": "Invalid parameter",
                "status": 400,
                "code": "invalid-parameter",
                "detail": "\"limit\" is \"0\": a whole number from 1 to 200 is expected.",
                "parameter": "limit",
                "found": "0",
                "expected": "a whole number from 1 to 200",
            })
        );
        assert_eq!(problem.into_response().status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_long_list_of_valid_values_is_cut() {
        let problem = Problem::of(Code::UnknownChoice).valid(0..10_000);
        assert_eq!(problem.body.valid.map(|valid| valid.len()), Some(MOST_VALID));
    }

    #[test]
    fn what_was_found_is_cut() {
        let problem = Problem::not_found(Code::GuideNotFound, &"é".repeat(5_000));
        assert!(problem.body.detail.chars().count() < 150);
    }

    #[test]
    fn a_service_that_is_not_ready_says_when_to_come_back() {
        let response = Problem::not_ready(Duration::from_millis(200)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}
