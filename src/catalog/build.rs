//! Build: from rows that were read to a release, linked and validated.
//!
//! A build redoes what changed since the one before: it keeps, in a [`Memo`], what each part was
//! made of. The memo changes the time that a build takes, and never what it gives.

use std::sync::Arc;

use super::{
    guides::Guides,
    holdings::{self, Linked, Links},
    pictures::{Files, pictures},
    release::{Content, Release},
    shelf::{Published, origin},
};
use crate::{
    content::{
        document::Document,
        problem::{Code, Problem},
        rows::{Rows, Table},
        service::Service,
        status::Status,
        tables::FieldKey,
        territory::Territory,
    },
    reference::Reference,
};

/// A release and everything that is wrong with the rows it was made of.
#[derive(Debug)]
pub struct Built {
    /// What the public gets.
    pub release: Release,
    /// What archivists should mend, sorted by place.
    pub problems: Vec<Problem>,
}

/// What a build leaves to the next one, so that it redoes only what changed.
#[derive(Debug, Default)]
pub struct Memo {
    documents: Option<Published<Document>>,
    services: Option<Published<Service>>,
    territories: Option<Published<Territory>>,
    guides: Option<Guides>,
    holdings: Option<Linked>,
}

/// Builds a release; `files` tells what is known of the files in its rows.
///
/// A row that can't be read and a guide that is broken are kept as they are in `previous`, if they
/// are there: what a slip takes away would leave a wrong answer, not a missing one. The same rows,
/// files and previous release give the same release, in whatever order the rows came and whatever
/// the memo holds.
pub fn build(
    rows: &Rows,
    files: &Files<'_>,
    reference: &Reference,
    previous: Option<&Release>,
    memo: &mut Memo,
) -> Built {
    let before = previous.map(Release::content);
    let documents = Published::new(
        &rows.documents,
        before.map(|content| &content.documents),
        memo.documents.take(),
    );
    let services = Published::new(
        &rows.services,
        before.map(|content| &content.services),
        memo.services.take(),
    );
    let territories = Published::new(
        &rows.territories,
        before.map(|content| &content.territories),
        memo.territories.take(),
    );
    let guides =
        Guides::new(rows, (&documents.shelf, &documents.targets), before, memo.guides.take());
    let links = Links {
        documents: Arc::clone(&documents.targets),
        services: Arc::clone(&services.targets),
        territories: Arc::clone(&territories.targets),
    };
    let linked = Linked::new(&rows.holdings, links, memo.holdings.take());

    let mut problems: Vec<Problem> = rows.problems().cloned().collect();
    for told in [&documents.problems, &services.problems, &territories.problems, &guides.problems] {
        problems.extend_from_slice(told);
    }
    problems.extend(linked.problems().cloned());
    problems.extend(missing_seats(&rows.services, reference));

    let mut holdings: Vec<_> = linked.holdings().cloned().collect();
    if let Some(before) = before {
        let shelves = (&documents.shelf, &services.shelf, &territories.shelf);
        let lost = rows.holdings.lost();
        holdings.extend(holdings::earlier(lost, before, shelves, &mut problems));
        holdings.sort_by(|a, b| a.facts.record.cmp(&b.facts.record));
    }
    let shown = (&guides.published, &services.shelf);
    let pictures = pictures(shown, before.map(|it| &it.pictures), files, &mut problems);
    problems.sort();
    problems.dedup();
    let content = Content {
        guides: Arc::clone(&guides.published),
        good: Arc::clone(&guides.good),
        documents: Arc::clone(&documents.shelf),
        services: Arc::clone(&services.shelf),
        territories: Arc::clone(&territories.shelf),
        holdings: Arc::new(holdings),
        pictures,
    };
    *memo = Memo {
        documents: Some(documents),
        services: Some(services),
        territories: Some(territories),
        guides: Some(guides),
        holdings: Some(linked),
    };
    Built { release: Release::new(content, reference, previous), problems }
}

/// Tells which published services sit in a commune that does not exist.
fn missing_seats<'a>(
    services: &'a Table<Service>,
    reference: &'a Reference,
) -> impl Iterator<Item = Problem> + 'a {
    let published = services.iter().filter(|service| service.status == Status::Published);
    published.filter_map(|service| {
        let code = service.commune.filter(|code| reference.find(*code).is_none())?;
        let origin = origin(service.as_ref());
        let message = format!("« {code} » n'est pas le code d'une commune du découpage officiel.");
        Some(origin.problem(FieldKey::Commune, Code::UnknownInseeCode, message))
    })
}
