//! Communes: autocomplete and the list, and one commune with what it belongs to.

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    asked::{AskedCommune, FoundCommune, KINDS, insee_schema, kind_parameter},
    paging::Page,
    services::{Position, ServiceReference},
};
use crate::{
    api::{
        App,
        answer::{Answer, Policy},
        moment::Moment,
        params::{self, FromParams, Params, Query, Segments},
        problem::Problem,
    },
    catalog::Release,
    reference::{self, InseeCode, Matched, Postcode, Reference},
};

mod query;

use query::{CommuneQuery, Wanted};

/// Communes: those that someone may mean, the likeliest first, or a page of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneSuggestions {
    /// The communes.
    items: Vec<CommuneSuggestion>,
    /// Where the page stands. What someone may mean is on one page.
    page: Page,
}

/// A commune that someone may mean, or of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneSuggestion {
    /// Its INSEE code.
    code: String,
    /// What sort of commune it is.
    kind: CommuneKind,
    /// Its name, with its article.
    name: String,
    /// The département it is in.
    departement: PlaceReference,
    /// The commune it is a part of.
    parent: Option<PlaceReference>,
    /// Its post codes.
    postcodes: Vec<String>,
    /// Inhabitants; null where they are not counted apart.
    #[schema(minimum = 0)]
    population: Option<u32>,
    /// What `q` matched; null without it.
    matched: Option<Match>,
}

/// What a query matched of a commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct Match {
    /// Its name, a name that it or a part of it had, a post code, or an INSEE code, old or not.
    by: MatchedBy,
    /// The name or code that matched.
    value: String,
}

/// What a query can match.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchedBy {
    /// Its name.
    Name,
    /// A name of the past.
    OldName,
    /// A post code.
    Postcode,
    /// An INSEE code.
    Insee,
}

/// A territory, by code and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceReference {
    /// INSEE's code, or the SIREN number of an EPCI.
    code: String,
    /// Its name.
    pub name: String,
}

/// A commune or a part of one, by code, kind and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneReference {
    /// Its INSEE code.
    code: String,
    /// What sort of commune it is.
    kind: CommuneKind,
    /// Its name, with its article.
    name: String,
}

/// What sort of commune a code names: a commune of today, or a part of one: *commune déléguée*,
/// *commune associée*, *arrondissement municipal*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommuneKind {
    /// A commune of today.
    Current,
    /// *Commune déléguée*.
    Delegated,
    /// *Commune associée*.
    Associated,
    /// *Arrondissement municipal*.
    District,
}

/// A commune or a part of one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Commune {
    /// Its INSEE code.
    code: String,
    /// What sort of commune it is.
    kind: CommuneKind,
    /// Its name, with its article.
    name: String,
    /// Its name after *de*, in French: *du Havre*.
    name_with_de: String,
    /// The commune it is a part of.
    parent: Option<PlaceReference>,
    /// The group of communes (EPCI) it belongs to.
    epci: Option<PlaceReference>,
    /// The département it is in.
    departement: Option<PlaceReference>,
    /// The région it is in.
    region: Option<PlaceReference>,
    /// Its post codes.
    postcodes: Vec<String>,
    /// Inhabitants; null where they are not counted apart.
    #[schema(minimum = 0)]
    population: Option<u32>,
    /// Its SIREN number.
    siren: Option<String>,
    /// Codes that once named a commune now within this one, or this one itself.
    old_codes: Vec<String>,
    /// Its parts that have a code of their own.
    parts: Vec<CommuneReference>,
    /// Its middle: its town hall, or else the middle of its area; null where it is not known.
    centre: Option<Position>,
    /// What else the same code names.
    others: Vec<CommuneReference>,
    /// The old code by which it was asked for.
    redirected_from: Option<String>,
    /// Services that sit in it, or in the commune it is a part of.
    services: Vec<ServiceReference>,
}

/// Which of the communes that a code names.
#[derive(Debug)]
pub struct KindQuery(Option<reference::CommuneKind>);

impl IntoParams for KindQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![kind_parameter()]
    }
}

impl FromParams for KindQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        params.one_of("kind", KINDS).map(Self)
    }
}

/// Declares the commune in a path.
pub struct CommunePath;

impl IntoParams for CommunePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "INSEE code of the commune, or of a part of one. An old code leads to the \
                           commune of today, and `redirectedFrom` then repeats it.";
        vec![params::path("insee", description, insee_schema(), "35238")]
    }
}

/// Suggest or list communes
///
/// With `q`, autocomplete: the communes that someone may mean, those of today before parts of
/// communes, the most populous first. Without, the list, by name. Either is of the communes that the
/// filters keep; one that nothing fits gives an empty list.
#[utoipa::path(
    get, path = "/v1/communes", tag = "communes", operation_id = "suggest_communes",
    params(CommuneQuery),
    responses((status = 200, description = "Communes.", body = CommuneSuggestions)),
)]
pub async fn suggest_communes(
    State(app): State<App>,
    Query(query): Query<CommuneQuery>,
) -> Answer<CommuneSuggestions> {
    let CommuneQuery { filter, wanted } = &query;
    match wanted {
        Wanted::Suggestions { q, limit } => {
            let fits = |commune: &reference::Commune| filter.fits(commune);
            let found = match filter.is_empty() {
                true => app.reference.suggest(q, *limit),
                false => app.reference.suggest_among(q, *limit, &fits),
            };
            let items = found
                .iter()
                .map(|found| {
                    let matched = Match::new(found.commune, &found.matched);
                    CommuneSuggestion::new(found.commune, Some(matched), app.reference)
                })
                .collect();
            let page = Page::only(*limit, found.len());
            let answer = Answer::with(Policy::Program, CommuneSuggestions { items, page });
            // The shortest are few, asked for by all who type, and take the longest.
            if q.chars().count() > 2 { answer.passing() } else { answer }
        }
        Wanted::Page(asked) => {
            let communes = filter.of(app.reference);
            let (communes, page) = asked.page(communes, |commune| {
                // A code names a commune together with its kind alone.
                (format!("{}{}", commune.code, commune.kind as u8), &*commune.name)
            });
            let link = page.links("/v1/communes", asked, &filter.filters());
            let items = communes
                .into_iter()
                .map(|commune| CommuneSuggestion::new(commune, None, app.reference))
                .collect();
            Answer::with(Policy::Program, CommuneSuggestions { items, page }).link(&link)
        }
    }
}

/// Read a commune
///
/// A commune or a part of one, what it belongs to and the services that sit in it.
#[utoipa::path(
    get, path = "/v1/communes/{insee}", tag = "communes", operation_id = "get_commune",
    params(CommunePath, KindQuery),
    responses((status = 200, description = "The commune.", body = Commune)),
)]
pub async fn get_commune(
    State(app): State<App>,
    moment: Moment,
    Segments(insee): Segments<String>,
    Query(KindQuery(kind)): Query<KindQuery>,
) -> Result<Answer<Commune>, Problem> {
    let found = AskedCommune::new(&insee, kind)?.find(app.reference)?;
    Ok(Answer::content(Commune::new(found, moment.release(), app.reference)))
}

impl CommuneSuggestion {
    fn new(commune: &reference::Commune, matched: Option<Match>, reference: &Reference) -> Self {
        let departement = reference.departement(commune.departement);
        Self {
            code: commune.code.to_string(),
            kind: commune.kind.into(),
            name: commune.name.to_string(),
            departement: PlaceReference {
                code: commune.departement.to_string(),
                name: departement.map(|found| found.name.to_string()).unwrap_or_default(),
            },
            parent: commune.parent.map(|_| reference.current(commune).into()),
            postcodes: commune.postcodes.iter().map(Postcode::to_string).collect(),
            population: commune.population,
            matched,
        }
    }
}

impl Match {
    fn new(commune: &reference::Commune, matched: &Matched<'_>) -> Self {
        let (by, value) = match matched {
            Matched::Name => (MatchedBy::Name, commune.name.to_string()),
            Matched::OldName(name) => (MatchedBy::OldName, (*name).to_owned()),
            Matched::Postcode(code) => (MatchedBy::Postcode, code.to_string()),
            Matched::Insee(code) => (MatchedBy::Insee, code.to_string()),
        };
        Self { by, value }
    }
}

impl Commune {
    fn new(found: FoundCommune<'_>, release: &Release, reference: &Reference) -> Self {
        let FoundCommune { commune, redirected_from } = found;
        let epci = commune.epci.and_then(|code| reference.epci(code));
        let departement = reference.departement(commune.departement);
        let region = reference.region(commune.region);
        let is_whole = commune.kind == reference::CommuneKind::Current;
        let parts = is_whole.then(|| reference.parts_of(commune.code)).into_iter().flatten();
        let kinds = reference::CommuneKind::ALL.into_iter();
        let others = kinds
            .filter(|kind| *kind != commune.kind)
            .filter_map(|kind| reference.commune(kind, commune.code));
        Self {
            code: commune.code.to_string(),
            kind: commune.kind.into(),
            name: commune.name.to_string(),
            name_with_de: commune.name_with_de(),
            parent: commune.parent.map(|_| reference.current(commune).into()),
            epci: epci.map(|epci| PlaceReference::new(epci.code.as_str(), &epci.name)),
            departement: departement
                .map(|found| PlaceReference::new(found.code.as_str(), &found.name)),
            region: region.map(|region| PlaceReference::new(region.code.as_str(), &region.name)),
            postcodes: commune.postcodes.iter().map(Postcode::to_string).collect(),
            population: commune.population,
            siren: commune.siren.map(|siren| siren.to_string()),
            old_codes: commune.old_codes.iter().map(InseeCode::to_string).collect(),
            parts: parts.map(CommuneReference::from).collect(),
            centre: commune.centre.map(Position::from),
            others: others.map(CommuneReference::from).collect(),
            redirected_from: redirected_from.map(|code| code.to_string()),
            services: release.services_of(commune).map(ServiceReference::from).collect(),
        }
    }
}

impl PlaceReference {
    fn new(code: &str, name: &str) -> Self {
        Self { code: code.to_owned(), name: name.to_owned() }
    }
}

impl From<&reference::Commune> for PlaceReference {
    fn from(commune: &reference::Commune) -> Self {
        Self::new(commune.code.as_str(), &commune.name)
    }
}

impl From<&reference::Commune> for CommuneReference {
    fn from(commune: &reference::Commune) -> Self {
        Self {
            code: commune.code.to_string(),
            kind: commune.kind.into(),
            name: commune.name.to_string(),
        }
    }
}

impl From<reference::CommuneKind> for CommuneKind {
    fn from(kind: reference::CommuneKind) -> Self {
        match kind {
            reference::CommuneKind::Current => Self::Current,
            reference::CommuneKind::Delegated => Self::Delegated,
            reference::CommuneKind::Associated => Self::Associated,
            reference::CommuneKind::District => Self::District,
        }
    }
}
