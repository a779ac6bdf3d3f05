//! The no-code profile: the local answer and the walk for tools that map an answer to variables, as
//! Stonly's server calls do (`docs/stonly.md`).
//!
//! An answer is one flat object of scalars, never null, with all fields always there. It has the
//! status 200 whatever was asked: such a tool goes no further on an error, so that what went wrong
//! is in `status` and, for the public, in `message`. Names are in `snake_case`, unlike those of the
//! rest of the API, since they become the names of variables, whose case many tools don't keep.
//!
//! Credentials are accepted, so that a tool that insists on some can be used, and ignored.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use url::Url;
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{
        App,
        answer::{Answer, Policy},
        moment::Moment,
        params,
    },
    reference::Reference,
};
use fields::{Flat, Object};
use input::Input;
use locate::FlatLocate;
use outcome::Failure;
use walk::FlatWalk;

mod commune;
mod fields;
mod french;
mod input;
mod local;
mod locate;
mod outcome;
mod walk;

/// What the paths of this profile start with.
pub const PREFIX: &str = "/v1/flat/";

/// The routes. They stand apart from the others, since they answer even when nothing is published.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(flat_locate, send_flat_locate))
        .routes(routes!(flat_walk, send_flat_walk))
}

/// What an answer is drawn from.
struct Context<'a> {
    moment: &'a Moment,
    reference: &'static Reference,
    public_url: Option<&'a Url>,
}

type Answering<T> = fn(&Input, &Context<'_>) -> Result<(T, Policy), Failure>;

/// Answers a request, whatever it is. A POST is answered alike, and not kept.
async fn reply<T: Flat + From<Failure>>(
    app: &App,
    request: Request,
    answering: Answering<T>,
) -> Response {
    let is_kept = request.method() != Method::POST;
    let moment = request.extensions().get::<Moment>().cloned();
    let answered = async {
        let moment = moment.as_ref().ok_or_else(Failure::unavailable)?;
        let input = Input::of(request).await?;
        let public_url = app.settings.public_url.as_ref();
        answering(&input, &Context { moment, reference: app.reference, public_url })
    };
    match answered.await {
        Ok((body, policy)) if is_kept => Answer::with(policy, Object(&body)).into_response(),
        Ok((body, _)) => unkept(&body),
        Err(failure) => unkept(&T::from(failure)),
    }
}

/// An answer that no cache may keep.
fn unkept<T: Flat>(body: &T) -> Response {
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (headers, Json(Object(body))).into_response()
}

/// Locate a document, for a no-code tool
///
/// Which public body keeps a document of a commune, as one flat object of scalars, for tools that
/// map an answer to variables. The status is always 200: `found` and `status` tell what became of
/// the request, and `message` says it in French, also for a parameter that is missing, unknown or
/// can't be read. No field is ever null or left out. The commune is given as its INSEE code, or as
/// people type it. Credentials are accepted and ignored.
#[utoipa::path(
    get, path = "/v1/flat/locate", tag = "flat", operation_id = "flat_locate",
    params(LocateParams),
    responses((status = 200, description = "The answer, or what is wrong.", body = FlatLocate)),
)]
pub async fn flat_locate(State(app): State<App>, request: Request) -> Response {
    reply(&app, request, locate::answer).await
}

/// Locate a document, for a no-code tool that posts
///
/// As by GET, from a JSON object with the same names. A number stands for its digits; a value that
/// is null, empty or `undefined` is as good as absent. A form is read as well, and so are
/// parameters in the query. The answer is not kept by caches.
#[utoipa::path(
    post, path = "/v1/flat/locate", tag = "flat", operation_id = "send_flat_locate",
    request_body(
        content = serde_json::Value,
        description = "The parameters, as scalars by name; whatever it is, it is answered.",
        example = json!({ "document": "permis-de-construire", "commune": 35238, "date": "1987" }),
    ),
    responses((status = 200, description = "The answer, or what is wrong.", body = FlatLocate)),
)]
pub async fn send_flat_locate(State(app): State<App>, request: Request) -> Response {
    reply(&app, request, locate::answer).await
}

/// Walk through a guide, for a no-code tool
///
/// The step to which the answers lead, as one flat object of scalars: its text, its choices by
/// number and, at the end, the local answer. Send back `answers` as it came, with the choice just
/// made as `answer`: its value, its label or its number. The status is always 200, as for
/// `/v1/flat/locate`.
#[utoipa::path(
    get, path = "/v1/flat/walk", tag = "flat", operation_id = "flat_walk",
    params(WalkParams),
    responses((status = 200, description = "The step, or what is wrong.", body = FlatWalk)),
)]
pub async fn flat_walk(State(app): State<App>, request: Request) -> Response {
    reply(&app, request, walk::answer).await
}

/// Walk through a guide, for a no-code tool that posts
///
/// As by GET, from a JSON object with the same names, or a form. The answer is not kept by caches.
#[utoipa::path(
    post, path = "/v1/flat/walk", tag = "flat", operation_id = "send_flat_walk",
    request_body(
        content = serde_json::Value,
        description = "The parameters, as scalars by name; whatever it is, it is answered.",
        example = json!({
            "guide": "urbanisme", "answers": "document-connu:oui", "answer": "permis",
        }),
    ),
    responses((status = 200, description = "The step, or what is wrong.", body = FlatWalk)),
)]
pub async fn send_flat_walk(State(app): State<App>, request: Request) -> Response {
    reply(&app, request, walk::answer).await
}

/// Declares a parameter: any text will do, since whatever is sent is answered.
fn free(name: &str, description: &str, example: &str) -> Parameter {
    params::optional(name, description, ObjectBuilder::new().schema_type(Type::String), example)
}

/// Declares what tells the commune and the date.
fn place_and_date() -> [Parameter; 4] {
    [
        free("commune", "INSEE code of the commune, or what someone typed for it.", "35238"),
        free("commune_name", "Name of the commune, as people type it.", "Rennes"),
        free("postcode", "Post code, alone or with the name.", "35000"),
        free("date", "A year, a month, a day, or `inconnue`.", "1987"),
    ]
}

/// Declares the parameters of `/v1/flat/locate`.
struct LocateParams;

impl IntoParams for LocateParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let document = free("document", "Slug of the document.", "permis-de-construire");
        [document].into_iter().chain(place_and_date()).collect()
    }
}

/// Declares the parameters of `/v1/flat/walk`.
struct WalkParams;

impl IntoParams for WalkParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let own = [
            free("guide", "Slug of the guide.", "urbanisme"),
            free(
                "answers",
                "The answers so far, as the last answer gave them; or `q.` and the slug of a step \
                 as the name of a parameter for each.",
                "document-connu:oui",
            ),
            free(
                "answer",
                "The choice just made at the current step: its value, label or number.",
                "permis",
            ),
        ];
        own.into_iter().chain(place_and_date()).collect()
    }
}
