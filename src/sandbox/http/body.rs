//! Queries and bodies, refused as Airtable refuses them.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::sandbox::error::ApiError;

/// A JSON body. Not JSON: 400; not of the right form: 422; too large: 413.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| too_large(&rejection))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST_BODY",
                "Could not parse request body",
            )
        })?;
        serde_json::from_value(value).map(Self).map_err(ApiError::invalid_request)
    }
}

fn too_large(rejection: &BytesRejection) -> ApiError {
    ApiError::new(rejection.status(), "REQUEST_BODY_TOO_LARGE", rejection.body_text())
}

/// The pairs of a query, in their order.
pub(super) struct QueryPairs(pub(super) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryPairs {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl QueryPairs {
    /// The value of a name, the last one if repeated.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of an array, `name[]`.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let in_array = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
        };
        self.0.iter().filter(|(key, _)| in_array(key)).map(|(_, value)| value.as_str()).collect()
    }
}

/// A flag of a body: clients send `true` or 1.
pub(in crate::sandbox) fn loose_flag<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => crate::sandbox::list::flag(&text),
        _ => false,
    })
}
