//! The territories of France's official division, as plain values.

use super::{
    codes::{DepartementCode, InseeCode, Postcode, RegionCode, Siren},
    liaison::{Liaison, starts_with_vowel},
};
use crate::position::Position;

/// What sort of commune a code names. The order is the one in which a code alone is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommuneKind {
    /// *Commune actuelle*: a commune of today.
    Current,
    /// *Commune déléguée*: kept within a commune made of several since 2010.
    Delegated,
    /// *Commune associée*: kept within a commune made of several from 1971 to 2010.
    Associated,
    /// *Arrondissement municipal* of Paris, Lyon or Marseille.
    District,
}

impl CommuneKind {
    /// All kinds, in order.
    pub const ALL: [Self; 4] = [Self::Current, Self::Delegated, Self::Associated, Self::District];
}

/// A commune, or a part of one that has a code of its own. Its key is `(kind, code)`: 584 codes
/// name both a current commune and the commune déléguée at its heart.
#[derive(Debug, Clone)]
pub struct Commune {
    /// What sort of commune.
    pub kind: CommuneKind,
    /// Its INSEE code.
    pub code: InseeCode,
    /// Its official name, with its article: *Le Havre*.
    pub name: Box<str>,
    /// The article that its name takes in a sentence.
    pub liaison: Liaison,
    /// The département it is in, which its code need not tell.
    pub departement: DepartementCode,
    /// The région it is in.
    pub region: RegionCode,
    /// The EPCI that it, or its commune, is a member of. A few islands and the overseas
    /// collectivities have none.
    pub epci: Option<Siren>,
    /// The current commune it is a part of; `None` for a current commune.
    pub parent: Option<InseeCode>,
    /// Its post codes, in order; those of its commune when it has none of its own. Empty for
    /// places without inhabitants.
    pub postcodes: Box<[Postcode]>,
    /// Inhabitants (*population municipale*); not counted for communes déléguées and associées.
    pub population: Option<u32>,
    /// Its SIREN number; overseas collectivities and parts of communes have none.
    pub siren: Option<Siren>,
    /// Codes that once named a commune now within this one, or this one itself.
    pub old_codes: Box<[InseeCode]>,
    /// Its middle: its town hall, or else that of its area; that of its commune when it has none of
    /// its own. Overseas collectivities and a few new communes have none.
    pub centre: Option<Position>,
}

impl Commune {
    /// *de Rennes*, *du Havre*, *d'Évreux*, *de La Rochelle*, *des Andelys*.
    pub fn name_with_de(&self) -> String {
        self.liaison.commune_with_de(&self.name)
    }

    /// *à Rennes*, *au Havre*, *à Évreux*, *à La Rochelle*, *aux Andelys*.
    pub fn name_with_a(&self) -> String {
        self.liaison.commune_with_a(&self.name)
    }
}

/// A name that a commune had at some time since 1943 and that no commune, déléguée or associée of
/// the same place has now.
#[derive(Debug, Clone)]
pub struct FormerName {
    /// The name, with its article.
    pub name: Box<str>,
    /// The code that bore the name.
    pub code: InseeCode,
    /// The current commune there today.
    pub current: InseeCode,
}

/// An *établissement public de coopération intercommunale à fiscalité propre*.
#[derive(Debug, Clone)]
pub struct Epci {
    /// Its SIREN number, which is its code.
    pub code: Siren,
    /// What sort of EPCI.
    pub kind: EpciKind,
    /// Its official name, which may begin with an abbreviation: *CC du Pays de Fayence*.
    pub name: Box<str>,
    /// Inhabitants (*population municipale*).
    pub population: u32,
}

/// What sort of EPCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpciKind {
    /// *Communauté de communes*.
    CommunityOfCommunes,
    /// *Communauté d'agglomération*.
    AgglomerationCommunity,
    /// *Communauté urbaine*.
    UrbanCommunity,
    /// *Métropole*.
    Metropolis,
    /// *Métropole de Lyon*, which is also a collectivity in place of a département.
    MetropolisOfLyon,
}

impl EpciKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::CommunityOfCommunes,
        Self::AgglomerationCommunity,
        Self::UrbanCommunity,
        Self::Metropolis,
        Self::MetropolisOfLyon,
    ];
}

impl Epci {
    /// The name with its abbreviation spelled out: *communauté de communes du Pays de Fayence*.
    pub fn full_name(&self) -> String {
        self.spelled_out().unwrap_or_else(|| self.name.to_string())
    }

    /// *de la communauté de communes du Pays de Fayence*, *de Rennes Métropole*, *d'Orléans
    /// Métropole*, *de la Métropole de Lyon*, *de l'Eurométropole de Strasbourg*.
    pub fn name_with_de(&self) -> String {
        match self.spelled_out() {
            Some(name) => format!("de la {name}"),
            None if self.name.starts_with("Métropole") => format!("de la {}", self.name),
            None if self.name.starts_with("Eurométropole") => format!("de l'{}", self.name),
            None if starts_with_vowel(&self.name) => format!("d'{}", self.name),
            None => format!("de {}", self.name),
        }
    }

    fn spelled_out(&self) -> Option<String> {
        let (short, long) = match self.kind {
            EpciKind::CommunityOfCommunes => ("CC ", "communauté de communes"),
            EpciKind::AgglomerationCommunity => ("CA ", "communauté d'agglomération"),
            EpciKind::UrbanCommunity => ("CU ", "communauté urbaine"),
            EpciKind::Metropolis | EpciKind::MetropolisOfLyon => return None,
        };
        self.name.strip_prefix(short).map(|rest| format!("{long} {rest}"))
    }
}

/// A département, or an overseas collectivity in place of one.
#[derive(Debug, Clone)]
pub struct Departement {
    /// Its code.
    pub code: DepartementCode,
    /// Its name, without article: *Calvados*.
    pub name: Box<str>,
    /// The article that its name takes in a sentence.
    pub liaison: Liaison,
    /// The région it is in.
    pub region: RegionCode,
}

impl Departement {
    /// *du Calvados*, *de l'Eure*, *d'Ille-et-Vilaine*, *de la Manche*, *des Vosges*.
    pub fn name_with_de(&self) -> String {
        self.liaison.bare_with_de(&self.name)
    }
}

/// A région, or an overseas collectivity in place of one.
#[derive(Debug, Clone)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its name, without article: *Grand Est*.
    pub name: Box<str>,
    /// The article that its name takes in a sentence.
    pub liaison: Liaison,
}

impl Region {
    /// *de Bretagne*, *du Grand Est*, *des Hauts-de-France*, *d'Île-de-France*.
    pub fn name_with_de(&self) -> String {
        self.liaison.bare_with_de(&self.name)
    }
}

/// A territory of any level.
#[derive(Debug, Clone, Copy)]
pub enum Territory<'a> {
    /// A commune or a part of one: its [`CommuneKind`] tells which.
    Commune(&'a Commune),
    /// An EPCI.
    Epci(&'a Epci),
    /// A département.
    Departement(&'a Departement),
    /// A région.
    Region(&'a Region),
}

impl<'a> Territory<'a> {
    /// Its official name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Commune(commune) => &commune.name,
            Self::Epci(epci) => &epci.name,
            Self::Departement(departement) => &departement.name,
            Self::Region(region) => &region.name,
        }
    }

    /// Its code: INSEE's, or the SIREN number of an EPCI.
    pub fn code(self) -> &'a str {
        match self {
            Self::Commune(commune) => commune.code.as_str(),
            Self::Epci(epci) => epci.code.as_str(),
            Self::Departement(departement) => departement.code.as_str(),
            Self::Region(region) => region.code.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epci_is_named_in_full_in_a_sentence() {
        for (kind, name, full, de) in [
            (
                EpciKind::CommunityOfCommunes,
                "CC du Pays de Fayence",
                "communauté de communes du Pays de Fayence",
                "de la communauté de communes du Pays de Fayence",
            ),
            (
                EpciKind::UrbanCommunity,
                "CU d'Arras",
                "communauté urbaine d'Arras",
                "de la communauté urbaine d'Arras",
            ),
            (EpciKind::Metropolis, "Rennes Métropole", "Rennes Métropole", "de Rennes Métropole"),
            (EpciKind::Metropolis, "Orléans Métropole", "Orléans Métropole", "d'Orléans Métropole"),
            (
                EpciKind::MetropolisOfLyon,
                "Métropole de Lyon",
                "Métropole de Lyon",
                "de la Métropole de Lyon",
            ),
            (
                EpciKind::Metropolis,
                "Eurométropole de Strasbourg",
                "Eurométropole de Strasbourg",
                "de l'Eurométropole de Strasbourg",
            ),
        ] {
            let code = "243500139".parse().unwrap();
            let epci = Epci { code, kind, name: name.into(), population: 0 };
            assert_eq!(epci.full_name(), full);
            assert_eq!(epci.name_with_de(), de);
        }
    }
}
