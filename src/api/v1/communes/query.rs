//! Which communes are asked for: what someone typed, or a page of the list, and filters on either.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use crate::{
    api::{
        params::{self, FromParams, Params},
        problem::{Code, Problem},
        v1::{
            asked::{
                KINDS, departement_schema, name_in, options_schema, postcode_schema, region_schema,
                siren_schema,
            },
            paging::{self, Keys},
        },
    },
    reference::{
        Commune, CommuneKind, DepartementCode, MAX_SUGGESTIONS, Postcode, Reference, RegionCode,
        Siren,
    },
};

const DEFAULT_SUGGESTIONS: usize = 10;

/// By what the list sorts.
const KEYS: Keys = Keys { name: "name", id: "code" };

/// Which communes are asked for.
#[derive(Debug)]
pub struct CommuneQuery {
    /// Those among which to look.
    pub filter: CommuneFilter,
    /// What of them.
    pub wanted: Wanted,
}

/// What of the communes is asked for.
#[derive(Debug)]
pub enum Wanted {
    /// Those that someone may mean.
    Suggestions {
        /// What they typed.
        q: String,
        /// How many at most.
        limit: usize,
    },
    /// A page of them.
    Page(paging::Asked),
}

/// Among which communes to look; all conditions must hold.
#[derive(Debug, Default)]
pub struct CommuneFilter {
    departement: Option<DepartementCode>,
    region: Option<RegionCode>,
    epci: Option<Nine>,
    kind: Option<CommuneKind>,
    postcode: Option<Postcode>,
}

/// Nine digits, which may be a SIREN number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Nine(String);

impl IntoParams for CommuneQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let q = params::optional(
            "q",
            "What someone typed: the start of a name or of its words, an old name, a post code, an \
             INSEE code. Accents, capitals, hyphens and one slip do not matter. Takes no `cursor` \
             and no `sort`: the likeliest come first, on one page.",
            ObjectBuilder::new().schema_type(Type::String),
            "st malo",
        );
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX_SUGGESTIONS));
        let limit = params::optional(
            "limit",
            "Most communes on the page; by default 10 with `q` and 50 without.",
            limit,
            5,
        );
        let [_, cursor, sort] = paging::parameters(KEYS);
        let filters = [
            params::optional(
                "departement",
                "Only communes of the département of this code.",
                departement_schema(),
                "35",
            ),
            params::optional(
                "region",
                "Only communes of the région of this code.",
                region_schema(),
                "53",
            ),
            params::optional(
                "epci",
                "Only communes of the EPCI of this SIREN number.",
                siren_schema(),
                "243500139",
            ),
            params::optional(
                "kind",
                "Only communes of today, or only parts of communes of one sort.",
                options_schema(KINDS),
                "current",
            ),
            params::optional(
                "postcode",
                "Only communes that this post code serves.",
                postcode_schema(),
                "35000",
            ),
        ];
        [q, limit].into_iter().chain(filters).chain([cursor, sort]).collect()
    }
}

impl FromParams for CommuneQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let within = |text: &str| text.parse().ok().filter(|n| (1..=MAX_SUGGESTIONS).contains(n));
        let expected = format!("a whole number from 1 to {MAX_SUGGESTIONS}");
        let limit = params.parsed("limit", within, &expected)?;
        let page = paging::Asked::read(params, KEYS)?;
        let wanted = match params.optional("q")? {
            None => Wanted::Page(page),
            Some(q) => {
                refuse_beside_q(params)?;
                let limit = limit.unwrap_or(DEFAULT_SUGGESTIONS);
                Wanted::Suggestions { q: q.to_owned(), limit }
            }
        };
        Ok(Self { filter: CommuneFilter::read(params)?, wanted })
    }
}

/// Suggestions have an order of their own, and one page.
fn refuse_beside_q(params: &Params) -> Result<(), Problem> {
    for name in ["cursor", "sort"] {
        if params.optional(name)?.is_some() {
            let detail = format!("{name:?} is of the list, and \"q\" asks for suggestions.");
            return Err(Problem::new(Code::ConflictingParameters, detail).parameter(name));
        }
    }
    Ok(())
}

impl CommuneFilter {
    fn read(params: &Params) -> Result<Self, Problem> {
        let parsed = |text: &str| text.parse().ok();
        let departement = "a département code such as 35, 2A or 974";
        let region = params.parsed("region", |text| text.parse().ok(), "a région code such as 53");
        let postcode = |text: &str| text.parse().ok();
        Ok(Self {
            departement: params.parsed("departement", parsed, departement)?,
            region: region?,
            epci: params.parsed("epci", Nine::parse, "nine digits such as 243500139")?,
            kind: params.one_of("kind", KINDS)?,
            postcode: params.parsed("postcode", postcode, "a post code such as 35000")?,
        })
    }

    /// Whether all communes are kept.
    pub fn is_empty(&self) -> bool {
        let Self { departement, region, epci, kind, postcode } = self;
        departement.is_none()
            && region.is_none()
            && epci.is_none()
            && kind.is_none()
            && postcode.is_none()
    }

    /// Whether a commune is kept.
    pub fn fits(&self, commune: &Commune) -> bool {
        self.departement.is_none_or(|code| commune.departement == code)
            && self.region.is_none_or(|code| commune.region == code)
            && self.epci.as_ref().is_none_or(|code| commune.epci.is_some_and(|it| code.is(it)))
            && self.kind.is_none_or(|kind| commune.kind == kind)
            && self.postcode.is_none_or(|code| commune.postcodes.contains(&code))
    }

    /// The communes that are kept, by code.
    pub fn of<'a>(&self, reference: &'a Reference) -> impl Iterator<Item = &'a Commune> {
        reference.communes().iter().filter(|commune| self.fits(commune))
    }

    /// The parameters that say the same.
    pub fn filters(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("departement", self.departement.as_ref().map(DepartementCode::as_str)),
            ("region", self.region.as_ref().map(RegionCode::as_str)),
            ("epci", self.epci.as_ref().map(|Nine(digits)| digits.as_str())),
            ("kind", self.kind.and_then(|kind| name_in(KINDS, kind))),
            ("postcode", self.postcode.as_ref().map(Postcode::as_str)),
        ]
    }
}

impl Nine {
    fn parse(text: &str) -> Option<Self> {
        let is_nine = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_nine.then(|| Self(text.to_owned()))
    }

    fn is(&self, siren: Siren) -> bool {
        self.0 == siren.as_str()
    }
}
