//! Requests answered, by route.
//!
//! A route is a path as the router knows it, `/v1/guides/{guide}`: there are as many as we wrote,
//! whatever is asked for. What matches none is `unmatched`.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::PATH;

/// Upper bounds of the durations of requests, in seconds: most take much less than a millisecond.
const SECONDS: [f64; 9] = [0.000_5, 0.001, 0.002_5, 0.01, 0.05, 0.25, 1.0, 2.5, 10.0];

/// What is asked by machines of ours only, and would drown the rest.
const SILENT: [&str; 2] = [PATH, "/healthz"];

/// The path as the router knows it. Cheap to clone; rides on a response, as an extension.
#[derive(Debug, Clone, Default)]
pub struct Route(Option<MatchedPath>);

impl Route {
    /// The path; `None` where none matched.
    pub fn path(&self) -> Option<&str> {
        self.0.as_ref().map(MatchedPath::as_str)
    }

    fn as_str(&self) -> &str {
        self.path().unwrap_or("unmatched")
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: Route,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Route,
}

/// Where answers of some labels are counted.
#[derive(Debug)]
pub struct Tally {
    answered: Counter,
    duration: Histogram,
}

impl Tally {
    /// Counts an answer, and how long it took.
    pub fn record(&self, duration: Duration) {
        self.answered.inc();
        self.duration.observe(duration.as_secs_f64());
    }
}

/// The counts.
#[derive(Debug)]
pub struct Requests {
    answered: Family<Labels, Counter>,
    duration: Family<RouteLabels, Histogram>,
    /// What was met so far, so that a request takes no lock to find its counts.
    known: ArcSwap<HashMap<Labels, Arc<Tally>>>,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            known: ArcSwap::default(),
        }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.answered.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request to the start of its answer",
            Unit::Seconds,
            self.duration.clone(),
        );
    }

    /// Where answers of these labels are counted; `None` for what is asked by machines of ours only.
    pub fn tally(&self, route: &Route, method: &Method, status: StatusCode) -> Option<Arc<Tally>> {
        if SILENT.contains(&route.as_str()) {
            return None;
        }
        let labels =
            Labels { route: route.clone(), method: known(method), status: status.as_u16() };
        let met = self.known.load();
        Some(met.get(&labels).cloned().unwrap_or_else(|| self.meet(&labels)))
    }

    fn meet(&self, labels: &Labels) -> Arc<Tally> {
        let route = RouteLabels { route: labels.route.clone() };
        let tally = Arc::new(Tally {
            answered: self.answered.get_or_create_owned(labels),
            duration: self.duration.get_or_create_owned(&route),
        });
        self.known.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(labels.clone(), Arc::clone(&tally));
            known
        });
        tally
    }
}

/// Middleware: tells the route that was taken.
pub async fn tell_route(request: Request, next: Next) -> Response {
    let route = Route(request.extensions().get::<MatchedPath>().cloned());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}

/// A method can be any word: those that nobody should send count as one.
fn known(method: &Method) -> &'static str {
    const METHODS: [(Method, &str); 4] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::POST, "POST"),
    ];
    METHODS.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}
