//! Server-sent events: a client that listens hears of each new release at once.
//!
//! The format is that of the HTML standard
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>). An event is written once for
//! all who listen, and those who were away hear of all that they missed in one event.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream;
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::changes::{ChangeKind, Difference, Differences, Operation};
use crate::{
    api::{
        App,
        history::History,
        moment::release_schema,
        params::{self, FromParams, Params, Query},
        problem::Problem,
    },
    catalog::ReleaseId,
    content::ids::Slug,
    sync::live::Publication,
};

/// How often a comment is sent that keeps proxies from taking the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long clients wait before they connect again.
const RETRY: Duration = Duration::from_secs(3);
/// Most slugs of a kind in an event: `/v1/changes` lists them all.
const MOST_SLUGS: usize = 100;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How many may listen, and until when. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Listeners {
    places: Arc<Semaphore>,
    stopping: CancellationToken,
}

impl Listeners {
    /// So many at once, until `stopping` is cancelled.
    pub fn new(most: usize, stopping: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { places, stopping }
    }
}

/// What an event says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseEvent {
    /// The release that is public.
    release: String,
    /// When it became public.
    published_at: DateTime<Utc>,
    /// The release that the client had seen; null at first, and where it is not kept.
    since: Option<String>,
    /// What changed since, by kind. Kinds of which nothing did are absent.
    changes: Vec<KindChanges>,
}

/// What changed of a kind.
#[derive(Debug, Serialize)]
struct KindChanges {
    kind: ChangeKind,
    created: Slugs,
    updated: Slugs,
    deleted: Slugs,
}

/// Items, the first ones by slug.
#[derive(Debug, Default, Serialize)]
struct Slugs {
    count: usize,
    /// For local answers, those of the documents; without any where every document is meant.
    slugs: Vec<String>,
}

impl ReleaseEvent {
    /// What is public, to someone who has seen nothing.
    pub fn first(current: &Publication) -> Self {
        Self {
            release: current.release.id().to_string(),
            published_at: current.published_at,
            since: None,
            changes: Vec::new(),
        }
    }

    /// What is public, to someone who has seen this release.
    pub fn next(since: &ReleaseId, current: &Publication, differences: &Differences) -> Self {
        let kinds = [ChangeKind::Guide, ChangeKind::Document, ChangeKind::Service];
        let of_kind = |kind| {
            let items = differences.items.iter();
            let items: Vec<_> = items.filter(|item| ChangeKind::from(item.kind) == kind).collect();
            (!items.is_empty()).then(|| KindChanges::of_items(kind, &items))
        };
        let mut changes: Vec<KindChanges> = kinds.into_iter().filter_map(of_kind).collect();
        changes.extend(KindChanges::of_local_answers(differences));
        Self { since: Some(since.to_string()), changes, ..Self::first(current) }
    }
}

impl KindChanges {
    fn of_items(kind: ChangeKind, items: &[&Difference]) -> Self {
        let with = |operation| {
            let items = items.iter().filter(|item| item.operation == operation);
            Slugs::of(items.map(|item| item.slug.as_str()))
        };
        Self {
            kind,
            created: with(Operation::Created),
            updated: with(Operation::Updated),
            deleted: with(Operation::Deleted),
        }
    }

    fn of_local_answers(differences: &Differences) -> Option<Self> {
        let count = differences.places.len();
        let mut documents: Vec<_> =
            differences.places.iter().map(|place| place.document.as_ref()).collect();
        documents.dedup();
        // Those of every document come first, and then say it all.
        let is_all = documents.first().is_some_and(Option::is_none);
        let named = documents.into_iter().flatten().filter(|_| !is_all);
        let slugs = Slugs::of(named.map(Slug::as_str)).slugs;
        (count > 0).then(|| Self {
            kind: ChangeKind::LocalAnswers,
            created: Slugs::default(),
            updated: Slugs { count, slugs },
            deleted: Slugs::default(),
        })
    }
}

impl Slugs {
    fn of<'a>(slugs: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for slug in slugs {
            found.count += 1;
            if found.slugs.len() < MOST_SLUGS {
                found.slugs.push(slug.to_owned());
            }
        }
        found
    }
}

/// An event as it is sent. Its data is one line, since JSON escapes the ends of lines.
pub fn write(name: &str, event: &ReleaseEvent) -> Bytes {
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("event: {name}\nid: {}\ndata: {data}\n\n", event.release).into()
}

/// What the client has seen.
#[derive(Debug)]
pub struct EventQuery {
    last_event_id: Option<String>,
}

const LAST_EVENT_ID_PARAMETER: &str = "lastEventId";

impl IntoParams for EventQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The `id` of the last event that the client has seen, for those that \
                           can't set the header `Last-Event-ID`, which comes before it.";
        let name = LAST_EVENT_ID_PARAMETER;
        vec![params::optional(name, description, release_schema(), "9f2c1b7a3d5e8f60")]
    }
}

impl FromParams for EventQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let last_event_id = params.optional(LAST_EVENT_ID_PARAMETER)?.map(str::to_owned);
        Ok(Self { last_event_id })
    }
}

/// Listen to events
///
/// A stream of server-sent events that ends when the service does. At once, then whenever another
/// release is public, an event `release` whose `id` is the name of the release, and whose data is
/// JSON: `release`, `publishedAt`, `since` (the release seen before, or null) and `changes`: for
/// each `kind` of which something changed, `created`, `updated` and `deleted`, each with its `count`
/// and the first 100 `slugs`; `/v1/changes` lists all.
///
/// A client that comes back with `Last-Event-ID` hears of all that it missed in one event, or of
/// nothing where it missed nothing. Where that release is no longer kept the event is `reset`, and
/// everything is to be read anew. A comment every 15 s keeps the connection alive.
#[utoipa::path(
    get, path = "/v1/events", tag = "releases", operation_id = "listen_to_events",
    params(EventQuery),
    responses((status = 200, description = "Events, without end.", body = String,
        content_type = "text/event-stream",
        example = "event: release\nid: 9f2c1b7a3d5e8f60\ndata: {\"release\":\"9f2c1b7a3d5e8f60\",\
                   \"publishedAt\":\"2026-11-23T11:00:00Z\",\"since\":null,\"changes\":[]}\n\n")),
)]
pub async fn listen(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<EventQuery>,
) -> Result<Response, Problem> {
    let place = Arc::clone(&app.listeners.places).try_acquire_owned();
    let place = place.map_err(|_| Problem::too_many_listeners(app.settings.retry_after))?;
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let header = header.filter(|text| !text.is_empty()).map(str::to_owned);
    let mut news = app.history.live().follow();
    news.mark_changed();
    let listener = Listener {
        seen: Seen::read(header.or(query.last_event_id).as_deref()),
        history: app.history.clone(),
        news,
        stopping: app.listeners.stopping.clone(),
        opening: Some(format!("retry: {}\n\n", RETRY.as_millis()).into()),
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async {
        let bytes = listener.next().await?;
        Some((Ok::<_, Infallible>(bytes), listener))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        // nginx would hold events back until its buffer is full.
        (ACCEL_BUFFERING, "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Someone who listens.
struct Listener {
    seen: Seen,
    history: History,
    news: watch::Receiver<Option<ReleaseId>>,
    stopping: CancellationToken,
    opening: Option<Bytes>,
    /// Given back when the listener goes.
    _place: OwnedSemaphorePermit,
}

/// What a listener has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Nothing,
    Release(ReleaseId),
    /// Something that is no release of ours.
    Unknown,
}

impl Seen {
    fn read(last_event_id: Option<&str>) -> Self {
        match last_event_id {
            None => Self::Nothing,
            Some(text) => text.parse().map_or(Self::Unknown, Self::Release),
        }
    }
}

impl Listener {
    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        loop {
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return None,
                changed = self.news.changed() => {
                    changed.ok()?;
                    self.news.mark_unchanged();
                    // Apart, since it is large and seldom: a listener is small while it waits.
                    if let Some(event) = Box::pin(self.catch_up()).await {
                        return Some(event);
                    }
                }
                () = sleep(HEARTBEAT) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// The event that tells what is public now, unless it was seen.
    async fn catch_up(&mut self) -> Option<Bytes> {
        let current = self.history.live().publication()?;
        let id = current.release.id().clone();
        let event = match &self.seen {
            Seen::Release(seen) if *seen == id => return None,
            Seen::Release(seen) => self.history.event(Some(seen), &current).await,
            Seen::Nothing => self.history.event(None, &current).await,
            Seen::Unknown => write("reset", &ReleaseEvent::first(&current)),
        };
        self.seen = Seen::Release(id);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reference::Reference, store::Store, sync::archive::Archive};

    #[test]
    fn a_listener_is_small_while_it_waits() {
        let reference = Reference::embedded().unwrap();
        let live = Arc::default();
        let archive = Archive::new(Store::in_memory().unwrap(), reference);
        let history = History::new(Arc::clone(&live), archive, reference);
        let mut listener = Listener {
            seen: Seen::Nothing,
            news: live.follow(),
            history,
            stopping: CancellationToken::new(),
            opening: None,
            _place: Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap(),
        };
        let size = size_of_val(&listener) + size_of_val(&listener.next());
        assert!(size < 2_048, "{size} bytes");
    }
}
