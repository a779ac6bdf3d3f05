//! Guides: the list, a whole tree in one answer, one step.

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{
    asked::{self, name_in, options_schema, slug_schema},
    included::{GuideIncluded, WithGuide},
    paging::{self, Page},
    text::{self, RichText},
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, NoParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    catalog::{Item, Release, is_about},
    content::{guide, ids::Slug},
    reference::Reference,
};

mod language;
mod tree;

use language::{LanguageFilter, LanguageRange, lang_parameter};
pub use tree::{Step, StepType, Target};

/// Guides, a page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuideList {
    /// The guides.
    items: Vec<GuideSummary>,
    /// Where the page stands.
    page: Page,
}

/// A guide, without its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuideSummary {
    /// Its public name.
    slug: String,
    /// Title, for the public.
    title: String,
    /// One or two sentences.
    summary: Option<RichText>,
    /// Heading under which it is listed.
    theme: Option<String>,
    /// Words that lead to it.
    keywords: Vec<String>,
    /// Language of its texts.
    language: Language,
    /// Whether this is an earlier version, kept because an edit broke the current one.
    stale: bool,
}

/// A guide: a graph of steps.
///
/// Branches may rejoin, so that a step is listed once and choices name it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Guide {
    #[serde(flatten)]
    summary: GuideSummary,
    /// The step where it starts.
    first_step: String,
    /// Its steps: the first one, then in the order in which they are met.
    steps: Vec<Step>,
    /// What it leads to, as far as `include` asks for it.
    included: Option<GuideIncluded>,
}

/// Language of texts, as a BCP 47 tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Language {
    /// French.
    #[serde(rename = "fr")]
    French,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// A guide, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuideReference {
    /// Its public name.
    slug: String,
    /// Title, for the public.
    title: String,
    /// Language of its texts.
    language: Language,
    /// Whether this is an earlier version, kept because an edit broke the current one.
    stale: bool,
}

/// A step and its guide.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuideStep {
    /// The guide.
    guide: GuideReference,
    /// The step.
    step: Step,
}

/// Which guides, in which order.
#[derive(Debug)]
pub struct GuideQuery {
    theme: Option<String>,
    document: Option<Slug>,
    language: LanguageFilter,
    page: paging::Asked,
}

const LANGUAGES: &[(&str, Language)] = &[("fr", Language::French), ("en", Language::English)];

impl IntoParams for GuideQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let theme = ObjectBuilder::new().schema_type(Type::String);
        let own = [
            params::optional("theme", "Only guides of this theme.", theme, "Urbanisme et foncier"),
            params::optional(
                "document",
                "Only guides with a step about the document of this slug.",
                slug_schema(),
                "permis-de-construire",
            ),
            params::optional(
                "language",
                "Only guides in this language.",
                options_schema(LANGUAGES),
                "fr",
            ),
            lang_parameter(),
        ];
        own.into_iter().chain(paging::parameters("title")).collect()
    }
}

impl FromParams for GuideQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self {
            theme: params.optional("theme")?.map(str::to_owned),
            document: asked::optional_slug(params, "document")?,
            language: LanguageFilter::read(params)?,
            page: paging::Asked::read(params, "title")?,
        })
    }
}

/// List guides
///
/// Guides without their steps, by title.
#[utoipa::path(
    get, path = "/v1/guides", tag = "guides", operation_id = "list_guides", params(GuideQuery),
    responses((status = 200, description = "A page of guides.", body = GuideList)),
)]
pub async fn list_guides(moment: Moment, Query(query): Query<GuideQuery>) -> Answer<GuideList> {
    let guides = moment.release().content().guides.values().map(Item::as_ref);
    let wanted = guides.filter(|guide| {
        query.theme.as_ref().is_none_or(|theme| guide.theme.as_ref() == Some(theme))
            && query.document.as_ref().is_none_or(|document| is_about(guide, document))
            && query.language.fits(guide.language.into())
    });
    let (guides, page) = query.page.page(wanted, |guide| (&guide.slug, &guide.title));
    let others = [
        ("theme", query.theme.as_deref()),
        ("document", query.document.as_ref().map(Slug::as_str)),
        ("language", query.language.language.and_then(|language| name_in(LANGUAGES, language))),
        ("lang", query.language.lang.as_ref().map(LanguageRange::as_str)),
    ];
    let link = page.links("/v1/guides", &query.page, &others);
    let items = guides.into_iter().map(GuideSummary::from).collect();
    Answer::content(GuideList { items, page }).link(&link)
}

/// Read a guide
///
/// The whole guide in one answer: a client then needs no other request until the local answer.
/// `include` adds the documents to which it leads, and the services that keep some.
#[utoipa::path(
    get, path = "/v1/guides/{guide}", tag = "guides", operation_id = "get_guide",
    params(GuidePath, WithGuide),
    responses((status = 200, description = "The guide.", body = Guide)),
)]
pub async fn get_guide(
    State(app): State<App>,
    moment: Moment,
    Segments(guide): Segments<String>,
    Query(include): Query<WithGuide>,
) -> Result<Answer<Guide>, Problem> {
    let release = moment.release();
    let guide = find(release, &guide)?;
    Ok(Answer::content(Guide::new(guide, &include, release, app.reference)))
}

/// Read a step
///
/// One step of a guide, for a page that shows it alone.
#[utoipa::path(
    get, path = "/v1/guides/{guide}/steps/{step}", tag = "guides", operation_id = "get_step",
    params(GuidePath, StepPath),
    responses((status = 200, description = "The step.", body = GuideStep)),
)]
pub async fn get_step(
    moment: Moment,
    Segments((guide, step)): Segments<(String, String)>,
    _: Query<NoParams>,
) -> Result<Answer<GuideStep>, Problem> {
    let release = moment.release();
    let guide = find(release, &guide)?;
    let found = guide.steps.get(step.as_str());
    let step = found.ok_or_else(|| Problem::not_found(Code::StepNotFound, &step))?;
    Ok(Answer::content(GuideStep { guide: guide.into(), step: Step::new(step, release) }))
}

/// Finds a guide by its slug.
///
/// # Errors
/// When no published guide has it.
pub fn find<'a>(release: &'a Release, slug: &str) -> Result<&'a guide::Guide, Problem> {
    let guide = release.content().guides.get(slug).map(Item::as_ref);
    guide.ok_or_else(|| Problem::not_found(Code::GuideNotFound, slug))
}

/// Declares the guide in a path.
pub struct GuidePath;

impl IntoParams for GuidePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let example = "urbanisme";
        vec![params::path("guide", "Slug of the guide.", slug_schema(), example)]
    }
}

/// Declares the step in a path.
pub struct StepPath;

impl IntoParams for StepPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![params::path("step", "Slug of the step.", slug_schema(), "document-connu")]
    }
}

impl From<&guide::Guide> for GuideSummary {
    fn from(guide: &guide::Guide) -> Self {
        Self {
            slug: guide.slug.to_string(),
            title: guide.title.clone(),
            summary: text::optional(guide.summary.as_ref()),
            theme: guide.theme.clone(),
            keywords: guide.keywords.clone(),
            language: guide.language.into(),
            stale: guide.is_stale,
        }
    }
}

impl Guide {
    /// A guide of a release, whole, with what is asked for beside it.
    pub fn new(
        guide: &guide::Guide,
        include: &WithGuide,
        release: &Release,
        reference: &Reference,
    ) -> Self {
        Self {
            summary: guide.into(),
            first_step: guide.first_step.to_string(),
            steps: guide.steps.values().map(|step| Step::new(step, release)).collect(),
            included: include.of(guide, release, reference),
        }
    }
}

impl From<&guide::Guide> for GuideReference {
    fn from(guide: &guide::Guide) -> Self {
        Self {
            slug: guide.slug.to_string(),
            title: guide.title.clone(),
            language: guide.language.into(),
            stale: guide.is_stale,
        }
    }
}

impl From<guide::Language> for Language {
    fn from(language: guide::Language) -> Self {
        match language {
            guide::Language::French => Self::French,
            guide::Language::English => Self::English,
        }
    }
}
