//! Points on the globe, and how far apart they are.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// A point in WGS 84, to a millionth of a degree (about ten centimetres).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    latitude: i32,
    longitude: i32,
}

/// The text is no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a latitude and a longitude in decimal degrees are expected, such as 48.11,-1.68")]
pub struct InvalidPosition;

/// Mean radius of the Earth in metres (IUGG 1980). On a sphere of it, distances are within 0.6 %
/// of those on the ellipsoid.
const EARTH_RADIUS: f64 = 6_371_008.8;

impl Position {
    const SCALE: f64 = 1_000_000.0;

    /// `None` outside the globe.
    #[expect(clippy::cast_possible_truncation, reason = "at most 180 million, as just checked")]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_valid.then(|| Self {
            latitude: (latitude * Self::SCALE).round() as i32,
            longitude: (longitude * Self::SCALE).round() as i32,
        })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / Self::SCALE
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / Self::SCALE
    }

    /// Metres along the great circle, by the haversine formula, which is exact for short ways too.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most half the way around the Earth, and never negative"
    )]
    pub fn metres_to(self, other: Self) -> u32 {
        let [from, to] = [self, other].map(|point| point.latitude().to_radians());
        let half_height = (to - from) / 2.0;
        let half_width = (other.longitude() - self.longitude()).to_radians() / 2.0;
        let haversine =
            half_height.sin().powi(2) + from.cos() * to.cos() * half_width.sin().powi(2);
        (2.0 * EARTH_RADIUS * haversine.sqrt().min(1.0).asin()).round() as u32
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    /// Reads `latitude,longitude` in degrees: up to three digits, and eight after the point.
    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let is_digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let degrees = |text: &str| {
            let unsigned = text.strip_prefix('-').unwrap_or(text);
            let is_number = match unsigned.split_once('.') {
                Some((whole, fraction)) => is_digits(whole, 3) && is_digits(fraction, 8),
                None => is_digits(unsigned, 3),
            };
            text.parse().ok().filter(|_| is_number)
        };
        let (latitude, longitude) = text.split_once(',').ok_or(InvalidPosition)?;
        let degrees = degrees(latitude).zip(degrees(longitude));
        degrees.and_then(|(north, east)| Self::new(north, east)).ok_or(InvalidPosition)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.latitude(), self.longitude())
    }
}

impl<C> Encode<C> for Position {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        (self.latitude, self.longitude).encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for Position {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        let (latitude, longitude) = d.decode()?;
        let kept = Self { latitude, longitude };
        Self::new(kept.latitude(), kept.longitude())
            .ok_or_else(|| decode::Error::message("a point outside the globe").at(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn a_point_is_read_and_written_in_degrees() {
        for (text, expected) in [
            ("48.11,-1.68", Some("48.11,-1.68")),
            ("-20.8823,55.4504", Some("-20.8823,55.4504")),
            ("0,180", Some("0,180")),
            ("90.0,-180.00000000", Some("90,-180")),
            ("48.1134567,-1.68", Some("48.113457,-1.68")),
            ("90.1,0", None),
            ("0,-180.5", None),
            ("48.11", None),
            ("48.11,-1.68,2", None),
            ("48.11, -1.68", None),
            ("48.,-1.68", None),
            ("+48,-1", None),
            ("1e1,0", None),
            ("NaN,inf", None),
            ("", None),
        ] {
            let found = text.parse::<Position>().ok().map(|position| position.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn distances_are_those_of_the_map() {
        for (from, to, expected) in [
            // The town halls of Rennes and Paris; of Strasbourg and Saint-Denis de La Réunion.
            ("48.1113,-1.6800", "48.8566,2.3522", 307_900),
            ("48.5818,7.7508", "-20.8789,55.4481", 9_056_000),
            ("48.1113,-1.6800", "48.1113,-1.6800", 0),
            // Across the date line.
            ("0,179.9", "0,-179.9", 22_239),
        ] {
            let metres = f64::from(position(from).metres_to(position(to)));
            let expected = f64::from(expected);
            assert!((metres - expected).abs() <= expected * 0.006, "{from} {to}: {metres}");
        }
    }

    fn positions() -> impl Strategy<Value = Position> {
        (-90.0..=90.0, -180.0..=180.0)
            .prop_map(|(latitude, longitude)| Position::new(latitude, longitude).unwrap())
    }

    proptest! {
        #[test]
        fn distances_are_symmetric_and_a_way_around_is_no_shorter(
            a in positions(), b in positions(), c in positions(),
        ) {
            prop_assert_eq!(a.metres_to(b), b.metres_to(a));
            prop_assert_eq!(a.metres_to(a), 0);
            prop_assert!(a.metres_to(c) <= a.metres_to(b) + b.metres_to(c) + 2);
        }

        #[test]
        fn what_is_written_is_read_back(point in positions()) {
            prop_assert_eq!(point.to_string().parse(), Ok(point));
        }
    }
}
