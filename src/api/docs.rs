//! The OpenAPI document, and the page to read and try it.
//!
//! Handlers say what is their own; what every operation shares (headers, errors, 304), the links
//! between them and the examples, which are recorded answers, are added here.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderValue, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use url::Url;
use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, ServerBuilder,
    tag::TagBuilder,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    App,
    answer::{Answer, Draft, Keep, Policy},
    deprecation, health, hooks,
    params::{NoParams, Query},
    problem::{Code, Problem},
    shape, v1,
};

mod examples;
mod links;
mod shared;

const DESCRIPTION: &str = "\
Locadocs tells which public body in France keeps a document: a building permit, a notarial deed, \
the cadastre. It depends on the document, the commune and the date.\n\n\
Start with a guide (`/v1/guides/{guide}`), which leads by questions to a document, or ask at once \
(`/v1/locate`). Data is open to all, without a key, from any page.\n\n\
- Answers are JSON, in camelCase; every field is always there, `null` when it is not known. \
Identifiers are slugs and INSEE codes; dates are ISO 8601. Texts for the public are in French.\n\
- Errors are `application/problem+json` (RFC 9457) with a stable `code`. A parameter that is \
unknown, repeated or invalid is an error that lists what is valid.\n\
- Every answer has a strong `ETag`: asking again with `If-None-Match` costs next to nothing. \
`X-Release` names the content from which it was drawn; files (`/v1/media`) never change.\n\
- `?release=` pins a read to a release that is kept; `/v1/changes` tells what changed since one, \
and `/v1/events` when there is a new one.\n\
- Version 1 only grows: fields, values and paths may be added, none is changed or removed.";

const TAGS: &[(&str, &str)] = &[
    ("about", "What is here, and its description."),
    ("guides", "Guides: questions that lead to a document, then to the local answer."),
    ("documents", "Kinds of document that people look for."),
    ("services", "Public bodies that keep documents or inform the public."),
    ("communes", "The official division of France: autocomplete, codes, what belongs to what."),
    ("locate", "The local answer: who keeps a document of a commune, over time."),
    ("search", "Guides, steps, documents and services by what people type."),
    ("flat", "The no-code profile: flat objects of scalars, always with the status 200."),
    (
        "releases",
        "What changed and when: for mirrors, and for pages that must not mix two releases.",
    ),
    ("media", "Images and documents of the guides and services."),
    ("health", "For those who run the service."),
    ("hooks", "For Airtable, where the archivists write."),
];

/// The routes that depend on no release.
pub fn service_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_openapi))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .merge(hooks::router())
}

/// The page to read and try the API, at `/docs/`, its assets embedded.
pub fn pages_router() -> Router<App> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true);
    Router::from(SwaggerUi::new("/docs").config(config)).layer(from_fn(dress_page))
}

/// Middleware: the page needs its own scripts and styles, and may be kept like the document.
async fn dress_page(request: axum::extract::Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                          img-src 'self' data:; connect-src *; frame-ancestors 'none'";
    let response = next.run(request).await;
    if !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Problem::of(Code::Internal).into_response();
    };
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    parts.extensions.insert(Draft { body, policy: Policy::Program, keep: Keep::Always });
    Response::from_parts(parts, Body::empty())
}

/// Read the OpenAPI document
///
/// This document, in OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", tag = "about", operation_id = "get_openapi",
    responses((status = 200, description = "The document.", body = serde_json::Value)),
)]
async fn get_openapi(State(app): State<App>, _: Query<NoParams>) -> Answer<OpenApi> {
    Answer::with(Policy::Program, openapi(app.settings.public_url.as_ref()))
}

/// The document of every documented route.
pub fn openapi(server: Option<&Url>) -> OpenApi {
    let (_, mut v1) = v1::router().split_for_parts();
    shared::add_common(&mut v1);
    shape::declare(&mut v1);
    let others = v1::history_router().merge(v1::events_router());
    let others = others.merge(v1::flat::router()).merge(v1::media_router());
    let (_, others) = others.split_for_parts();
    let (_, service) = service_router().split_for_parts();
    let (url, description) = match server {
        Some(url) => (url.as_str().trim_end_matches('/'), "The public service"),
        None => ("/", "The service that gave this document"),
    };
    let info = InfoBuilder::new()
        .title("Locadocs")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("Locadocs"))
                .url(Some(env!("CARGO_PKG_REPOSITORY")))
                .build(),
        ));
    let tags = TAGS.iter().map(|(name, description)| {
        TagBuilder::new().name(*name).description(Some(*description)).build()
    });
    let mut document = OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([ServerBuilder::new().url(url).description(Some(description)).build()]))
        .tags(Some(tags))
        .build();
    document.merge(v1);
    document.merge(others);
    document.merge(service);
    shared::complete(&mut document);
    links::add(&mut document);
    examples::add(&mut document);
    deprecation::mark(&mut document, deprecation::DEPRECATED);
    document
}
