//! The official division of France: communes, EPCI, départements and régions, of today and, for
//! old codes and names, since 1943.
//!
//! The data is embedded, so that nothing here does IO but [`rebuild()`], which makes it anew. Its
//! provenance, date and licence are in `reference/data/README.md`.
//!
//! ```
//! use locadocs::reference::{Found, Reference};
//!
//! let reference = Reference::embedded().unwrap();
//! let Some(Found::Exact(rennes)) = reference.find("35238".parse().unwrap()) else { panic!() };
//! assert_eq!(rennes.name_with_de(), "de Rennes");
//! let suggestions = reference.suggest("st malo", 5);
//! assert_eq!(&*suggestions[0].commune.name, "Saint-Malo");
//! ```

use std::{fmt, sync::OnceLock};

mod codes;
mod dataset;
mod fold;
mod groups;
mod liaison;
mod rebuild;
mod search;
mod territory;

pub use codes::{DepartementCode, InseeCode, InvalidCode, Postcode, RegionCode, Siren};
pub use dataset::{DecodeError, Source};
pub use fold::fold;
pub use liaison::Liaison;
pub use rebuild::{Built, Counts, Error as RebuildError, rebuild};
pub use search::{MAX_SUGGESTIONS, Matched, Suggestion};
pub use territory::{
    Commune, CommuneKind, Departement, Epci, EpciKind, FormerName, Region, Territory,
};

use dataset::Dataset;
use groups::Groups;
use search::SearchIndex;

/// The data of `data/README.md`.
const EMBEDDED: &[u8] = include_bytes!("reference/data/reference.tsv.zst");

/// The official division, indexed. Built once and never changed.
pub struct Reference {
    source: Source,
    regions: Box<[Region]>,
    departements: Box<[Departement]>,
    epcis: Box<[Epci]>,
    /// Ordered by code, then kind.
    communes: Box<[Commune]>,
    former_names: Box<[FormerName]>,
    parts: Groups<InseeCode>,
    by_old_code: Groups<InseeCode>,
    by_epci: Groups<Siren>,
    by_departement: Groups<DepartementCode>,
    by_postcode: Groups<Postcode>,
    search: SearchIndex,
}

/// What a code alone names.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// The code is in use: the current commune that it names, or else the part of one.
    Exact(&'a Commune),
    /// The code is an old one.
    Redirected {
        /// The code that was asked for.
        from: InseeCode,
        /// The current commune there today.
        to: &'a Commune,
    },
}

impl<'a> Found<'a> {
    /// The commune, whichever way it was found.
    pub fn commune(self) -> &'a Commune {
        match self {
            Self::Exact(commune) | Self::Redirected { to: commune, .. } => commune,
        }
    }
}

impl Reference {
    /// The embedded data, decoded at the first call.
    ///
    /// # Errors
    /// When the embedded bytes are damaged, which a test of this crate excludes.
    pub fn embedded() -> Result<&'static Self, &'static DecodeError> {
        static REFERENCE: OnceLock<Result<Reference, DecodeError>> = OnceLock::new();
        REFERENCE.get_or_init(|| Self::decode(EMBEDDED)).as_ref()
    }

    /// Decodes what [`rebuild()`] made.
    ///
    /// # Errors
    /// When the bytes are not such data, or a record names another that does not exist.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::index(Dataset::decompress(bytes)?)
    }

    fn index(dataset: Dataset) -> Result<Self, DecodeError> {
        let Dataset { source, regions, departements, epcis, mut communes, former_names } = dataset;
        communes.sort_by_key(|commune| (commune.code, commune.kind));
        inherit(&mut communes)?;
        let is_current = |commune: &&Commune| commune.kind == CommuneKind::Current;
        let current = || (0u32..).zip(&communes).filter(|(_, commune)| is_current(commune));
        let all = || (0u32..).zip(&communes);
        Ok(Self {
            parts: Groups::new(all().filter_map(|(i, c)| Some((c.parent?, i)))),
            by_old_code: Groups::new(
                current().flat_map(|(i, c)| c.old_codes.iter().map(move |code| (*code, i))),
            ),
            by_epci: Groups::new(current().filter_map(|(i, c)| Some((c.epci?, i)))),
            by_departement: Groups::new(current().map(|(i, c)| (c.departement, i))),
            by_postcode: Groups::new(
                all().flat_map(|(i, c)| c.postcodes.iter().map(move |code| (*code, i))),
            ),
            search: SearchIndex::new(&communes, &former_names)?,
            source,
            regions: regions.into(),
            departements: departements.into(),
            epcis: epcis.into(),
            communes: communes.into(),
            former_names: former_names.into(),
        })
    }

    /// The package versions from which the data was made.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// All communes and parts of communes, by code, then kind.
    pub fn communes(&self) -> &[Commune] {
        &self.communes
    }

    /// All EPCI, by SIREN number.
    pub fn epcis(&self) -> &[Epci] {
        &self.epcis
    }

    /// All départements and overseas collectivities, by code.
    pub fn departements(&self) -> &[Departement] {
        &self.departements
    }

    /// All régions and overseas collectivities, by code.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// All names that communes had since 1943 and lost, in no order that matters.
    pub fn former_names(&self) -> &[FormerName] {
        &self.former_names
    }

    /// The commune of this kind and code.
    pub fn commune(&self, kind: CommuneKind, code: InseeCode) -> Option<&Commune> {
        find_commune(&self.communes, kind, code)
    }

    /// What a code alone names: the current commune first, then a part of one, then the commune
    /// of today where the code is an old one.
    pub fn find(&self, code: InseeCode) -> Option<Found<'_>> {
        let at = self.communes.partition_point(|commune| commune.code < code);
        match self.communes.get(at).filter(|commune| commune.code == code) {
            Some(commune) => Some(Found::Exact(commune)),
            None => self
                .members(&self.by_old_code, code)
                .next()
                .map(|to| Found::Redirected { from: code, to }),
        }
    }

    /// The EPCI of this SIREN number.
    pub fn epci(&self, code: Siren) -> Option<&Epci> {
        find_by(&self.epcis, |epci| epci.code, &code)
    }

    /// The département of this code.
    pub fn departement(&self, code: DepartementCode) -> Option<&Departement> {
        find_by(&self.departements, |departement| departement.code, &code)
    }

    /// The région of this code.
    pub fn region(&self, code: RegionCode) -> Option<&Region> {
        find_by(&self.regions, |region| region.code, &code)
    }

    /// The current commune that a commune is, or is a part of.
    pub fn current<'a>(&'a self, commune: &'a Commune) -> &'a Commune {
        // Each parent was found when the data was indexed.
        commune.parent.and_then(|code| self.commune(CommuneKind::Current, code)).unwrap_or(commune)
    }

    /// The communes déléguées, communes associées and arrondissements municipaux of a current
    /// commune, by code.
    pub fn parts_of(&self, current: InseeCode) -> impl Iterator<Item = &Commune> {
        self.members(&self.parts, current)
    }

    /// The current communes of an EPCI, by code.
    pub fn communes_of_epci(&self, code: Siren) -> impl Iterator<Item = &Commune> {
        self.members(&self.by_epci, code)
    }

    /// The current communes of a département, by code.
    pub fn communes_of_departement(&self, code: DepartementCode) -> impl Iterator<Item = &Commune> {
        self.members(&self.by_departement, code)
    }

    /// The current communes of a région, by département, then code.
    pub fn communes_of_region(&self, code: RegionCode) -> impl Iterator<Item = &Commune> {
        self.departements_of_region(code)
            .flat_map(|departement| self.communes_of_departement(departement.code))
    }

    /// The communes and parts of communes that a post code serves, by code.
    pub fn communes_of_postcode(&self, code: Postcode) -> impl Iterator<Item = &Commune> {
        self.members(&self.by_postcode, code)
    }

    /// The départements of a région, by code.
    pub fn departements_of_region(&self, code: RegionCode) -> impl Iterator<Item = &Departement> {
        self.departements.iter().filter(move |departement| departement.region == code)
    }

    /// The territories that a commune belongs to, from the most specific up, itself first:
    /// a part of a commune, the commune, its EPCI, its département, its région.
    pub fn ancestors<'a>(&'a self, commune: &'a Commune) -> impl Iterator<Item = Territory<'a>> {
        let part = commune.parent.is_some().then_some(Territory::Commune(commune));
        let epci = commune.epci.and_then(|code| self.epci(code));
        part.into_iter()
            .chain([Territory::Commune(self.current(commune))])
            .chain(epci.map(Territory::Epci))
            .chain(self.departement(commune.departement).map(Territory::Departement))
            .chain(self.region(commune.region).map(Territory::Region))
    }

    /// The communes that someone who typed `query` may mean, the likeliest first, at most `limit`
    /// and [`MAX_SUGGESTIONS`].
    ///
    /// A query is a name or the start of one, an inner part of one (*malo*), some of its words in
    /// order, a post code or the start of one, an INSEE code, or a name with one slip. Within one
    /// sort of match, current communes come before parts of communes, then the most populous.
    pub fn suggest(&self, query: &str, limit: usize) -> Vec<Suggestion<'_>> {
        search::suggest(self, query, limit, None)
    }

    /// The same, of the communes that `keep` keeps.
    pub fn suggest_among(
        &self,
        query: &str,
        limit: usize,
        keep: &dyn Fn(&Commune) -> bool,
    ) -> Vec<Suggestion<'_>> {
        search::suggest(self, query, limit, Some(keep))
    }

    fn members<'a, K: Copy + Ord>(
        &'a self,
        groups: &'a Groups<K>,
        key: K,
    ) -> impl Iterator<Item = &'a Commune> {
        groups.get(key).iter().filter_map(|(_, index)| self.communes.get(*index as usize))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference").field("source", &self.source).finish_non_exhaustive()
    }
}

fn find_commune(communes: &[Commune], kind: CommuneKind, code: InseeCode) -> Option<&Commune> {
    find_by(communes, |commune| (commune.code, commune.kind), &(code, kind))
}

fn find_by<'a, T, K: Ord>(sorted: &'a [T], key: impl Fn(&T) -> K, wanted: &K) -> Option<&'a T> {
    sorted.binary_search_by_key(wanted, key).ok().and_then(|at| sorted.get(at))
}

/// Gives each part of a commune the EPCI of its commune and, when it has none of its own, its post
/// codes and its centre. Checks on the way that every parent exists.
fn inherit(communes: &mut [Commune]) -> Result<(), DecodeError> {
    let mut inherited = Vec::new();
    for (index, part) in communes.iter().enumerate() {
        let Some(code) = part.parent else { continue };
        let parent = find_commune(communes, CommuneKind::Current, code).ok_or_else(|| {
            DecodeError::Link {
                expected: "current commune",
                found: code.to_string(),
                from: part.code.to_string(),
            }
        })?;
        let postcodes = part.postcodes.is_empty().then(|| parent.postcodes.clone());
        inherited.push((index, parent.epci, postcodes, part.centre.or(parent.centre)));
    }
    for (index, epci, postcodes, centre) in inherited {
        if let Some(part) = communes.get_mut(index) {
            part.epci = epci;
            part.centre = centre;
            part.postcodes = postcodes.unwrap_or_else(|| std::mem::take(&mut part.postcodes));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
