//! Suggestions while one types: names of guides, steps, documents and services.

use std::collections::HashSet;

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    SearchKind, guide_of, index, kind_parameter, limit, prepare, read_kinds, read_limit, read_text,
    text_parameter, to_html, unavailable, url_of,
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, Params, Query},
        problem::Problem,
        v1::guides::GuideReference,
    },
    catalog::search::{Asked, DEEPEST, Hit, Kind, Results, Scope},
    reference::fold,
};

/// What someone who types may mean, the likeliest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchSuggestions {
    /// The suggestions, no two of one label.
    items: Vec<SearchSuggestion>,
}

/// What someone who types may mean.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchSuggestion {
    /// What to show.
    label: String,
    /// The same as safe HTML, with the words that were found in `<mark>`, the only tag.
    label_html: String,
    /// The other word for it by which it was found, where its label has none of those typed.
    #[schema(examples("minute"))]
    synonym: Option<String>,
    /// What it is.
    kind: SearchKind,
    /// Its public name.
    slug: String,
    /// The guide of a step; null for all else.
    guide: Option<GuideReference>,
    /// Where the API has it.
    #[schema(format = "uri-reference", examples("/v1/documents/acte-notarie"))]
    url: String,
}

const DEFAULT_LIMIT: usize = 6;
const MAX_LIMIT: usize = 20;

/// What someone is typing.
#[derive(Debug)]
pub struct SuggestionQuery {
    text: String,
    kinds: Vec<Kind>,
    limit: usize,
}

impl IntoParams for SuggestionQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            text_parameter(
                "What someone is typing. All words are looked for, in names and synonyms; the last \
                 one may be the start of one.",
                "permi",
            ),
            kind_parameter(),
            params::optional("limit", "Most suggestions.", limit(DEFAULT_LIMIT, MAX_LIMIT), 5),
        ]
    }
}

impl FromParams for SuggestionQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self {
            text: read_text(params)?,
            kinds: read_kinds(params)?,
            limit: read_limit(params, DEFAULT_LIMIT, MAX_LIMIT)?,
        })
    }
}

/// Suggest what to search
///
/// Completions while one types: the names of guides, steps, documents and services that have all the
/// words, or a synonym with them.
#[utoipa::path(
    get, path = "/v1/search/suggestions", tag = "search", operation_id = "suggest_content",
    params(SuggestionQuery),
    responses((status = 200, description = "Suggestions.", body = SearchSuggestions)),
)]
pub async fn suggest_content(
    State(app): State<App>,
    moment: Moment,
    Query(query): Query<SuggestionQuery>,
) -> Result<Answer<SearchSuggestions>, Problem> {
    prepare(&app, &moment).await?;
    let SuggestionQuery { text, kinds, limit } = &query;
    let asked = Asked { text, kinds, language: None, scope: Scope::Names };
    let results = index(&app, &moment)?.search(&asked, None, DEEPEST);
    let results = results.map_err(|error| unavailable(&error))?;
    let mut labels = HashSet::new();
    let distinct = results.hits.iter().filter(|hit| labels.insert(fold(hit.entry.title())));
    let items = distinct.take(*limit).map(|hit| SearchSuggestion::new(hit, &results)).collect();
    Ok(Answer::content(SearchSuggestions { items }))
}

impl SearchSuggestion {
    fn new(hit: &Hit<'_>, results: &Results<'_>) -> Self {
        let Hit { entry, place } = hit;
        Self {
            label: entry.title().to_owned(),
            label_html: to_html(&results.title(entry)),
            synonym: results.synonym(entry).map(str::to_owned),
            kind: place.key.kind.into(),
            slug: place.key.slug.to_string(),
            guide: guide_of(hit),
            url: url_of(&place.key),
        }
    }
}
