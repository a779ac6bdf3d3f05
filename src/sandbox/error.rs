//! The errors that Airtable answers, in their three shapes.
//!
//! Most are `{"error":{"type","message"}}`; an unknown base or route is the bare
//! `{"error":"NOT_FOUND"}`; both kinds of 429 are `{"errors":[{"error","message"}]}`
//! (<https://airtable.com/developers/web/api/errors>).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// How an error body is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorShape {
    /// `{"error":{"type":"X","message":"…"}}`
    Object,
    /// `{"error":"X"}`
    Bare,
    /// `{"errors":[{"error":"X","message":"…"}]}`
    Plural,
}

impl ErrorShape {
    /// Writes an error in this shape. An empty message is left out.
    pub fn body(self, code: &str, message: &str) -> Value {
        match (self, message) {
            (Self::Bare, _) => json!({ "error": code }),
            (Self::Object, "") => json!({ "error": { "type": code } }),
            (Self::Object, _) => json!({ "error": { "type": code, "message": message } }),
            (Self::Plural, _) => json!({ "errors": [{ "error": code, "message": message }] }),
        }
    }
}

/// An answer that refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Layout of the body.
    pub shape: ErrorShape,
    /// Airtable's name of the error, such as `UNKNOWN_FIELD_NAME`.
    pub code: String,
    /// The sentence for people; may be empty.
    pub message: String,
}

impl ApiError {
    /// An error in the usual shape.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, shape: ErrorShape::Object, code: code.into(), message: message.into() }
    }

    /// A request that was understood but can't be followed: 422.
    pub fn unprocessable(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// A body or parameter of the wrong form: 422.
    pub fn invalid_request(detail: impl std::fmt::Display) -> Self {
        Self::unprocessable(
            "INVALID_REQUEST_UNKNOWN",
            format!(
                "Invalid request: parameter validation failed. Check your request data. ({detail})"
            ),
        )
    }

    /// A value that its field can't take: 422.
    pub fn invalid_value(field: &str, detail: impl std::fmt::Display) -> Self {
        Self::unprocessable(
            "INVALID_VALUE_FOR_COLUMN",
            format!("Field \"{field}\" cannot accept the provided value: {detail}"),
        )
    }

    /// A field that the table does not have: 422.
    pub fn unknown_field(name: &str) -> Self {
        Self::unprocessable("UNKNOWN_FIELD_NAME", format!("Unknown field name: \"{name}\""))
    }

    /// A table or record out of reach, without telling whether it exists: 403.
    pub fn model_not_found() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
            "Invalid permissions, or the requested model was not found. Check that both your user \
             and your token have the required permissions, and that the model names and/or ids are \
             correct.",
        )
    }

    /// An unknown base or route: a bare 404.
    pub fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            shape: ErrorShape::Bare,
            code: "NOT_FOUND".into(),
            message: String::new(),
        }
    }

    /// A missing or unknown token: 401.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AUTHENTICATION_REQUIRED", "Authentication required")
    }

    /// Too many requests in a second: 429.
    pub fn rate_limited() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            shape: ErrorShape::Plural,
            code: "RATE_LIMIT_REACHED".into(),
            message: "Rate limit exceeded. Please try again later".into(),
        }
    }

    /// The month's calls are spent: 429.
    pub fn billing_limit() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            shape: ErrorShape::Plural,
            code: "PUBLIC_API_BILLING_LIMIT_EXCEEDED".into(),
            message: "The API billing plan limit has been exceeded for this workspace.".into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.shape.body(&self.code, &self.message))).into_response()
    }
}
