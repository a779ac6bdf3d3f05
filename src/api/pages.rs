//! Rendered answers: each is rendered, hashed and compressed once, then served by a lookup and a
//! write until its release goes.
//!
//! A page is a whole answer as it left the routes, headers included, so that serving it again takes
//! neither routes nor handlers. Its `ETag` is a hash of the body alone: replicas agree, and a new
//! release that changes nothing in an answer leaves it valid.

mod asked;

use std::{io, sync::Arc, time::SystemTime};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, response::Parts},
    response::Response,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use headers::{ETag, HeaderMapExt as _};
use moka::{
    Entry,
    future::Cache,
    ops::compute::{CompResult, Op},
};

use super::{
    answer::{Draft, Keep, Policy},
    coding::Coding,
    metrics::Route,
    moment::Moment,
    settings::Settings,
};
use crate::{catalog::ReleaseId, paris};

pub use asked::Asked;

/// The rendered answers by path and query, bounded by their size; the least used go first.
#[derive(Debug, Clone)]
pub struct Pages(Cache<String, Arc<Page>, RandomState>);

impl Pages {
    /// Room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let weight = |target: &String, page: &Arc<Page>| {
            u32::try_from(target.len() + page.size()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(bytes).weigher(weight);
        Self(cache.build_with_hasher(RandomState::default()))
    }

    /// The page of a target, which may hold no more.
    pub async fn get(&self, target: &str) -> Option<Arc<Page>> {
        self.0.get(target).await
    }

    /// Keeps a page.
    pub async fn put(&self, target: &str, page: Arc<Page>) {
        self.0.insert(target.to_owned(), page).await;
    }

    /// The page of a target, replaced if it won't do: once for all who ask at the same time. Where
    /// `make` gives none, there is none any more.
    ///
    /// # Errors
    /// What `make` gave instead of a page.
    pub async fn replaced<E, F>(
        &self,
        target: &str,
        will_do: impl FnOnce(&Page) -> bool + Send,
        make: impl FnOnce(Option<Arc<Page>>) -> F + Send,
    ) -> Result<Option<Arc<Page>>, E>
    where
        E: Send + Sync + 'static,
        F: Future<Output = Result<Arc<Page>, E>> + Send,
    {
        let compute = async |known: Option<Entry<String, Arc<Page>>>| {
            let known = known.map(Entry::into_value);
            match known {
                Some(page) if will_do(&page) => Ok(Op::Nop),
                known => make(known).await.map(Op::Put),
            }
        };
        let outcome = self.0.entry_by_ref(target).and_try_compute_with(compute).await;
        match outcome.map(CompResult::into_entry) {
            Ok(entry) => Ok(entry.map(Entry::into_value)),
            Err(error) => {
                self.0.invalidate(target).await;
                Err(error)
            }
        }
    }
}

/// An answer, in the codings in which it was asked for so far.
#[derive(Debug, Clone)]
pub struct Page {
    route: Route,
    /// The release that must be public for it to hold; `None` for what depends on none, or on one
    /// that the target names.
    release: Option<ReleaseId>,
    policy: Policy,
    keep: Keep,
    last_modified: Option<SystemTime>,
    plain: Rendered,
    encoded: Vec<(Coding, Rendered)>,
}

/// A body in one coding, with the headers of its 200 and of its 304.
#[derive(Debug, Clone)]
struct Rendered {
    body: Bytes,
    etag: ETag,
    whole: HeaderMap,
    not_modified: HeaderMap,
}

/// What a page takes beside its bodies, about.
const OVERHEAD: usize = 3_000;

/// Bodies up to this size are compressed at once: handing them to another thread takes longer.
const AT_ONCE: usize = 8 * 1_024;

impl Page {
    /// Renders what a handler drafted, under the headers that left the routes with it.
    ///
    /// # Errors
    /// A hash can't be written as a validator, which its form excludes.
    pub fn new(
        route: Route,
        response: Response,
        draft: &Draft,
        settings: &Settings,
    ) -> io::Result<Self> {
        let (Parts { mut headers, extensions, .. }, _) = response.into_parts();
        let body = &draft.body;
        let moment = extensions.get::<Moment>();
        let policy = moment.map_or(draft.policy, |moment| moment.policy(draft.policy));
        let last_modified = moment.and_then(|moment| last_modified(policy, moment));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.extend(last_modified.map(|at| (header::LAST_MODIFIED, http_date(at))));
        if policy.end().is_none() {
            headers.extend(cache_control(policy, settings, DateTime::UNIX_EPOCH));
        }
        let etag = etag(body, Coding::Identity)?;
        Ok(Self {
            route,
            release: moment.and_then(Moment::current).cloned(),
            policy,
            keep: draft.keep,
            last_modified,
            plain: Rendered::new(headers, body.clone(), etag, Coding::Identity),
            encoded: Vec::new(),
        })
    }

    /// The route of which it is an answer.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Whether it still says what is public.
    pub fn holds(&self, is_public: impl FnOnce(&ReleaseId) -> bool, now: DateTime<Utc>) -> bool {
        self.release.as_ref().is_none_or(is_public) && self.policy.end().is_none_or(|end| now < end)
    }

    /// Whether it may be asked for again, and took longer to make than to find.
    pub fn is_worth_keeping(&self) -> bool {
        match self.keep {
            Keep::Always => true,
            Keep::IfCompressed => !self.encoded.is_empty(),
        }
    }

    /// Whether it was encoded so.
    pub fn has(&self, coding: Coding) -> bool {
        self.rendered(coding).is_some()
    }

    fn rendered(&self, coding: Coding) -> Option<&Rendered> {
        if coding == Coding::Identity {
            return Some(&self.plain);
        }
        self.encoded.iter().find(|(found, _)| *found == coding).map(|(_, rendered)| rendered)
    }

    /// The same answer in another coding too.
    ///
    /// # Errors
    /// When the encoder fails, which writing to memory excludes.
    pub async fn encoded(mut self, wanted: Coding) -> io::Result<Self> {
        if self.has(wanted) {
            return Ok(self);
        }
        let plain = self.plain.body.clone();
        let (coding, body) = match plain.len() {
            ..=AT_ONCE => wanted.encode(&plain)?,
            _ => tokio::task::spawn_blocking(move || wanted.encode(&plain)).await??,
        };
        let headers = self.plain.whole.clone();
        let rendered = Rendered::new(headers, body, etag(&self.plain.body, coding)?, coding);
        self.encoded.push((wanted, rendered));
        Ok(self)
    }

    /// The response to a request with these conditions: the body, or a 304 with the headers alone.
    pub fn respond(&self, asked: &Asked, settings: &Settings) -> Response {
        let rendered = self.rendered(asked.coding).unwrap_or(&self.plain);
        let is_known = asked.has(&rendered.etag, self.last_modified);
        let mut response = match is_known {
            false if asked.method == Method::GET => {
                Response::new(Body::from(rendered.body.clone()))
            }
            _ => Response::new(Body::empty()),
        };
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.clone_from(if is_known { &rendered.not_modified } else { &rendered.whole });
        if self.policy.end().is_some() {
            headers.extend(cache_control(self.policy, settings, asked.now));
        }
        response
    }

    /// Bytes in memory, about.
    fn size(&self) -> usize {
        let encoded: usize = self.encoded.iter().map(|(_, rendered)| rendered.body.len()).sum();
        self.plain.body.len() + encoded + OVERHEAD * (1 + self.encoded.len())
    }
}

impl Rendered {
    fn new(mut headers: HeaderMap, body: Bytes, etag: ETag, coding: Coding) -> Self {
        headers.typed_insert(etag.clone());
        let mut not_modified = headers.clone();
        not_modified.remove(header::CONTENT_TYPE);
        not_modified.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        if coding != Coding::Identity {
            let name = HeaderValue::from_static(coding.name());
            headers.insert(header::CONTENT_ENCODING, name);
        }
        Self { body, etag, whole: headers, not_modified }
    }
}

/// A strong validator: the same bytes in the same coding, wherever they were made.
fn etag(plain: &[u8], coding: Coding) -> io::Result<ETag> {
    let hash = blake3::hash(plain).to_hex();
    let hash = hash.get(..32).unwrap_or_default();
    let tag = match coding {
        Coding::Identity => format!("\"{hash}\""),
        coding => format!("\"{hash}-{}\"", coding.name()),
    };
    tag.parse().map_err(io::Error::other)
}

/// Since when an answer says what it says.
fn last_modified(policy: Policy, moment: &Moment) -> Option<SystemTime> {
    let published = moment.publication.published_at;
    // What depends on the day changed at midnight, though nothing was published.
    let start = policy.start(paris::midnight(moment.today()));
    // A clock that was put back must not date answers in the future (RFC 9110, section 8.8.2.1).
    let at = start.map_or(published, |start| start.max(published)).min(moment.now);
    // HTTP dates have no fractions, and are compared as they are written.
    DateTime::from_timestamp(at.timestamp(), 0).map(SystemTime::from)
}

fn cache_control(
    policy: Policy,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::try_from(policy.header(settings, now)).ok()?;
    Some((header::CACHE_CONTROL, value))
}

fn http_date(at: SystemTime) -> HeaderValue {
    let mut headers = HeaderMap::new();
    headers.typed_insert(headers::LastModified::from(at));
    headers.remove(header::LAST_MODIFIED).unwrap_or_else(|| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_depends_on_the_body_and_the_coding_alone() {
        let tag = |body: &str, coding| format!("{:?}", etag(body.as_bytes(), coding).unwrap());
        assert_eq!(tag("{}", Coding::Gzip), tag("{}", Coding::Gzip));
        assert_ne!(tag("{}", Coding::Gzip), tag("{}", Coding::Identity));
        assert_ne!(tag("{}", Coding::Gzip), tag("[]", Coding::Gzip));
    }
}
