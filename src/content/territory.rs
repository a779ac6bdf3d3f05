//! Territories: where a holding is valid, and which of them reach a commune.

use std::{collections::BTreeSet, str::FromStr};

use minicbor::{Decode, Encode};

use super::{
    ids::{RecordId, Slug},
    problem::{Code, Problem},
    row::{Reader, Row, excerpt},
    tables::{FieldKey, TableKey},
};
use crate::reference::{
    Commune, CommuneKind, DepartementCode, Found, InseeCode, Reference, RegionCode, Siren,
};

/// How specific a territory is. Ordered from the most specific, which wins, to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A commune déléguée or associée, or an arrondissement municipal.
    SubCommune,
    /// A commune.
    Commune,
    /// A list of communes drawn by an administration, such as that of a mortgage office.
    Jurisdiction,
    /// A group of communes.
    Epci,
    /// A département.
    Departement,
    /// A région.
    Region,
    /// France.
    National,
}

impl Level {
    const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Commune déléguée", Self::SubCommune),
        ("Commune", Self::Commune),
        ("Ressort", Self::Jurisdiction),
        ("EPCI", Self::Epci),
        ("Département", Self::Departement),
        ("Région", Self::Region),
        ("National", Self::National),
    ];
}

/// A territory whose codes are known to exist.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Territory {
    /// Its name within the base.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// What the public reads: *Rennes*, *Bureau des hypothèques de Louviers*.
    #[n(2)]
    pub name: String,
    /// What it covers.
    #[n(3)]
    pub area: Area,
}

/// What a territory covers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Area {
    /// A part of a commune.
    #[n(0)]
    SubCommune(#[n(0)] InseeCode),
    /// A commune, with all its parts.
    #[n(1)]
    Commune(#[n(0)] InseeCode),
    /// These communes.
    #[n(2)]
    Jurisdiction(#[n(0)] BTreeSet<InseeCode>),
    /// The communes of a group.
    #[n(3)]
    Epci(#[n(0)] Siren),
    /// The communes of a département.
    #[n(4)]
    Departement(#[n(0)] DepartementCode),
    /// The communes of a région.
    #[n(5)]
    Region(#[n(0)] RegionCode),
    /// Every commune.
    #[n(6)]
    National,
}

impl Territory {
    /// How specific it is.
    pub fn level(&self) -> Level {
        match self.area {
            Area::SubCommune(_) => Level::SubCommune,
            Area::Commune(_) => Level::Commune,
            Area::Jurisdiction(_) => Level::Jurisdiction,
            Area::Epci(_) => Level::Epci,
            Area::Departement(_) => Level::Departement,
            Area::Region(_) => Level::Region,
            Area::National => Level::National,
        }
    }

    /// The keys under which an index files it.
    pub fn keys(&self) -> Vec<AreaKey> {
        match &self.area {
            Area::SubCommune(code) => vec![AreaKey::SubCommune(*code)],
            Area::Commune(code) => vec![AreaKey::Commune(*code)],
            Area::Jurisdiction(codes) => codes.iter().copied().map(AreaKey::Listed).collect(),
            Area::Epci(siren) => vec![AreaKey::Epci(*siren)],
            Area::Departement(code) => vec![AreaKey::Departement(*code)],
            Area::Region(code) => vec![AreaKey::Region(*code)],
            Area::National => vec![AreaKey::National],
        }
    }
}

/// One thing that a territory names, to be looked up from the asked commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AreaKey {
    /// A part of a commune.
    SubCommune(InseeCode),
    /// A commune.
    Commune(InseeCode),
    /// A commune, or a part of one, in a jurisdiction's list.
    Listed(InseeCode),
    /// A group of communes.
    Epci(Siren),
    /// A département.
    Departement(DepartementCode),
    /// A région.
    Region(RegionCode),
    /// France.
    National,
}

/// How a territory reaches the asked commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// It covers all of it.
    Whole,
    /// It names the commune to which the asked one belongs.
    Inherited,
    /// It names only a part of it.
    Part,
}

/// Every key that reaches a commune.
///
/// A jurisdiction that lists a commune déléguée reaches in part the commune that has absorbed it,
/// so that an answer is not lost by a merger. A territory of level *Commune déléguée* never does.
pub fn keys_reaching(commune: &Commune, reference: &Reference) -> Vec<(AreaKey, Reach)> {
    let mut keys = Vec::with_capacity(8);
    let current = commune.parent.unwrap_or(commune.code);
    if commune.kind == CommuneKind::Current {
        keys.push((AreaKey::Listed(commune.code), Reach::Whole));
        let parts = reference.parts_of(commune.code).map(|part| part.code);
        let other_parts: BTreeSet<_> = parts.filter(|code| *code != commune.code).collect();
        keys.extend(other_parts.into_iter().map(|code| (AreaKey::Listed(code), Reach::Part)));
    } else {
        keys.push((AreaKey::SubCommune(commune.code), Reach::Whole));
        keys.push((AreaKey::Listed(commune.code), Reach::Whole));
        if current != commune.code {
            keys.push((AreaKey::Listed(current), Reach::Inherited));
        }
    }
    let reach = if current == commune.code { Reach::Whole } else { Reach::Inherited };
    keys.push((AreaKey::Commune(current), reach));
    keys.extend(commune.epci.map(|siren| (AreaKey::Epci(siren), Reach::Whole)));
    keys.push((AreaKey::Departement(commune.departement), Reach::Whole));
    keys.push((AreaKey::Region(commune.region), Reach::Whole));
    keys.push((AreaKey::National, Reach::Whole));
    keys
}

impl Territory {
    /// Reads a row; `None` when it has no name, no slug, no level, or no code that exists.
    pub fn read(row: &Row, reference: &Reference, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Territories, row, problems);
        let name = reader.required_text(FieldKey::Name)?;
        let slug = reader.slug(&name)?;
        if reader.is_empty(FieldKey::Level) {
            reader.report(FieldKey::Level, Code::MissingCell, "Choisir le niveau du territoire.");
        }
        let area = match reader.option(FieldKey::Level, Level::OPTIONS)? {
            Level::SubCommune => sub_commune(&mut reader, reference)?,
            Level::Commune => commune(&mut reader, reference)?,
            Level::Jurisdiction => jurisdiction(&mut reader, reference)?,
            Level::Epci => Area::Epci(coded(
                &mut reader,
                "le SIREN de l'EPCI",
                Code::UnknownSirenCode,
                |code| reference.epci(code).map(|epci| epci.code),
            )?),
            Level::Departement => Area::Departement(coded(
                &mut reader,
                "le code du département",
                Code::UnknownInseeCode,
                |code| reference.departement(code).map(|departement| departement.code),
            )?),
            Level::Region => Area::Region(coded(
                &mut reader,
                "le code de la région",
                Code::UnknownInseeCode,
                |code| reference.region(code).map(|region| region.code),
            )?),
            Level::National => Area::National,
        };
        Some(Self { slug, record: row.id.clone(), name, area })
    }
}

/// Reads *Code* and looks it up in the official division.
fn coded<C: FromStr>(
    reader: &mut Reader<'_>,
    expected: &str,
    unknown: Code,
    find: impl FnOnce(C) -> Option<C>,
) -> Option<C> {
    let Some(text) = reader.text(FieldKey::Code) else {
        let message = format!("Saisir {expected} : sans lui, le territoire ne désigne rien.");
        reader.report(FieldKey::Code, Code::TerritoryWithoutCode, message);
        return None;
    };
    let found = text.parse().ok().and_then(find);
    if found.is_none() {
        let message = format!(
            "« {} » n'existe pas dans le découpage officiel : {expected} est attendu.",
            excerpt(&text)
        );
        reader.report(FieldKey::Code, unknown, message);
    }
    found
}

fn sub_commune(reader: &mut Reader<'_>, reference: &Reference) -> Option<Area> {
    const KINDS: [CommuneKind; 3] =
        [CommuneKind::Delegated, CommuneKind::Associated, CommuneKind::District];
    let expected = "le code INSEE d'une commune déléguée ou associée, ou d'un arrondissement";
    let code = coded(reader, expected, Code::UnknownInseeCode, |code| {
        KINDS.iter().find_map(|kind| reference.commune(*kind, code)).map(|part| part.code)
    })?;
    Some(Area::SubCommune(code))
}

fn commune(reader: &mut Reader<'_>, reference: &Reference) -> Option<Area> {
    let expected = "le code INSEE de la commune";
    let mut former = None;
    let code: InseeCode =
        coded(reader, expected, Code::UnknownInseeCode, |code| match reference.find(code)? {
            Found::Exact(commune) => Some(commune.code),
            Found::Redirected { from, to: commune } => {
                former = Some((from, commune));
                Some(commune.code)
            }
        })?;
    if let Some((from, commune)) = former {
        report_former(reader, FieldKey::Code, from, commune);
    }
    match reference.commune(CommuneKind::Current, code) {
        Some(_) => Some(Area::Commune(code)),
        // A part of a commune under the level *Commune* still names that part only.
        None => Some(Area::SubCommune(code)),
    }
}

fn jurisdiction(reader: &mut Reader<'_>, reference: &Reference) -> Option<Area> {
    let text = reader.text(FieldKey::Communes).unwrap_or_default();
    let mut codes = BTreeSet::new();
    let mut unknown = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
        if word.is_empty() {
            continue;
        }
        match word.parse().ok().and_then(|code| reference.find(code)) {
            Some(Found::Exact(commune)) => {
                codes.insert(commune.code);
            }
            Some(Found::Redirected { from, to: commune }) => {
                report_former(reader, FieldKey::Communes, from, commune);
                codes.insert(commune.code);
            }
            None => unknown.push(word),
        }
    }
    report_unknown(reader, &unknown);
    if codes.is_empty() {
        reader.report(
            FieldKey::Communes,
            Code::TerritoryWithoutCode,
            "Saisir les codes INSEE des communes du ressort, séparés par des espaces.",
        );
        return None;
    }
    Some(Area::Jurisdiction(codes))
}

/// Codes told one by one; of a list that is wholly something else, the first ones say enough.
const MOST_TOLD: usize = 20;

fn report_unknown(reader: &mut Reader<'_>, words: &[&str]) {
    for word in words.iter().take(MOST_TOLD) {
        let message = format!(
            "« {} » n'est pas un code INSEE du découpage officiel ; les autres codes de la liste \
             sont gardés.",
            excerpt(word)
        );
        reader.report(FieldKey::Communes, Code::UnknownInseeCode, message);
    }
    if let Some(others) = words.len().checked_sub(MOST_TOLD).filter(|others| *others > 0) {
        let message = format!("{others} autres mots de la liste ne sont pas des codes INSEE.");
        reader.report(FieldKey::Communes, Code::UnknownInseeCode, message);
    }
}

fn report_former(reader: &mut Reader<'_>, field: FieldKey, from: InseeCode, commune: &Commune) {
    let message = format!(
        "« {from} » est un ancien code : la commune fait aujourd'hui partie {} ({}), qui est \
         utilisée à la place.",
        commune.name_with_de(),
        commune.code
    );
    reader.report(field, Code::FormerInseeCode, message);
}
