//! Comments on records (<https://airtable.com/developers/web/api/list-comments> and its
//! neighbours).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::{JsonBody, QueryPairs},
    gate::Caller,
};
use crate::sandbox::{
    comments::Comment, config::Scope, error::ApiError, ids::RecordId, state::Shared,
};

type RecordPath = Path<(String, String, String)>;
type CommentPath = Path<(String, String, String, String)>;

/// Most comments of a page.
const MAX_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    text: String,
}

/// `GET /v0/{base}/{table}/{record}/comments`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record)): RecordPath,
    caller: Caller,
    query: QueryPairs,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::CommentsRead)?;
    let number = |name: &str| query.get(name).map(str::parse::<usize>).transpose();
    let invalid = |_| ApiError::invalid_request("pageSize and offset are numbers");
    let size = number("pageSize").map_err(invalid)?.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    let start = number("offset").map_err(invalid)?.unwrap_or(0);
    let world = shared.world.read();
    let (base, table) = world.table(&base, &table)?;
    let (id, _) = table.require_record(&record)?;
    let all = base.comments.get(id).map(Vec::as_slice).unwrap_or_default();
    let page: Vec<Value> = all.iter().skip(start).take(size).map(Comment::to_json).collect();
    let next = start + page.len();
    let offset = (next < all.len()).then(|| next.to_string());
    Ok(Json(json!({ "comments": page, "offset": offset })))
}

/// `POST /v0/{base}/{table}/{record}/comments`
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Path(path): RecordPath,
    caller: Caller,
    JsonBody(Text { text }): JsonBody<Text>,
) -> Result<Json<Value>, ApiError> {
    let comment = Comment::new(&caller.grant().user_id, text, shared.now());
    let reply = comment.to_json();
    with_comments(&shared, &path, &caller, |comments| {
        comments.push(comment);
        Ok(())
    })?;
    Ok(Json(reply))
}

/// `PATCH /v0/{base}/{table}/{record}/comments/{comment}`
pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record, comment)): CommentPath,
    caller: Caller,
    JsonBody(Text { text }): JsonBody<Text>,
) -> Result<Json<Value>, ApiError> {
    let now = shared.now();
    with_comments(&shared, &(base, table, record), &caller, |comments| {
        let found = comments.iter_mut().find(|candidate| candidate.id == comment);
        let found = found.ok_or_else(ApiError::model_not_found)?;
        if found.author != caller.grant().user_id {
            return Err(ApiError::model_not_found());
        }
        found.text = text;
        found.updated = Some(now);
        Ok(Json(found.to_json()))
    })
}

/// `DELETE /v0/{base}/{table}/{record}/comments/{comment}`
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record, comment)): CommentPath,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    with_comments(&shared, &(base, table, record), &caller, |comments| {
        let before = comments.len();
        comments.retain(|candidate| candidate.id != comment);
        if comments.len() == before {
            return Err(ApiError::model_not_found());
        }
        Ok(Json(json!({ "id": comment, "deleted": true })))
    })
}

fn with_comments<T>(
    shared: &Shared,
    (base, table, record): &(String, String, String),
    caller: &Caller,
    act: impl FnOnce(&mut Vec<Comment>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    caller.require(Scope::CommentsWrite)?;
    let mut world = shared.world.write();
    let base = world.bases.get_mut(base).ok_or_else(ApiError::not_found)?;
    let id: RecordId = base.require_table(table)?.require_record(record)?.0.clone();
    act(base.comments.entry(id).or_default())
}
