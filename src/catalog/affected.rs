//! Where local answers may differ between two releases.
//!
//! A local answer is drawn from holdings, the territories that they name, the services that they
//! name or that sit in the commune, and the document. So whatever of these differs tells the
//! documents and places to look at again: never too few, sometimes too many.

use std::collections::{BTreeSet, HashSet};

use super::{
    changes::{differing, differing_holdings},
    release::Release,
};
use crate::{
    content::{
        holding::Holding,
        ids::Slug,
        service::{Service, ServiceKind},
        territory::Area,
    },
    reference::{Commune, DepartementCode, InseeCode, Reference, RegionCode, Siren},
};

/// A document and a place where its local answer may differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affected {
    /// The document; `None` is every one.
    pub document: Option<Slug>,
    /// Where.
    pub place: Place,
}

/// Communes to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A part of a commune.
    SubCommune(InseeCode),
    /// A commune and all its parts.
    Commune(InseeCode),
    /// The communes of a group.
    Epci(Siren),
    /// The communes of a département.
    Departement(DepartementCode),
    /// The communes of a région.
    Region(RegionCode),
    /// Every commune.
    National,
}

/// What is told otherwise than before, by slug.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Documents.
    pub documents: BTreeSet<Slug>,
    /// Services.
    pub services: BTreeSet<Slug>,
}

/// The documents and places whose local answer may differ between two releases, of which these
/// documents and services are told otherwise.
pub fn affected(
    before: &Release,
    now: &Release,
    told: &Told,
    reference: &Reference,
) -> BTreeSet<Affected> {
    let mut affected = BTreeSet::new();
    let everywhere = told.documents.iter().cloned();
    affected
        .extend(everywhere.map(|slug| Affected { document: Some(slug), place: Place::National }));
    let territories: HashSet<&Slug> =
        differing(&before.content().territories, &now.content().territories).collect();
    for release in [before, now] {
        let of_told = |holding: &&Holding| {
            let mut services = holding.service.iter().chain(&holding.contact_first);
            services.any(|slug| told.services.contains(slug))
                || holding.territories.iter().any(|slug| territories.contains(slug))
        };
        let holdings = release.content().holdings.iter().map(AsRef::as_ref);
        for holding in holdings.filter(of_told) {
            affected.extend(of_holding(holding, release, reference));
        }
        let services = told.services.iter().filter_map(|slug| release.content().services.get(slug));
        affected.extend(services.flat_map(|service| of_service(service, reference)));
    }
    for (was, is) in differing_holdings(&before.content().holdings, &now.content().holdings) {
        for (holding, release) in [(was, before), (is, now)] {
            affected.extend(holding.into_iter().flat_map(|it| of_holding(it, release, reference)));
        }
    }
    affected
}

/// Where a holding is part of the answer.
fn of_holding(
    holding: &Holding,
    release: &Release,
    reference: &Reference,
) -> impl Iterator<Item = Affected> {
    let territories = holding.territories.iter();
    let territories = territories.filter_map(|slug| release.content().territories.get(slug));
    let places = territories.flat_map(|territory| Place::of(&territory.area, reference));
    places.map(|place| Affected { document: Some(holding.document.clone()), place })
}

/// Where a service is part of every answer: as whom to ask where nothing is known, or as what a
/// generic service stands for.
fn of_service(service: &Service, reference: &Reference) -> Option<Affected> {
    let is_contact =
        matches!(service.kind, ServiceKind::TownHall | ServiceKind::DepartmentArchives);
    let place = match service.kind {
        _ if service.is_generic && is_contact => Place::National,
        _ if service.is_generic => return None,
        ServiceKind::Other => return None,
        kind => {
            let seat = reference.find(service.commune?)?.commune();
            match kind {
                ServiceKind::DepartmentArchives => Place::Departement(seat.departement),
                _ => Place::Commune(seat.parent.unwrap_or(seat.code)),
            }
        }
    };
    Some(Affected { document: None, place })
}

impl Place {
    /// What a territory covers. Of a jurisdiction, the communes that it lists: one that lists a part
    /// of a commune may be part of the answer in all of that commune.
    fn of(area: &Area, reference: &Reference) -> Vec<Self> {
        match area {
            Area::SubCommune(code) => vec![Self::SubCommune(*code)],
            Area::Commune(code) => vec![Self::Commune(*code)],
            Area::Jurisdiction(codes) => {
                let found = codes.iter().filter_map(|code| reference.find(*code));
                let whole = found.map(|found| reference.current(found.commune()).code);
                let whole: BTreeSet<InseeCode> = whole.collect();
                whole.into_iter().map(Self::Commune).collect()
            }
            Area::Epci(siren) => vec![Self::Epci(*siren)],
            Area::Departement(code) => vec![Self::Departement(*code)],
            Area::Region(code) => vec![Self::Region(*code)],
            Area::National => vec![Self::National],
        }
    }

    /// Whether a commune, or a part of one, is to be asked about.
    pub fn covers(self, commune: &Commune) -> bool {
        match self {
            Self::SubCommune(code) => commune.code == code,
            Self::Commune(code) => commune.parent.unwrap_or(commune.code) == code,
            Self::Epci(siren) => commune.epci == Some(siren),
            Self::Departement(code) => commune.departement == code,
            Self::Region(code) => commune.region == code,
            Self::National => true,
        }
    }
}
