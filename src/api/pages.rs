//! Rendered answers: each is rendered, hashed and compressed once, then served by a lookup and a
//! write until its release goes.
//!
//! The `ETag` is a hash of the body alone, so that replicas agree and a new release that changes
//! nothing in an answer leaves it valid.

use std::{sync::Arc, time::SystemTime};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use headers::{ETag, HeaderMapExt as _, IfModifiedSince, IfNoneMatch};

use super::{
    App,
    answer::Policy,
    coding::Coding,
    edge::timing::Served,
    moment::Moment,
    problem::{Code, Problem},
};
use crate::{catalog::ReleaseId, paris};

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// `None` for what changes with the program alone.
    release: Option<ReleaseId>,
    /// Path and query, the parameters sorted.
    target: Box<str>,
    coding: Coding,
}

/// A rendered answer in one coding.
#[derive(Debug)]
struct Page {
    body: Bytes,
    coding: Coding,
    etag: ETag,
    /// What the handler said of it, such as `Content-Type` and `Link`.
    headers: HeaderMap,
    policy: Policy,
}

/// The rendered answers, bounded by their size; the least used go first.
#[derive(Debug, Clone)]
pub struct Pages(moka::sync::Cache<Key, Arc<Page>>);

/// What a page takes beside its body and its target, about.
const OVERHEAD: usize = 300;

impl Pages {
    /// Room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let weight = |key: &Key, page: &Arc<Page>| {
            u32::try_from(page.body.len() + key.target.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self(moka::sync::Cache::builder().max_capacity(bytes).weigher(weight).build())
    }

    /// A page that still holds.
    fn get(&self, key: &Key, now: DateTime<Utc>) -> Option<Arc<Page>> {
        self.0.get(key).filter(|page| page.policy.end().is_none_or(|end| now < end))
    }
}

/// Middleware: serves GET and HEAD from rendered pages, with conditions and codings.
pub async fn serve(State(app): State<App>, request: Request, next: Next) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return next.run(request).await;
    }
    let moment = request.extensions().get::<Moment>().cloned();
    let now = moment.as_ref().map_or_else(|| (app.clock)(), |moment| moment.now);
    let headers = request.headers().clone();
    let key = Key {
        release: moment.as_ref().map(|moment| moment.release().id().clone()),
        target: canonical(request.uri()),
        coding: Coding::negotiate(&headers),
    };
    let (page, served) = match app.pages.get(&key, now) {
        Some(page) => (page, Served::Hit),
        None => match render(&app.pages, &key, now, request, next).await {
            Ok(page) => (page, Served::Miss),
            Err(response) => return *response,
        },
    };
    let last_modified = moment.and_then(|moment| {
        let published = moment.publication.published_at;
        // What depends on the day changed at midnight, though nothing was published.
        let midnight = page.policy.end().and_then(|_| paris::midnight(moment.today()));
        let changed = midnight.map_or(published, |midnight| midnight.max(published));
        // What was published by a clock ahead of this one is not of the future (RFC 9110, 8.8.2.1).
        whole_seconds(changed.min(now))
    });
    let cache_control = page.policy.header(&app.settings, now);
    let mut response = page.respond(&headers, last_modified, &cache_control);
    response.extensions_mut().insert(served);
    response
}

/// Renders and encodes an answer; gives back at once what is not to be kept.
async fn render(
    pages: &Pages,
    key: &Key,
    now: DateTime<Utc>,
    request: Request,
    next: Next,
) -> Result<Arc<Page>, Box<Response>> {
    let plain_key = Key { coding: Coding::Identity, ..key.clone() };
    let plain = match pages.get(&plain_key, now) {
        Some(page) => page,
        None => {
            let page = Arc::new(Page::of(next.run(request).await).await?);
            pages.0.insert(plain_key, Arc::clone(&page));
            page
        }
    };
    if key.coding == Coding::Identity {
        return Ok(plain);
    }
    let page = Arc::new(plain.encoded(key.coding).await.map_err(|error| {
        tracing::error!(%error, "an answer can't be compressed");
        Box::new(Problem::of(Code::Internal).into_response())
    })?);
    pages.0.insert(key.clone(), Arc::clone(&page));
    Ok(page)
}

impl Page {
    /// Renders a handler's answer; gives back one that has no policy, such as an error.
    async fn of(response: Response) -> Result<Self, Box<Response>> {
        let (parts, body) = response.into_parts();
        let policy = match parts.extensions.get::<Policy>() {
            Some(policy) if parts.status == StatusCode::OK => *policy,
            _ => return Err(Box::new(Response::from_parts(parts, body))),
        };
        let internal = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "an answer can't be rendered");
            Box::new(Problem::of(Code::Internal).into_response())
        };
        let body = to_bytes(body, usize::MAX).await.map_err(|error| internal(&error))?;
        Ok(Self {
            etag: etag(&body, Coding::Identity).map_err(|error| internal(&error))?,
            headers: parts.headers,
            coding: Coding::Identity,
            body,
            policy,
        })
    }

    /// The same answer in another coding.
    async fn encoded(&self, wanted: Coding) -> anyhow::Result<Self> {
        let plain = self.body.clone();
        // Off the threads that serve: the largest guides take some milliseconds.
        let encode = move || wanted.encode(&plain);
        let (coding, body) = tokio::task::spawn_blocking(encode).await??;
        Ok(Self {
            etag: etag(&self.body, coding)?,
            headers: self.headers.clone(),
            policy: self.policy,
            coding,
            body,
        })
    }

    /// The response to a request with these headers: the body, or 304 with the headers alone.
    fn respond(
        &self,
        headers: &HeaderMap,
        last_modified: Option<SystemTime>,
        cache_control: &str,
    ) -> Response {
        let is_known = self.is_known_to(headers, last_modified);
        let mut response = match is_known {
            true => Response::new(Body::empty()),
            false => Response::new(Body::from(self.body.clone())),
        };
        let headers = response.headers_mut();
        headers.clone_from(&self.headers);
        headers.typed_insert(self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.extend(last_modified.map(|at| (header::LAST_MODIFIED, http_date(at))));
        if let Ok(value) = HeaderValue::from_str(cache_control) {
            headers.insert(header::CACHE_CONTROL, value);
        }
        if is_known {
            headers.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if self.coding != Coding::Identity {
            let name = HeaderValue::from_static(self.coding.name());
            headers.insert(header::CONTENT_ENCODING, name);
        }
        response
    }

    /// Whether the client has this very answer (RFC 9110, section 13.2.2).
    fn is_known_to(&self, headers: &HeaderMap, last_modified: Option<SystemTime>) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            let condition = headers.typed_get::<IfNoneMatch>();
            return condition.is_some_and(|known| !known.precondition_passes(&self.etag));
        }
        let condition = headers.typed_get::<IfModifiedSince>();
        condition.zip(last_modified).is_some_and(|(since, at)| !since.is_modified(at))
    }
}

/// A strong validator: the same bytes in the same coding, wherever they were made.
fn etag(plain: &[u8], coding: Coding) -> Result<ETag, <ETag as std::str::FromStr>::Err> {
    let hash = blake3::hash(plain).to_hex();
    let hash = hash.get(..32).unwrap_or_default();
    match coding {
        Coding::Identity => format!("\"{hash}\""),
        coding => format!("\"{hash}-{}\"", coding.name()),
    }
    .parse()
}

fn http_date(at: SystemTime) -> HeaderValue {
    let mut headers = HeaderMap::new();
    headers.typed_insert(headers::LastModified::from(at));
    headers.remove(header::LAST_MODIFIED).unwrap_or_else(|| HeaderValue::from_static(""))
}

/// HTTP dates have no fractions, and are compared as they are written.
fn whole_seconds(at: DateTime<Utc>) -> Option<SystemTime> {
    DateTime::from_timestamp(at.timestamp(), 0).map(SystemTime::from)
}

/// The path and the query with its parameters sorted, so that their order makes no new answer.
fn canonical(uri: &Uri) -> Box<str> {
    let Some(query) = uri.query() else { return uri.path().into() };
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
            ("/v1/guides?b=2&a=1&&", "/v1/guides?a=1&b=2"),
        ] {
            assert_eq!(&*canonical(&uri.parse().unwrap()), expected);
        }
    }

    #[test]
    fn an_etag_depends_on_the_body_and_the_coding_alone() {
        let tag = |body: &str, coding| format!("{:?}", etag(body.as_bytes(), coding).unwrap());
        assert_eq!(tag("{}", Coding::Gzip), tag("{}", Coding::Gzip));
        assert_ne!(tag("{}", Coding::Gzip), tag("{}", Coding::Identity));
        assert_ne!(tag("{}", Coding::Gzip), tag("[]", Coding::Gzip));
    }
}
