//! The page: tables as grids in which a cell can be edited. A test bench, in French like what it
//! shows.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value, json};

use super::body::QueryPairs;
use crate::sandbox::{
    base::{Base, Record, Table},
    cell::display,
    error::ApiError,
    ids::RecordId,
    schema::{Field, FieldKind},
    state::{Shared, World},
};

/// Rows of a page.
const ROWS: usize = 50;

/// `GET /_sandbox/page.css`
pub(super) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page/page.css")).into_response()
}

/// `GET /_sandbox/page.js`
pub(super) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("page/page.js"))
        .into_response()
}

/// `GET /`
pub(super) async fn home(State(shared): State<Arc<Shared>>) -> Response {
    let world = shared.world.read();
    let first = world.bases.values().find_map(|base| Some((base, base.tables.first()?)));
    let body = match first {
        Some((base, table)) => grid(base, table, 0),
        None => html! { p { "Aucune base n'est chargée." } },
    };
    respond(&world, first, &body)
}

/// `GET /bases/{base}/{table}?page=N`
pub(super) async fn table(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): Path<(String, String)>,
    query: QueryPairs,
) -> Result<Response, ApiError> {
    let page = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let world = shared.world.read();
    let (base, table) = world.table(&base, &table)?;
    Ok(respond(&world, Some((base, table)), &grid(base, table, page)))
}

fn respond(world: &World, current: Option<(&Base, &Table)>, body: &Markup) -> Response {
    let title = current.map_or("Bac à sable", |(_, table)| table.name.as_str());
    let page = html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Bac à sable Airtable" }
                link rel="stylesheet" href="/_sandbox/page.css";
                script src="/_sandbox/page.js" defer {}
            }
            body {
                header {
                    h1 { "Bac à sable Airtable" }
                    p { "Double-cliquez sur une cellule (ou Entrée) pour la modifier : l'API change aussitôt." }
                    @for base in world.bases.values() { (tabs(base, current)) }
                }
                main { (body) }
                p #message role="status" {}
            }
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'none'"),
    ];
    (headers, page.into_string()).into_response()
}

fn tabs(base: &Base, current: Option<(&Base, &Table)>) -> Markup {
    html! {
        nav aria-label=(base.name) {
            strong { (base.name) }
            " " code { (base.id) }
            ul {
                @for table in &base.tables {
                    @let here = current.is_some_and(|(_, shown)| shown.id == table.id);
                    li {
                        a href={ "/bases/" (base.id) "/" (table.id) } aria-current=[here.then_some("page")] {
                            (table.name) " (" (table.records.len()) ")"
                        }
                    }
                }
            }
        }
    }
}

fn grid(base: &Base, table: &Table, page: usize) -> Markup {
    let pages = table.records.len().div_ceil(ROWS).max(1);
    let page = page.min(pages - 1);
    let rows = table.records.iter().skip(page * ROWS).take(ROWS);
    let address = format!("/bases/{}/{}", base.id, table.id);
    html! {
        @if let Some(description) = &table.description { p { (description) } }
        div.scroll {
            table data-base=(base.id) data-table=(table.id) {
                thead {
                    tr {
                        th scope="col" { "id" }
                        @for field in &table.fields {
                            th scope="col" title=(field.type_name) { (field.name) }
                        }
                    }
                }
                tbody { @for (id, record) in rows { (row(base, table, id, record)) } }
            }
        }
        p {
            "Page " (page + 1) " sur " (pages)
            @if page > 0 { " · " a href={ (address) "?page=" (page - 1) } { "Précédente" } }
            @if page + 1 < pages { " · " a href={ (address) "?page=" (page + 1) } { "Suivante" } }
        }
    }
}

fn row(base: &Base, table: &Table, id: &RecordId, record: &Record) -> Markup {
    html! {
        tr data-record=(id) {
            th scope="row" { code { (id) } }
            @for field in &table.fields {
                @let editable = is_editable(field);
                td data-field=(field.id) data-editable[editable] tabindex=[editable.then_some("0")] {
                    (text(base, field, record))
                }
            }
        }
    }
}

fn is_editable(field: &Field) -> bool {
    !field.kind.is_computed()
        && !matches!(
            field.kind,
            FieldKind::Attachments
                | FieldKind::Collaborator
                | FieldKind::Collaborators
                | FieldKind::Opaque
        )
}

/// A cell as a person would type it.
fn text(base: &Base, field: &Field, record: &Record) -> String {
    match (&field.kind, record.cells.get(field.key)) {
        (_, None) => String::new(),
        (FieldKind::Checkbox, Some(_)) => "✓".into(),
        (FieldKind::Date | FieldKind::DateTime, Some(Value::String(text))) => text.clone(),
        (_, Some(cell)) => display(base, field, cell, chrono_tz::Europe::Paris),
    }
}

/// The cells of a row as text, by field id.
pub(super) fn row_as_text(
    shared: &Shared,
    base: &str,
    table: &str,
    record: &str,
) -> Result<Value, ApiError> {
    let world = shared.world.read();
    let (base, table) = world.table(base, table)?;
    let (_, record) = table.require_record(record)?;
    let cells: Map<String, Value> = table
        .fields
        .iter()
        .map(|field| (field.id.clone(), text(base, field, record).into()))
        .collect();
    Ok(json!({ "cells": cells }))
}
