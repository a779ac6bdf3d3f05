//! Local records in the history: they have no public name, so they are told by their document and
//! their territories.

use serde_json::{Value, json};

use crate::{
    catalog::{Item, Release},
    content::{
        holding::{AccessMode, Holding, State},
        ids::{RecordId, Slug},
        period::Bound,
        rich_text::RichText,
    },
};

/// A local record of a release, by its row.
pub fn find<'a>(release: &'a Release, record: &RecordId) -> Option<&'a Holding> {
    let holdings = &release.content().holdings;
    let at = holdings.binary_search_by(|holding| holding.facts.record.cmp(record)).ok()?;
    holdings.get(at).map(Item::as_ref)
}

/// What is public of a local record, with the words of the back office for what has no other.
pub fn render(holding: &Holding, release: &Release) -> Value {
    let Holding { document, territories: _, service, contact_first, facts } = holding;
    let names = |slugs: &[_]| -> Vec<String> { slugs.iter().map(ToString::to_string).collect() };
    json!({
        "document": document.as_str(),
        "territories": territories(holding, release),
        "service": service.as_ref().map(Slug::as_str),
        "contactFirst": names(contact_first),
        "state": state(facts.state),
        "from": bound(facts.period.from),
        "until": bound(facts.period.until),
        "access": facts.access.iter().copied().map(access).collect::<Vec<_>>(),
        "online": facts.online.as_ref().map(ToString::to_string),
        "notes": facts.notes.as_ref().map(RichText::markdown),
        "callNumber": facts.call_number,
        "source": facts.source,
        "verifiedOn": facts.verified_on,
    })
}

/// The names of the territories where a local record holds.
pub fn territories(holding: &Holding, release: &Release) -> Vec<String> {
    let territories = &release.content().territories;
    let found = holding.territories.iter().filter_map(|slug| territories.get(slug));
    found.map(|territory| territory.name.clone()).collect()
}

fn bound(bound: Bound) -> Option<String> {
    match bound {
        Bound::Open => None,
        Bound::Day(day) => Some(day.to_string()),
        Bound::YearsAgo(years) => Some(format!("{years} ans")),
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Kept => "Conservé",
        State::Incomplete => "Lacunaire",
        State::Destroyed => "Détruit",
        State::Transferred => "Transféré",
        State::NotCollected => "Non collecté",
    }
}

fn access(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ReadingRoom => "Salle de lecture",
        AccessMode::Delivery => "Envoi",
        AccessMode::Online => "En ligne",
        AccessMode::Desk => "Accueil",
        AccessMode::Mail => "Courrier",
    }
}
