//! The shape of answers: `fields` keeps of an answer what a client asks for.
//!
//! What may be asked for is read from the schema of each answer in the OpenAPI document ([`schema`]),
//! the request is read against it ([`selection`]), and the rendered answer is cut ([`prune`]). Pages
//! are kept as they were cut, so that this happens once.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::value::RawValue;
use utoipa::openapi::{OpenApi, path::Parameter};

use super::{
    answer::Draft,
    params::{self, Params},
    problem::{Code, Problem},
};
use schema::{Answers, Place};
use selection::Kept;

mod prune;
mod schema;
mod selection;

/// The parameter.
pub const FIELDS_PARAMETER: &str = "fields";

/// The shapes of all answers that can be cut. Cheap to clone.
#[derive(Clone)]
pub struct Shapes(Arc<Answers>);

impl Shapes {
    /// Those of the answers that a document describes.
    pub fn of(document: &OpenApi) -> Self {
        Self(Arc::new(Answers::of(document)))
    }
}

/// Middleware: cuts an answer to the fields that are asked for.
pub async fn apply(State(shapes): State<Shapes>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let Some(answer) = path.and_then(|path| shapes.0.get(path.as_str())) else {
        return next.run(request).await;
    };
    let kept = match asked(&request, &answer) {
        Ok(kept) => kept,
        Err(problem) => return problem.into_response(),
    };
    let response = next.run(request).await;
    match kept {
        Some(kept) if response.status() == StatusCode::OK => cut(response, &kept),
        _ => response,
    }
}

fn asked(request: &Request, answer: &Place<'_>) -> Result<Option<Kept>, Problem> {
    if !params::may_have(request.uri(), FIELDS_PARAMETER) {
        return Ok(None);
    }
    let params = Params::parse(request.uri())?;
    params.optional(FIELDS_PARAMETER)?.map(|text| Kept::read(text, answer)).transpose()
}

fn cut(mut response: Response, kept: &Kept) -> Response {
    let Some(draft) = response.extensions_mut().get_mut::<Draft>() else { return response };
    let cut = serde_json::from_slice::<&RawValue>(&draft.body)
        .and_then(|answer| prune::prune(answer, kept));
    match cut {
        Ok(cut) => {
            draft.body = Box::<str>::from(cut).into_string().into();
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer can't be cut");
            Problem::of(Code::Internal).into_response()
        }
    }
}

/// Declares `fields` for every operation whose answer can be cut.
pub fn declare(document: &mut OpenApi) {
    let answers = Answers::of(document);
    for (path, item) in &mut document.paths.paths {
        let Some(operation) = &mut item.get else { continue };
        if let Some(answer) = answers.get(path) {
            operation.parameters.get_or_insert_default().push(parameter(&answer).into());
        }
    }
}

fn parameter(answer: &Place<'_>) -> Parameter {
    let paths = answer.items().paths();
    let description = match answer.is_list() {
        true => {
            "Only these fields of each item, parted by commas; within a field, after a dot. All \
             others are left out, be they required by the schema."
        }
        false => {
            "Only these fields of the answer, parted by commas; within a field, after a dot. All \
             others are left out, be they required by the schema."
        }
    };
    let top = paths.iter().filter(|path| !path.contains('.')).map(String::as_str);
    let examples: Vec<&str> = top.take(2).collect();
    params::optional_list(
        FIELDS_PARAMETER,
        description,
        paths.iter().map(String::as_str),
        &examples,
    )
}
