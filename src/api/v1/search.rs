//! Search: guides, steps, documents and services by what people type.

use std::sync::Arc;

use axum::extract::State;
use maud::html;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Object, ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use self::cursor::Cursor;
use super::{
    asked::{name_in, options_schema},
    guides::GuideReference,
    paging::{self, Page},
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, Params, Query},
        problem::{Code, Problem},
    },
    catalog::search::{self, Asked, Hit, Key, Kind, Marked, Results, Scope, SearchIndex},
    content::guide::Language,
};

mod cursor;
pub mod suggestions;

/// What was found, a page of it, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResults {
    /// What was found.
    items: Vec<SearchResult>,
    /// Where the page stands. The first 500 results can be walked.
    page: Page,
}

/// A guide, step, document or service that was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    /// What it is.
    kind: SearchKind,
    /// Its public name.
    slug: String,
    /// The guide of a step; null for all else.
    guide: Option<GuideReference>,
    /// What it is called.
    title: String,
    /// The same as safe HTML, with the words that were found in `<mark>`, the only tag.
    title_html: String,
    /// What is said of it, about those words, in the same way; null where nothing is.
    snippet_html: Option<String>,
    /// Where the API has it.
    #[schema(format = "uri-reference", examples("/v1/documents/acte-notarie"))]
    url: String,
}

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchKind {
    /// A guide.
    Guide,
    /// A step of a guide.
    Step,
    /// A kind of document.
    Document,
    /// A service.
    Service,
}

const KINDS: &[(&str, Kind)] = &[
    ("guide", Kind::Guide),
    ("step", Kind::Step),
    ("document", Kind::Document),
    ("service", Kind::Service),
];

const LANGUAGES: &[(&str, Language)] = &[("fr", Language::French), ("en", Language::English)];

/// Longest query, in characters.
const LONGEST_QUERY: usize = 200;

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;

/// What someone typed, and what of it is wanted.
#[derive(Debug)]
pub struct SearchQuery {
    text: String,
    kinds: Vec<Kind>,
    language: Option<Language>,
    limit: usize,
    cursor: Option<Cursor>,
}

impl IntoParams for SearchQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            text_parameter(
                "What someone typed. Accents, capitals, plurals, articles and a slip in a word do \
                 not matter; the last word may be the start of one. What has all words comes \
                 before what has some.",
                "permis de construire",
            ),
            kind_parameter(),
            params::optional(
                "lang",
                "Only guides in this language, and their steps; documents and services have none.",
                options_schema(LANGUAGES),
                "fr",
            ),
            params::optional(
                "limit",
                "Most results on the page.",
                limit(DEFAULT_LIMIT, MAX_LIMIT),
                5,
            ),
            paging::cursor_parameter(Cursor::EXAMPLE),
        ]
    }
}

impl FromParams for SearchQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let mut query = Self {
            text: read_text(params)?,
            kinds: read_kinds(params)?,
            language: params.one_of("lang", LANGUAGES)?,
            limit: read_limit(params, DEFAULT_LIMIT, MAX_LIMIT)?,
            cursor: None,
        };
        if let Some(text) = params.optional("cursor")? {
            query.cursor = Some(Cursor::read(text, &query.as_asked())?);
        }
        Ok(query)
    }
}

impl SearchQuery {
    fn as_asked(&self) -> Asked<'_> {
        Asked {
            text: &self.text,
            kinds: &self.kinds,
            language: self.language,
            scope: Scope::Everything,
        }
    }

    /// The `Link` header (RFC 8288): the first page, and the next one if there is one.
    fn links(&self, next: Option<&str>) -> String {
        let kinds = self.kinds.iter().filter_map(|kind| name_in(KINDS, *kind));
        let kinds = kinds.collect::<Vec<_>>().join(",");
        let language = self.language.and_then(|language| name_in(LANGUAGES, language));
        let url = |cursor: Option<&str>| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("q", &self.text);
            query.extend_pairs((!kinds.is_empty()).then_some(("kind", &kinds)));
            query.extend_pairs(language.map(|language| ("lang", language)));
            query.append_pair("limit", &self.limit.to_string());
            query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
            format!("/v1/search?{}", query.finish())
        };
        let first = format!("<{}>; rel=\"first\"", url(None));
        match next {
            None => first,
            Some(next) => format!("<{}>; rel=\"next\", {first}", url(Some(next))),
        }
    }
}

/// Search the content
///
/// Guides, steps, documents and services by what people type, in French, the best first. Synonyms
/// that archivists gave a document also find the guides and steps that lead to it.
#[utoipa::path(
    get, path = "/v1/search", tag = "search", operation_id = "search_content",
    params(SearchQuery),
    responses((status = 200, description = "A page of results.", body = SearchResults)),
)]
pub async fn search_content(
    State(app): State<App>,
    moment: Moment,
    Query(query): Query<SearchQuery>,
) -> Result<Answer<SearchResults>, Problem> {
    prepare(&app, &moment).await?;
    let asked = query.as_asked();
    let after = query.cursor.as_ref().map(Cursor::place);
    // One more, to know whether there is a next page.
    let results = index(&app, &moment)?.search(&asked, after, query.limit + 1);
    let results = results.map_err(|error| unavailable(&error))?;
    let shown = results.hits.get(..query.limit).unwrap_or(&results.hits);
    let has_more = shown.len() < results.hits.len();
    let last = shown.last().filter(|_| has_more);
    let next = last.map(|hit| Cursor::new(hit.place.clone()).write(&asked));
    let link = query.links(next.as_deref());
    let items = shown.iter().map(|hit| SearchResult::new(hit, &results)).collect();
    let page = Page::new(query.limit, next, results.total);
    Ok(Answer::content(SearchResults { items, page }).link(&link))
}

/// Has the index made away from the threads that serve, where it is not yet: after a start, or in an
/// old release.
async fn prepare(app: &App, moment: &Moment) -> Result<(), Problem> {
    if moment.release().is_searchable() {
        return Ok(());
    }
    let (publication, reference) = (Arc::clone(&moment.publication), app.reference);
    let index = move || publication.release.search(reference).is_ok();
    tokio::task::spawn_blocking(index).await.map(drop).map_err(|error| {
        tracing::error!(%error, "the index of a release can't be made");
        Problem::of(Code::Internal)
    })
}

fn index<'a>(app: &App, moment: &'a Moment) -> Result<&'a SearchIndex, Problem> {
    moment.release().search(app.reference).map_err(unavailable)
}

fn unavailable(error: &search::SearchError) -> Problem {
    tracing::error!(error = error as &dyn std::error::Error, "a search failed");
    Problem::of(Code::SearchUnavailable)
}

impl SearchResult {
    fn new(hit: &Hit<'_>, results: &Results<'_>) -> Self {
        let Hit { entry, place } = hit;
        Self {
            kind: place.key.kind.into(),
            slug: place.key.slug.to_string(),
            guide: guide_of(hit),
            title: entry.title().to_owned(),
            title_html: to_html(&results.title(entry)),
            snippet_html: results.excerpt(entry).as_ref().map(to_html),
            url: url_of(&place.key),
        }
    }
}

/// The guide of a step.
fn guide_of(hit: &Hit<'_>) -> Option<GuideReference> {
    hit.entry.guide().filter(|_| hit.place.key.kind == Kind::Step).map(GuideReference::from)
}

fn url_of(Key { kind, slug, guide }: &Key) -> String {
    match (kind, guide) {
        (Kind::Step, Some(guide)) => format!("/v1/guides/{guide}/steps/{slug}"),
        (Kind::Guide | Kind::Step, _) => format!("/v1/guides/{slug}"),
        (Kind::Document, _) => format!("/v1/documents/{slug}"),
        (Kind::Service, _) => format!("/v1/services/{slug}"),
    }
}

/// Escapes all but the marks.
fn to_html(marked: &Marked) -> String {
    let html = html! {
        @for (part, is_marked) in marked.parts() {
            @if is_marked { mark { (part) } } @else { (part) }
        }
    };
    html.into_string()
}

fn text_parameter(description: &str, example: &str) -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(LONGEST_QUERY))
        .pattern(Some(r"\S"));
    params::required("q", description, text, example)
}

fn read_text(params: &Params) -> Result<String, Problem> {
    let text = params.required("q")?;
    match text.trim().is_empty() || text.chars().count() > LONGEST_QUERY {
        true => {
            let expected = format!("a text of 1 to {LONGEST_QUERY} characters, not all spaces,");
            Err(Problem::invalid("q", text, &expected))
        }
        false => Ok(text.to_owned()),
    }
}

fn kind_parameter() -> Parameter {
    let names = KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|");
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^({names})(,({names}))*$")));
    params::optional(
        "kind",
        "Only these kinds, parted by commas: `guide`, `step`, `document`, `service`.",
        schema,
        "guide,document",
    )
}

/// Reads kinds parted by commas, each once and in order, so that their order makes no difference.
fn read_kinds(params: &Params) -> Result<Vec<Kind>, Problem> {
    let Some(text) = params.optional("kind")? else { return Ok(Vec::new()) };
    let mut kinds = Vec::new();
    for name in text.split(',') {
        let kind = KINDS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            Problem::invalid("kind", text, "one of the valid values, or several parted by commas,")
                .valid(KINDS.iter().map(|(name, _)| *name))
        })?;
        kinds.push(kind.1);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

fn limit(default: usize, max: usize) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(max))
        .default(Some(default.into()))
        .build()
}

fn read_limit(params: &Params, default: usize, max: usize) -> Result<usize, Problem> {
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=max).contains(limit));
    let expected = format!("a whole number from 1 to {max}");
    Ok(params.parsed("limit", limit, &expected)?.unwrap_or(default))
}

impl From<Kind> for SearchKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Guide => Self::Guide,
            Kind::Step => Self::Step,
            Kind::Document => Self::Document,
            Kind::Service => Self::Service,
        }
    }
}
