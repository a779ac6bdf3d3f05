//! What a request for a page asks: which answer, in which coding, and unless the client has it.

use std::{borrow::Cow, time::SystemTime};

use axum::http::{HeaderMap, Method, Uri, header};
use chrono::{DateTime, Utc};
use headers::{ETag, HeaderMapExt as _, IfModifiedSince, IfNoneMatch};

use crate::api::coding::Coding;

/// A request for a page, without what no page depends on.
#[derive(Debug)]
pub struct Asked {
    /// GET or HEAD.
    pub method: Method,
    /// The path and the query, its parameters sorted.
    pub target: String,
    /// The coding that the client likes best.
    pub coding: Coding,
    /// When it was asked.
    pub now: DateTime<Utc>,
    /// What the client has.
    known: Known,
}

/// What a client says that it has. A validator outweighs a date, even one that can't be read.
#[derive(Debug)]
enum Known {
    Nothing,
    Tags(Option<IfNoneMatch>),
    Since(IfModifiedSince),
}

impl Asked {
    /// Reads a request; `None` for one that asks for no page.
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Self> {
        [Method::GET, Method::HEAD].contains(method).then(|| Self {
            method: method.clone(),
            target: canonical(uri).into_owned(),
            coding: Coding::negotiate(headers),
            now,
            known: Known::of(headers),
        })
    }

    /// Whether the client has an answer with this validator and of this date
    /// (RFC 9110, section 13.2.2).
    pub fn has(&self, etag: &ETag, last_modified: Option<SystemTime>) -> bool {
        match &self.known {
            Known::Nothing => false,
            Known::Tags(tags) => tags.as_ref().is_some_and(|tags| !tags.precondition_passes(etag)),
            Known::Since(date) => last_modified.is_some_and(|at| !date.is_modified(at)),
        }
    }
}

impl Known {
    fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::IF_NONE_MATCH) {
            return Self::Tags(headers.typed_get());
        }
        headers.typed_get().map_or(Self::Nothing, Self::Since)
    }
}

/// The path and the query with its parameters sorted, so that their order makes no new answer.
fn canonical(uri: &Uri) -> Cow<'_, str> {
    let whole = uri.path_and_query().map_or(uri.path(), |whole| whole.as_str());
    let Some(query) = uri.query().filter(|query| query.contains('&')) else { return whole.into() };
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    format!("{}?{}", uri.path(), pairs.join("&")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_parameters_makes_no_new_answer() {
        for (uri, expected) in [
            ("/v1/guides", "/v1/guides"),
            ("/v1/guides?", "/v1/guides?"),
            ("/v1/guides?a=1", "/v1/guides?a=1"),
            ("/v1/guides?b=2&a=1&&", "/v1/guides?a=1&b=2"),
            ("http://localhost/v1/guides?b=2&a=1", "/v1/guides?a=1&b=2"),
        ] {
            assert_eq!(canonical(&uri.parse().unwrap()), expected);
        }
    }
}
