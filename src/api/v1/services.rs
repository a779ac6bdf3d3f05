//! Services: the bodies that keep documents or inform the public.

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{asked::slug_schema, paging::Page};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    content::opening::opening,
};
use found::Found;
use opening::{AskedTime, Opening, locality, policy};
use query::ServiceQuery;

mod found;
mod opening;
mod query;
mod service;

pub use service::{Position, Service, ServiceReference};

/// Services, a page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceList {
    /// The services.
    items: Vec<Service>,
    /// Where the page stands.
    page: Page,
}

/// Declares the service in a path.
pub struct ServicePath;

impl IntoParams for ServicePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let example = "archives-rennes";
        vec![params::path("service", "Slug of the service.", slug_schema(), example)]
    }
}

/// At which time a service may be open.
#[derive(Debug)]
pub struct AtQuery(Option<AskedTime>);

impl IntoParams for AtQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![opening::at_parameter()]
    }
}

impl FromParams for AtQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        AskedTime::read(params, "at").map(Self)
    }
}

/// List services
///
/// The bodies that keep documents or inform the public, by name, or the nearest first. A filter that
/// nothing fits gives an empty list. A generic service sits nowhere, and has no hours: it is left out
/// of lists by place, and is never open.
#[utoipa::path(
    get, path = "/v1/services", tag = "services", operation_id = "list_services",
    params(ServiceQuery),
    responses((status = 200, description = "A page of services.", body = ServiceList)),
)]
pub async fn list_services(
    State(app): State<App>,
    moment: Moment,
    Query(query): Query<ServiceQuery>,
) -> Result<Answer<ServiceList>, Problem> {
    let (release, reference) = (moment.release(), app.reference);
    let area = query.area(reference)?;
    let services = release.content().services.values().map(|service| &**service);
    let mut found: Vec<Found<'_>> = services
        .filter(|service| query.wants(service, reference))
        .filter_map(|service| Found::new(service, area.as_ref(), reference))
        .collect();
    // An answer holds as long as none of the services that it may show opens or closes.
    let mut seen = Vec::new();
    if let Some(time) = &query.open {
        found.retain_mut(|found| found.look(time.when(moment.now), reference, &mut seen));
    }
    let (shown, page) = match area {
        None => query.page.page(found.iter(), Found::names),
        Some(_) => query.page.page_near(found.iter(), Found::names, Found::metres),
    };
    let items = shown.into_iter().map(|found| {
        let mut found = found.clone();
        if let Some(time) = &query.at {
            found.look(time.when(moment.now), reference, &mut seen);
        }
        found.into_service(query.time(), release, reference)
    });
    let items = items.collect();
    let filters = query.filters();
    let filters: Vec<_> = filters.iter().map(|(name, text)| (*name, text.as_deref())).collect();
    let link = page.links("/v1/services", &query.page, &filters);
    let policy = policy(query.time(), &seen, moment.now);
    Ok(Answer::with(policy, ServiceList { items, page }).link(&link))
}

/// Read a service
///
/// Where it is, when it is open and how to reach it.
#[utoipa::path(
    get, path = "/v1/services/{service}", tag = "services", operation_id = "get_service",
    params(ServicePath, AtQuery),
    responses((status = 200, description = "The service.", body = Service)),
)]
pub async fn get_service(
    State(app): State<App>,
    moment: Moment,
    Segments(slug): Segments<String>,
    Query(AtQuery(time)): Query<AtQuery>,
) -> Result<Answer<Service>, Problem> {
    let (release, reference) = (moment.release(), app.reference);
    let service = release.content().services.get(slug.as_str());
    let service = service.ok_or_else(|| Problem::not_found(Code::ServiceNotFound, &slug))?;
    let said = time.as_ref().map(|time| {
        let when = time.when(moment.now);
        (time, opening(service.hours.as_ref(), locality(service, reference), when))
    });
    let seen: Vec<_> = said.iter().map(|(_, opening)| opening.validity()).collect();
    let policy = policy(time.as_ref(), &seen, moment.now);
    let body = Service::new(service, release, reference)
        .with_opening(said.map(|(time, opening)| Opening::new(opening, time)));
    Ok(Answer::with(policy, body))
}
