//! Which services, in which order.

use utoipa::{
    IntoParams,
    openapi::{
        Object, ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{
    found::Area,
    opening::{self, AskedTime},
    service::{ServiceType, TYPES},
};
use crate::{
    api::{
        params::{self, FromParams, Params},
        problem::{Code, Problem},
        v1::{
            asked::{AskedCommune, departement_schema, insee_schema, name_in, options_schema},
            paging,
        },
    },
    content::service,
    position::Position,
    reference::{DepartementCode, InseeCode, Reference, RegionCode},
};

/// Which services, in which order.
#[derive(Debug)]
pub struct ServiceQuery {
    r#type: Option<ServiceType>,
    commune: Option<InseeCode>,
    departement: Option<DepartementCode>,
    region: Option<RegionCode>,
    centre: Option<Centre>,
    /// In kilometres.
    radius: Option<u32>,
    /// Only those open then.
    pub open: Option<AskedTime>,
    /// With those closed then.
    pub at: Option<AskedTime>,
    /// Which page.
    pub page: paging::Asked,
}

/// From where distances are measured.
#[derive(Debug)]
enum Centre {
    Point(Position),
    Commune(InseeCode),
}

const EXPECTED_CODE: &str = "an INSEE code such as 35238 or 2A004";
const EXPECTED_POINT: &str = "a latitude and a longitude in decimal degrees, such as 48.11,-1.68";

/// The largest radius, in kilometres.
const MAX_RADIUS: u32 = 1_000;

impl IntoParams for ServiceQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let radius = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX_RADIUS));
        let own = [
            params::optional(
                "type",
                "Only services of this type.",
                options_schema(TYPES),
                "municipal-archives",
            ),
            params::optional(
                "commune",
                "Only services that sit in the commune of this INSEE code.",
                insee_schema(),
                "35238",
            ),
            params::optional(
                "departement",
                "Only services that sit in the département of this code.",
                departement_schema(),
                "35",
            ),
            params::optional(
                "region",
                "Only services that sit in the région of this code.",
                patterned("^(0[1-9]|[1-9][0-9]|97[1-9]|98[0-9])$"),
                "53",
            ),
            params::optional(
                "near",
                "The nearest services to this point first: its latitude and longitude in decimal \
                 degrees (WGS 84). A service whose place is not known is left out.",
                patterned(&point_pattern()),
                "48.11,-1.68",
            ),
            params::optional(
                "nearCommune",
                "The same, from the centre of the commune of this INSEE code; not beside `near`.",
                insee_schema(),
                "35238",
            ),
            params::optional(
                "radius",
                "Only services within so many kilometres of `near` or `nearCommune`.",
                radius,
                50,
            ),
            params::optional(
                "open",
                "Only services that are open at this time, with `opening`: `now`, an instant, or, \
                 without an offset, what clocks show where the service is.",
                opening::schema(),
                "2026-11-24T10:00+01:00",
            ),
            opening::at_parameter(),
        ];
        own.into_iter().chain(paging::parameters_near("name")).collect()
    }
}

impl FromParams for ServiceQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let code = |name| params.parsed(name, |text| text.parse::<InseeCode>().ok(), EXPECTED_CODE);
        let near = params.parsed("near", |text| text.parse().ok(), EXPECTED_POINT)?;
        let near_commune = code("nearCommune")?;
        let centre = match (near, near_commune) {
            (Some(_), Some(_)) => return Err(conflict("nearCommune", "beside \"near\"")),
            (Some(point), None) => Some(Centre::Point(point)),
            (None, code) => code.map(Centre::Commune),
        };
        let radius = |text: &str| text.parse().ok().filter(|n| (1..=MAX_RADIUS).contains(n));
        let expected = format!("a whole number of kilometres from 1 to {MAX_RADIUS}");
        let radius = params.parsed("radius", radius, &expected)?;
        let by_distance = params.optional("sort")?.is_some_and(|sort| sort.ends_with("distance"));
        for (name, is_there) in [("radius", radius.is_some()), ("sort", by_distance)] {
            if is_there && centre.is_none() {
                return Err(conflict(name, "without \"near\" or \"nearCommune\""));
            }
        }
        let (open, at) = (AskedTime::read(params, "open")?, AskedTime::read(params, "at")?);
        if open.is_some() && at.is_some() {
            return Err(conflict("at", "beside \"open\""));
        }
        Ok(Self {
            r#type: params.one_of("type", TYPES)?,
            commune: code("commune")?,
            departement: params.parsed(
                "departement",
                |text| text.parse().ok(),
                "a département code such as 35, 2A or 974",
            )?,
            region: params.parsed(
                "region",
                |text| text.parse().ok(),
                "a région code such as 53",
            )?,
            page: match centre {
                Some(_) => paging::Asked::read_near(params, "name")?,
                None => paging::Asked::read(params, "name")?,
            },
            centre,
            radius,
            open,
            at,
        })
    }
}

/// A parameter that makes no sense with the others.
fn conflict(name: &str, how: &str) -> Problem {
    let detail = format!("Such a {name:?} makes no sense {how}.");
    Problem::new(Code::ConflictingParameters, detail).parameter(name)
}

impl ServiceQuery {
    /// Whether a service fits the filters that don't need to know where it is or the time.
    pub fn wants(&self, service: &service::Service, reference: &Reference) -> bool {
        let seat = || service.commune.and_then(|code| reference.find(code));
        let seat = || seat().map(|found| reference.current(found.commune()));
        let wanted = |code| reference.find(code).map(|found| reference.current(found.commune()));
        self.r#type.is_none_or(|wanted| ServiceType::from(service.kind) == wanted)
            && self.commune.is_none_or(|code| {
                let pair = seat().zip(wanted(code));
                pair.is_some_and(|(seat, wanted)| seat.code == wanted.code)
            })
            && self.departement.is_none_or(|code| seat().is_some_and(|c| c.departement == code))
            && self.region.is_none_or(|code| seat().is_some_and(|c| c.region == code))
    }

    /// Where services are looked for, if somewhere.
    ///
    /// # Errors
    /// When no commune has the code, or nobody knows where it is.
    pub fn area(&self, reference: &Reference) -> Result<Option<Area>, Problem> {
        let centre = match self.centre {
            None => return Ok(None),
            Some(Centre::Point(point)) => point,
            Some(Centre::Commune(code)) => {
                let found = AskedCommune { code, kind: None }.find(reference)?;
                found.commune.centre.ok_or_else(|| {
                    let expected = "a commune whose centre is known (or give a point by \"near\")";
                    Problem::invalid("nearCommune", code.as_str(), expected)
                })?
            }
        };
        Ok(Some(Area { centre, radius: self.radius.map(|kilometres| kilometres * 1_000) }))
    }

    /// The time at which services may be open, if one was asked for.
    pub fn time(&self) -> Option<&AskedTime> {
        self.open.as_ref().or(self.at.as_ref())
    }

    /// The parameters beside those of the page.
    pub fn filters(&self) -> Vec<(&'static str, Option<String>)> {
        let (near, near_commune) = match &self.centre {
            Some(Centre::Point(point)) => (Some(point.to_string()), None),
            Some(Centre::Commune(code)) => (None, Some(code.to_string())),
            None => (None, None),
        };
        let time = |time: &Option<AskedTime>| time.as_ref().map(|time| time.as_str().to_owned());
        vec![
            ("type", self.r#type.and_then(|wanted| name_in(TYPES, wanted)).map(str::to_owned)),
            ("commune", self.commune.map(|code| code.to_string())),
            ("departement", self.departement.map(|code| code.to_string())),
            ("region", self.region.map(|code| code.to_string())),
            ("near", near),
            ("nearCommune", near_commune),
            ("radius", self.radius.map(|radius| radius.to_string())),
            ("open", time(&self.open)),
            ("at", time(&self.at)),
        ]
    }
}

/// What [`Position`] reads, from -90 to 90 and from -180 to 180.
fn point_pattern() -> String {
    let degrees =
        |whole: &str, most: &str| format!(r"-?(({whole})(\.[0-9]{{1,8}})?|{most}(\.0{{1,8}})?)");
    format!("^{},{}$", degrees("[0-8]?[0-9]", "90"), degrees("[0-9]{1,2}|1[0-7][0-9]", "180"))
}

fn patterned(pattern: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_point_that_the_schema_allows_is_read() {
        let pattern = Regex::new(&point_pattern()).unwrap();
        for (text, expected) in [
            ("48.11,-1.68", true),
            ("-90,180.0", true),
            ("5,179.99999999", true),
            ("90.1,0", false),
            ("0,180.5", false),
            ("48.11", false),
            ("48.11,-1.68,", false),
            ("48.123456789,0", false),
        ] {
            assert_eq!(pattern.is_match(text), expected, "{text}");
            assert_eq!(text.parse::<Position>().is_ok(), expected, "{text}");
        }
    }
}
