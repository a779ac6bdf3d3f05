//! Makes the embedded data anew from the packages that publish the official division.
//!
//! The package is `@etalab/decoupage-administratif`, unpacked: its current version for the
//! division of today, and version 0.7.0, the last to carry `historique-communes.json`, for the
//! names since 1943. The centres of communes come from another package, as [`centres`] tells. See
//! `data/README.md` beside this file.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    codes::{DepartementCode, InseeCode, InvalidCode, Postcode, RegionCode, Siren},
    dataset::{Dataset, Source, epci_kind},
    fold::fold,
    liaison::Liaison,
    territory::{Commune, CommuneKind, Departement, Epci, FormerName, Region},
};

mod centres;

/// Why the data could not be made anew.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the package cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the package does not have the shape that it should.
    #[error("{} does not have the expected shape", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A record of the package has a code that cannot be one.
    #[error("record {record} of the package has an invalid code")]
    Code {
        /// The code of the record.
        record: String,
        /// What is wrong.
        source: InvalidCode,
    },
    /// A record of the package has a value that we don't know.
    #[error("record {record} of the package has an unknown {field}: {found:?}")]
    Value {
        /// The code of the record.
        record: String,
        /// The name of the field in the package.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// The table of the package with the centres cannot be read.
    #[error("{} is not the table that it should be", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: csv::Error,
    },
    /// The data cannot be compressed.
    #[error("the data cannot be compressed")]
    Compress(#[source] io::Error),
}

/// The embedded data, made anew.
#[derive(Debug)]
pub struct Built {
    /// What goes into `src/reference/data/reference.tsv.zst`. The same packages give the same
    /// bytes.
    pub bytes: Vec<u8>,
    /// From which packages.
    pub source: Source,
    /// How many records of each sort.
    pub counts: Counts,
}

/// How many records of each sort the data has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Régions and overseas collectivities.
    pub regions: usize,
    /// Départements and overseas collectivities.
    pub departements: usize,
    /// EPCI.
    pub epcis: usize,
    /// Current communes.
    pub communes: usize,
    /// Communes déléguées and associées, and arrondissements municipaux.
    pub parts: usize,
    /// Former names.
    pub former_names: usize,
    /// Current communes without a centre.
    pub without_centre: usize,
}

/// Makes the embedded data anew from unpacked packages: `package` for the division of today,
/// `history`, another version of it, for the names since 1943, and `centres` for the centres of
/// communes.
///
/// # Errors
/// When a file is missing or not of the expected shape, or a record has an impossible code.
pub fn rebuild(package: &Path, history: &Path, centres: &Path) -> Result<Built, Error> {
    let raw_communes: Vec<RawCommune> = read(package, "data/communes.json")?;
    let raw_epcis: Vec<RawEpci> = read(package, "data/epci.json")?;
    let raw_history: Vec<RawName> = read(history, "data/historique-communes.json")?;
    let mut dataset = Dataset {
        source: Source {
            package: read::<Manifest>(package, "package.json")?.version.into(),
            history: read::<Manifest>(history, "package.json")?.version.into(),
            centres: centres::version(centres)?.into(),
        },
        regions: collect(read::<Vec<_>>(package, "data/regions.json")?, region)?,
        departements: collect(read::<Vec<_>>(package, "data/departements.json")?, departement)?,
        epcis: collect(&raw_epcis, epci)?,
        communes: {
            let memberships = memberships(&raw_epcis);
            let centres = centres::read(centres)?;
            collect(&raw_communes, |raw| {
                let mut commune = commune(raw, &memberships)?;
                commune.centre = centres.get(&(commune.kind, commune.code)).copied();
                Ok(commune)
            })?
        },
        former_names: Vec::new(),
    };
    dataset.regions.sort_by_key(|region| region.code);
    dataset.departements.sort_by_key(|departement| departement.code);
    dataset.epcis.sort_by_key(|epci| epci.code);
    dataset.communes.sort_by_key(|commune| (commune.code, commune.kind));
    dataset.former_names = former_names(&raw_history, &dataset.communes)?;

    let is_current = |commune: &&Commune| commune.kind == CommuneKind::Current;
    let current = || dataset.communes.iter().filter(is_current);
    let communes = current().count();
    let without_centre = current().filter(|commune| commune.centre.is_none()).count();
    Ok(Built {
        bytes: dataset.compress().map_err(Error::Compress)?,
        counts: Counts {
            regions: dataset.regions.len(),
            departements: dataset.departements.len(),
            epcis: dataset.epcis.len(),
            communes,
            parts: dataset.communes.len() - communes,
            former_names: dataset.former_names.len(),
            without_centre,
        },
        source: dataset.source,
    })
}

#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// A région or a département.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawArea {
    code: String,
    nom: String,
    type_liaison: u8,
    region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCommune {
    code: String,
    nom: String,
    r#type: String,
    type_liaison: Option<u8>,
    departement: String,
    region: String,
    /// The commune of a commune déléguée or associée.
    chef_lieu: Option<String>,
    /// The commune of an arrondissement municipal.
    commune: Option<String>,
    siren: Option<String>,
    population: Option<u32>,
    #[serde(default)]
    codes_postaux: Vec<String>,
    #[serde(default)]
    anciens_codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEpci {
    code: String,
    nom: String,
    r#type: String,
    population_municipale: u32,
    membres: Vec<RawMember>,
}

#[derive(Deserialize)]
struct RawMember {
    code: String,
}

/// A state of a commune between two changes.
#[derive(Deserialize)]
struct RawName {
    code: String,
    nom: String,
    /// `COM` for a commune; others for its parts.
    r#type: String,
}

fn read<T: DeserializeOwned>(package: &Path, file: &str) -> Result<T, Error> {
    let path = package.join(file);
    match fs::read(&path) {
        Err(source) => Err(Error::Read { path, source }),
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::Shape { path, source }),
    }
}

fn collect<R, T>(
    raw: impl IntoIterator<Item = R>,
    convert: impl FnMut(R) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    raw.into_iter().map(convert).collect()
}

fn parse<T: FromStr<Err = InvalidCode>>(record: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|source| Error::Code { record: record.to_owned(), source })
}

fn parse_optional<T: FromStr<Err = InvalidCode>>(
    record: &str,
    text: Option<&str>,
) -> Result<Option<T>, Error> {
    text.map(|text| parse(record, text)).transpose()
}

fn parse_list<T: FromStr<Err = InvalidCode> + Ord>(
    record: &str,
    texts: &[String],
) -> Result<Box<[T]>, Error> {
    let values: BTreeSet<T> =
        texts.iter().map(|text| parse(record, text)).collect::<Result<_, _>>()?;
    Ok(values.into_iter().collect())
}

fn unknown(record: &str, field: &'static str, found: &str) -> Error {
    Error::Value { record: record.to_owned(), field, found: found.to_owned() }
}

fn liaison(record: &str, number: u8) -> Result<Liaison, Error> {
    Liaison::from_number(number).ok_or_else(|| unknown(record, "typeLiaison", &number.to_string()))
}

fn region(raw: RawArea) -> Result<Region, Error> {
    Ok(Region {
        code: parse(&raw.code, &raw.code)?,
        liaison: liaison(&raw.code, raw.type_liaison)?,
        name: raw.nom.into(),
    })
}

fn departement(raw: RawArea) -> Result<Departement, Error> {
    Ok(Departement {
        code: parse(&raw.code, &raw.code)?,
        liaison: liaison(&raw.code, raw.type_liaison)?,
        region: parse(&raw.code, raw.region.as_deref().unwrap_or_default())?,
        name: raw.nom.into(),
    })
}

fn epci(raw: &RawEpci) -> Result<Epci, Error> {
    Ok(Epci {
        code: parse(&raw.code, &raw.code)?,
        kind: epci_kind(&raw.r#type).ok_or_else(|| unknown(&raw.code, "type", &raw.r#type))?,
        name: raw.nom.as_str().into(),
        population: raw.population_municipale,
    })
}

/// The EPCI of each member commune.
fn memberships(epcis: &[RawEpci]) -> HashMap<&str, &str> {
    epcis
        .iter()
        .flat_map(|epci| {
            epci.membres.iter().map(|member| (member.code.as_str(), epci.code.as_str()))
        })
        .collect()
}

fn commune(raw: &RawCommune, memberships: &HashMap<&str, &str>) -> Result<Commune, Error> {
    let record = raw.code.as_str();
    let (kind, parent, epci) = match raw.r#type.as_str() {
        "commune-actuelle" => (CommuneKind::Current, None, memberships.get(record).copied()),
        "commune-deleguee" => (CommuneKind::Delegated, raw.chef_lieu.as_deref(), None),
        "commune-associee" => (CommuneKind::Associated, raw.chef_lieu.as_deref(), None),
        "arrondissement-municipal" => (CommuneKind::District, raw.commune.as_deref(), None),
        other => return Err(unknown(record, "type", other)),
    };
    Ok(Commune {
        kind,
        code: parse(record, record)?,
        liaison: match raw.type_liaison {
            Some(number) => liaison(record, number)?,
            None => Liaison::of_name(&raw.nom),
        },
        departement: parse::<DepartementCode>(record, &raw.departement)?,
        region: parse::<RegionCode>(record, &raw.region)?,
        epci: parse_optional::<Siren>(record, epci)?,
        parent: parse_optional(record, parent)?,
        postcodes: parse_list::<Postcode>(record, &raw.codes_postaux)?,
        population: raw.population,
        siren: parse_optional(record, raw.siren.as_deref())?,
        old_codes: parse_list(record, &raw.anciens_codes)?,
        centre: None,
        name: raw.nom.as_str().into(),
    })
}

/// The names that communes had since 1943, without those that the commune of today, or one of its
/// parts, still bears. Names of places that left France or the official code are dropped.
fn former_names(history: &[RawName], communes: &[Commune]) -> Result<Vec<FormerName>, Error> {
    let mut current_by_code = HashMap::new();
    let mut living_names = BTreeSet::new();
    for commune in communes {
        let current = commune.parent.unwrap_or(commune.code);
        living_names.insert((current, fold(&commune.name)));
        if commune.kind == CommuneKind::Current {
            current_by_code.insert(commune.code, commune.code);
        }
        current_by_code.extend(commune.old_codes.iter().map(|old| (*old, current)));
    }
    let mut found = BTreeSet::new();
    for raw in history.iter().filter(|raw| raw.r#type == "COM") {
        let code: InseeCode = parse(&raw.code, &raw.code)?;
        let Some(current) = current_by_code.get(&code) else { continue };
        let folded = fold(&raw.nom);
        if !living_names.contains(&(*current, folded.clone())) {
            found.insert((*current, folded, code, raw.nom.as_str()));
        }
    }
    // A name that only changed its spelling, or kept it under a new code, is told once.
    let mut names: Vec<_> = found.into_iter().collect();
    names.dedup_by(|next, kept| (next.0, &next.1) == (kept.0, &kept.1));
    let former =
        |(current, _, code, name): (_, _, _, &str)| FormerName { name: name.into(), code, current };
    Ok(names.into_iter().map(former).collect())
}

#[cfg(test)]
mod tests;
