//! Official codes, checked once when they are made and held inline, without allocation.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Why a text is not the code that it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct InvalidCode {
    /// The text as it was found, cut to 60 characters.
    pub found: String,
    /// What was expected, with an example.
    pub expected: &'static str,
}

/// Up to `N` ASCII bytes; the tail is zero, so that the order is that of the texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ascii<const N: usize>([u8; N]);

impl<const N: usize> Ascii<N> {
    /// `None` when there are too many characters or others than ASCII.
    fn gather(chars: impl Iterator<Item = char>) -> Option<Self> {
        let mut bytes = [0; N];
        for (at, c) in chars.enumerate() {
            *bytes.get_mut(at)? = u8::try_from(c).ok().filter(u8::is_ascii)?;
        }
        Some(Self(bytes))
    }

    fn as_str(&self) -> &str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        self.0.get(..len).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $len:literal, $expected:literal, $normalize:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ascii<$len>);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = InvalidCode;

            fn from_str(text: &str) -> Result<Self, InvalidCode> {
                Ascii::gather($normalize(text))
                    .filter(|code| $check(code.as_str()))
                    .map(Self)
                    .ok_or_else(|| InvalidCode {
                        found: text.chars().take(60).collect(),
                        expected: $expected,
                    })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let at = d.position();
                d.str()?.parse().map_err(|error: InvalidCode| decode::Error::custom(error).at(at))
            }
        }
    };
}

code!(
    /// The code of a commune in INSEE's *code officiel géographique*: 5 characters, the first two
    /// or three of the département in which it was coded (`2A`, `2B` for Corsica, `971` to `989`
    /// overseas; `20` in codes from before 1976).
    ///
    /// It names a commune only together with a [`CommuneKind`](super::CommuneKind).
    /// Source: <https://www.insee.fr/fr/information/2560452>.
    InseeCode, 5, "an INSEE code such as 35238 or 2A004", upper_case, is_insee_code
);
code!(
    /// The code of a département or of an overseas collectivity: `35`, `2A`, `974`, `988`.
    DepartementCode, 3, "a département code such as 35, 2A or 974", upper_case, is_departement_code
);
code!(
    /// The code of a région, two digits, or of an overseas collectivity, three: `53`, `01`, `988`.
    RegionCode, 3, "a région code such as 53", upper_case, is_region_code
);
code!(
    /// A French post code. Several communes share one and a commune may have several.
    Postcode, 5, "a post code such as 35000", upper_case, is_postcode
);
code!(
    /// The SIREN number of a public body: 9 digits, the last of which checks the others by Luhn's
    /// rule. Spaces, with which it is usually written (`243 500 139`), are accepted.
    /// Source: <https://www.insee.fr/fr/metadonnees/definition/c2047>.
    Siren, 9, "a SIREN number such as 243500139", without_spaces, is_siren
);

fn upper_case(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| c.to_ascii_uppercase())
}

fn without_spaces(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The two characters that open département, INSEE and post codes: `01` to `95`, `2A`, `2B`, and
/// `97`, `98` overseas.
fn is_area(text: &str) -> bool {
    matches!(text, "2A" | "2B" | "97" | "98")
        || (text.len() == 2 && is_digits(text) && ("01"..="95").contains(&text))
}

fn is_insee_code(text: &str) -> bool {
    text.len() == 5
        && text.split_at_checked(2).is_some_and(|(area, number)| is_area(area) && is_digits(number))
}

fn is_departement_code(text: &str) -> bool {
    match text.len() {
        2 => is_area(text) && !matches!(text, "97" | "98"),
        3 => is_overseas(text),
        _ => false,
    }
}

fn is_overseas(text: &str) -> bool {
    is_digits(text) && ("971"..="989").contains(&text)
}

fn is_region_code(text: &str) -> bool {
    match text.len() {
        2 => is_digits(text) && text != "00",
        3 => is_overseas(text),
        _ => false,
    }
}

fn is_postcode(text: &str) -> bool {
    text.len() == 5 && is_digits(text) && ("01000".."99000").contains(&text)
}

fn is_siren(text: &str) -> bool {
    text.len() == 9 && is_digits(text) && luhn_sum(text).is_multiple_of(10)
}

/// Luhn's sum (ISO/IEC 7812-1): every second digit from the right is doubled, and the digits of
/// the products are added.
fn luhn_sum(digits: &str) -> u32 {
    digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<C: FromStr + fmt::Display>(cases: &[(&str, Option<&str>)]) {
        for (text, expected) in cases {
            let found = text.parse::<C>().ok().map(|code| code.to_string());
            assert_eq!(found.as_deref(), *expected, "{text:?}");
        }
    }

    #[test]
    fn insee_codes_cover_corsica_and_overseas() {
        check::<InseeCode>(&[
            ("35238", Some("35238")),
            ("2A004", Some("2A004")),
            ("2b033", Some("2B033")),
            ("97105", Some("97105")),
            ("98735", Some("98735")),
            ("20001", Some("20001")),
            ("3523", None),
            ("352380", None),
            ("2C004", None),
            ("00001", None),
            ("96001", None),
            ("99001", None),
            ("35 38", None),
            ("éé3", None),
            ("35\u{0}38", None),
            ("3523\u{0}", None),
            ("", None),
        ]);
    }

    #[test]
    fn departement_and_region_codes_keep_their_length() {
        check::<DepartementCode>(&[
            ("35", Some("35")),
            ("2a", Some("2A")),
            ("974", Some("974")),
            ("97", None),
            ("96", None),
            ("350", None),
            ("1", None),
            ("", None),
        ]);
        check::<RegionCode>(&[("53", Some("53")), ("988", Some("988")), ("00", None), ("5", None)]);
    }

    #[test]
    fn postcodes_are_five_digits_of_a_french_area() {
        check::<Postcode>(&[
            ("35000", Some("35000")),
            ("01000", Some("01000")),
            ("98799", Some("98799")),
            ("00999", None),
            ("99000", None),
            ("3500", None),
            ("2A000", None),
        ]);
    }

    #[test]
    fn a_siren_needs_its_check_digit() {
        check::<Siren>(&[
            ("243500139", Some("243500139")),
            ("243 500 139", Some("243500139")),
            ("243\u{a0}500\u{a0}139", Some("243500139")),
            ("243500138", None),
            ("24350013", None),
            ("2435001390", None),
            (&"2 ".repeat(5_000), None),
        ]);
    }

    #[test]
    fn an_error_shows_what_was_found_and_an_example() {
        let error = "Rennes".parse::<InseeCode>().unwrap_err();
        assert_eq!(error.to_string(), r#""Rennes" is not an INSEE code such as 35238 or 2A004"#);
    }
}
