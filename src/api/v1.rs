//! Version 1 of the API: one file a resource, with its own wire types.
//!
//! A released field never changes its name, type or meaning; only additions are made. Every field
//! is always there: what is not known is `null`.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::App;

pub mod asked;
pub mod changes;
pub mod communes;
pub mod documents;
pub mod events;
pub mod flat;
pub mod french;
pub mod guides;
pub mod included;
pub mod local_answer;
pub mod locate;
pub mod media;
pub mod paging;
pub mod pictures;
pub mod releases;
pub mod root;
pub mod search;
pub mod services;
pub mod text;
pub mod walk;
pub mod window;

/// Every route, each documented by its handler. Paths are written whole and merged flat, since
/// nested routers that share a prefix can lose paths from the document.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(root::get_root))
        .routes(routes!(guides::list_guides))
        .routes(routes!(guides::get_guide))
        .routes(routes!(guides::get_step))
        .routes(routes!(walk::walk_guide))
        .routes(routes!(documents::list_documents))
        .routes(routes!(documents::get_document))
        .routes(routes!(services::list_services))
        .routes(routes!(services::get_service))
        .routes(routes!(communes::suggest_communes))
        .routes(routes!(communes::get_commune))
        .routes(routes!(locate::locate))
        .routes(routes!(search::search_content))
        .routes(routes!(search::suggestions::suggest_content))
}

/// The routes that tell of releases themselves, and so are pinned to none.
pub fn history_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(releases::list_releases))
        .routes(routes!(releases::get_release))
        .routes(routes!(changes::list_changes))
}

/// The route of events, whose answer has no end.
pub fn events_router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events::listen))
}

/// The route of files, which belongs to no release.
pub fn media_router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(media::get_media))
}
