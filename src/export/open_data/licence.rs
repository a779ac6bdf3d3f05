//! Under which licence open data is given.

use std::{fmt, str::FromStr};

/// A licence for data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Licence {
    /// Licence Ouverte 2.0, of the French State.
    #[default]
    LicenceOuverte,
    /// Open Database License 1.0.
    Odbl,
    /// Creative Commons Attribution 4.0.
    CcBy,
    /// Creative Commons Zero 1.0.
    Cc0,
}

/// Each licence with its SPDX identifier (<https://spdx.org/licenses/>), its title and its text.
const LICENCES: [(Licence, &str, &str, &str); 4] = [
    (
        Licence::LicenceOuverte,
        "etalab-2.0",
        "Licence Ouverte / Open License 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    ),
    (
        Licence::Odbl,
        "ODbL-1.0",
        "Open Database License 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
    (
        Licence::CcBy,
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    (
        Licence::Cc0,
        "CC0-1.0",
        "CC0 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
];

/// What is no licence that is known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of etalab-2.0, ODbL-1.0, CC-BY-4.0 and CC0-1.0")]
pub struct UnknownLicence(String);

impl Licence {
    fn row(self) -> (&'static str, &'static str, &'static str) {
        let row = LICENCES.iter().find(|(licence, ..)| *licence == self);
        row.map_or(("", "", ""), |(_, id, title, url)| (id, title, url))
    }

    /// Its SPDX identifier.
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        self.row().1
    }

    /// Where its text is.
    pub fn url(self) -> &'static str {
        self.row().2
    }
}

impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Licence {
    type Err = UnknownLicence;

    fn from_str(text: &str) -> Result<Self, UnknownLicence> {
        let row = LICENCES.iter().find(|(_, id, ..)| id.eq_ignore_ascii_case(text));
        row.map(|(licence, ..)| *licence).ok_or_else(|| UnknownLicence(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_read_as_it_is_written_and_an_error_lists_them() {
        for (licence, id, ..) in LICENCES {
            assert_eq!(licence.to_string(), id);
            assert_eq!(id.to_lowercase().parse(), Ok(licence));
            assert!(UnknownLicence(String::new()).to_string().contains(id));
        }
        assert!("MIT".parse::<Licence>().is_err());
    }
}
