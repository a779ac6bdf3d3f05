//! Links between rows: what they lead to, and which slug each row gets.

use std::collections::{HashMap, HashSet};

use crate::content::{
    guide::Step,
    holding::HoldingFacts,
    ids::{RecordId, Slug},
    problem::{Code, Place, Problem},
    rows::{Linked, Table},
    status::Status,
    tables::{FieldKey, TableKey},
};

/// The cell that holds a link, to say where one leads nowhere.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub table: TableKey,
    pub record: &'a RecordId,
    pub label: Option<&'a str>,
}

impl<'a> Origin<'a> {
    pub fn holding(facts: &'a HoldingFacts) -> Self {
        let HoldingFacts { record, title, .. } = facts;
        Self { table: TableKey::Holdings, record, label: title.as_deref() }
    }

    pub fn step(step: &'a Step) -> Self {
        Self { table: TableKey::Steps, record: &step.record, label: Some(&step.title) }
    }

    pub fn problem(self, field: FieldKey, code: Code, message: impl Into<String>) -> Problem {
        let place = Place {
            table: self.table,
            record: Some(self.record.clone()),
            label: self.label.map(str::to_owned),
            field: Some(field),
        };
        Problem { place, code, message: message.into() }
    }
}

/// Why a link leads to nothing public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    /// To a row that is not published.
    Unpublished,
    /// To a row that has problems of its own.
    Unreadable,
    /// To no row.
    Missing,
}

impl Missed {
    /// Tells of it at the cell that holds the link.
    pub fn tell(self, origin: Origin<'_>, field: FieldKey, problems: &mut Vec<Problem>) {
        let (code, message) = match self {
            Self::Unpublished => (
                Code::UnpublishedLink,
                "Ce lien mène à une ligne qui n'est pas publiée : il est ignoré en attendant.",
            ),
            Self::Unreadable => (
                Code::UnpublishedLink,
                "Ce lien mène à une ligne qui a elle-même un problème : il est ignoré en attendant.",
            ),
            Self::Missing => {
                (Code::BrokenLink, "Ce lien mène à une ligne qui n'existe plus : il est ignoré.")
            }
        };
        problems.push(origin.problem(field, code, message));
    }
}

/// Follows a link to a row that must be public.
pub(super) fn follow<'t, T>(
    table: &'t Table<T>,
    link: &RecordId,
    status: impl Fn(&T) -> Status,
) -> Result<&'t T, Missed> {
    match table.get(link) {
        Linked::Row(row) if status(row) == Status::Published => Ok(row),
        Linked::Row(_) => Err(Missed::Unpublished),
        Linked::Unreadable => Err(Missed::Unreadable),
        Linked::Missing => Err(Missed::Missing),
    }
}

/// Gives each row a slug of its own. A contested one stays with the row that has it in the previous
/// release, so that no address in use comes to mean another thing, or else goes to the first by
/// record id; the others get a number, and a problem.
pub(super) fn unique_slugs<'a, 'p>(
    rows: impl Iterator<Item = (Origin<'a>, &'a Slug)>,
    owner: impl Fn(&Slug) -> Option<&'p RecordId>,
    problems: &mut Vec<Problem>,
) -> HashMap<RecordId, Slug> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(origin, slug)| owner(slug) != Some(origin.record));
    let mut taken: HashSet<Slug> = HashSet::with_capacity(rows.len());
    let mut slugs = HashMap::with_capacity(rows.len());
    let mut contested = Vec::new();
    for (origin, slug) in &rows {
        if taken.insert((*slug).clone()) {
            slugs.insert(origin.record.clone(), (*slug).clone());
        } else {
            contested.push((origin, *slug));
        }
    }
    // After the others, so that a number never takes the slug that a row typed for itself.
    let mut last_numbers: HashMap<&Slug, usize> = HashMap::new();
    for (origin, slug) in contested {
        let last_number = last_numbers.entry(slug).or_insert(1);
        let Some(own) = numbered(slug, last_number, &taken) else { continue };
        problems.push(origin.problem(
            FieldKey::Slug,
            Code::DuplicateSlug,
            format!("L'identifiant « {slug} » est déjà pris par une autre ligne : « {own} » est utilisé ici."),
        ));
        taken.insert(own.clone());
        slugs.insert(origin.record.clone(), own);
    }
    slugs
}

/// The first of `slug-2`, `slug-3`… that is free and comes after the last number given.
fn numbered(slug: &Slug, last_number: &mut usize, taken: &HashSet<Slug>) -> Option<Slug> {
    loop {
        *last_number += 1;
        let suffix = format!("-{last_number}");
        let stem: String = slug.as_str().chars().take(Slug::MAX_LEN - suffix.len()).collect();
        let candidate = format!("{}{suffix}", stem.trim_end_matches('-')).parse().ok()?;
        if !taken.contains(&candidate) {
            return Some(candidate);
        }
    }
}
