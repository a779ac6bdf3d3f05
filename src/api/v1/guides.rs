//! Guides: the list, a whole tree in one answer, one step.

use std::sync::Arc;

use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{
    asked::{name_in, options_schema, slug_schema},
    paging::{self, Page},
    text::{self, RichText},
};
use crate::{
    api::{
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, NoParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    catalog::Release,
    content::guide,
};

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
}

/// One screen of a guide.
#[derive(Debug, Serialize, ToSchema)]
pub struct Step {
    /// Its name within the guide.
    slug: String,
    /// What it asks or shows.
    r#type: StepType,
    /// Question or title.
    title: String,
    /// Text under the title.
    content: Option<RichText>,
    /// The document it is about. Always there on a result.
    document: Option<String>,
    /// Ways on, in order.
    choices: Vec<Choice>,
}

/// What a step asks or shows.
///
/// `question` asks to choose. `information` informs, then leads on. `commune` asks for a commune
/// and `date` for a date; once they are known, the first choice is taken. `result` ends in the
/// local answer, `dead-end` with advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepType {
    /// Asks to choose.
    Question,
    /// Informs, then leads on.
    Information,
    /// Asks for a commune, unless it is known.
    Commune,
    /// Asks for a date, which may be unknown.
    Date,
    /// Ends in the local answer.
    Result,
    /// Ends with advice.
    DeadEnd,
}

/// A way on from a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    /// Its name within the step.
    slug: String,
    /// What the public reads.
    label: String,
    /// Small text under the label.
    note: Option<String>,
    /// When it is offered; null is always.
    condition: Option<Condition>,
    /// Where it leads.
    target: Target,
}

/// When a choice is offered: only once the commune is known, or only as long as it is not.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Only once the commune is known.
    CommuneKnown,
    /// Only as long as it is not.
    CommuneUnknown,
}

/// Where a choice leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Target {
    /// To a step of the same guide.
    Step {
        /// Its slug.
        step: String,
    },
    /// To the start of another guide.
    Guide {
        /// Its slug.
        guide: String,
    },
    /// To another site.
    External {
        /// Its address.
        #[schema(format = "uri")]
        url: String,
    },
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
    language: Option<Language>,
    page: paging::Asked,
}

const LANGUAGES: &[(&str, Language)] = &[("fr", Language::French), ("en", Language::English)];

impl IntoParams for GuideQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let theme = ObjectBuilder::new().schema_type(Type::String);
        let own = [
            params::optional("theme", "Only guides of this theme.", theme, "Urbanisme et foncier"),
            params::optional(
                "language",
                "Only guides in this language.",
                options_schema(LANGUAGES),
                "fr",
            ),
        ];
        own.into_iter().chain(paging::parameters("title")).collect()
    }
}

impl FromParams for GuideQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self {
            theme: params.optional("theme")?.map(str::to_owned),
            language: params.one_of("language", LANGUAGES)?,
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
    let guides = moment.release().content().guides.values().map(Arc::as_ref);
    let wanted = guides.filter(|guide| {
        query.theme.as_ref().is_none_or(|theme| guide.theme.as_ref() == Some(theme))
            && query.language.is_none_or(|language| Language::from(guide.language) == language)
    });
    let (guides, page) = query.page.page(wanted, |guide| (&guide.slug, &guide.title));
    let language = query.language.and_then(|language| name_in(LANGUAGES, language));
    let others = [("theme", query.theme.as_deref()), ("language", language)];
    let link = page.links("/v1/guides", &query.page, &others);
    let items = guides.into_iter().map(GuideSummary::from).collect();
    Answer::content(GuideList { items, page }).link(&link)
}

/// Read a guide
///
/// The whole guide in one answer: a client then needs no other request until the local answer.
#[utoipa::path(
    get, path = "/v1/guides/{guide}", tag = "guides", operation_id = "get_guide",
    params(GuidePath),
    responses((status = 200, description = "The guide.", body = Guide)),
)]
pub async fn get_guide(
    moment: Moment,
    Segments(guide): Segments<String>,
    _: Query<NoParams>,
) -> Result<Answer<Guide>, Problem> {
    Ok(Answer::content(Guide::from(find(moment.release(), &guide)?)))
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
    let guide = find(moment.release(), &guide)?;
    let found = guide.steps.get(step.as_str());
    let step = found.ok_or_else(|| Problem::not_found(Code::StepNotFound, &step))?;
    Ok(Answer::content(GuideStep { guide: guide.into(), step: step.into() }))
}

/// Finds a guide by its slug.
///
/// # Errors
/// When no published guide has it.
pub fn find<'a>(release: &'a Release, slug: &str) -> Result<&'a guide::Guide, Problem> {
    let guide = release.content().guides.get(slug).map(Arc::as_ref);
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

impl From<&guide::Guide> for Guide {
    fn from(guide: &guide::Guide) -> Self {
        Self {
            summary: guide.into(),
            first_step: guide.first_step.to_string(),
            steps: guide.steps.values().map(Step::from).collect(),
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

impl From<&guide::Step> for Step {
    fn from(step: &guide::Step) -> Self {
        Self {
            slug: step.slug.to_string(),
            r#type: step.kind.into(),
            title: step.title.clone(),
            content: text::optional(step.content.as_ref()),
            document: step.document.as_ref().map(ToString::to_string),
            choices: step.choices.iter().map(Choice::from).collect(),
        }
    }
}

impl From<&guide::Choice> for Choice {
    fn from(choice: &guide::Choice) -> Self {
        Self {
            slug: choice.slug.to_string(),
            label: choice.label.clone(),
            note: choice.note.clone(),
            condition: choice.condition.map(Condition::from),
            target: (&choice.target).into(),
        }
    }
}

impl From<&guide::Target> for Target {
    fn from(target: &guide::Target) -> Self {
        match target {
            guide::Target::Step(slug) => Self::Step { step: slug.to_string() },
            guide::Target::Guide(slug) => Self::Guide { guide: slug.to_string() },
            guide::Target::External(url) => Self::External { url: url.to_string() },
        }
    }
}

impl From<guide::StepKind> for StepType {
    fn from(kind: guide::StepKind) -> Self {
        match kind {
            guide::StepKind::Question => Self::Question,
            guide::StepKind::Information => Self::Information,
            guide::StepKind::Commune => Self::Commune,
            guide::StepKind::Date => Self::Date,
            guide::StepKind::Result => Self::Result,
            guide::StepKind::DeadEnd => Self::DeadEnd,
        }
    }
}

impl From<guide::Condition> for Condition {
    fn from(condition: guide::Condition) -> Self {
        match condition {
            guide::Condition::CommuneKnown => Self::CommuneKnown,
            guide::Condition::CommuneUnknown => Self::CommuneUnknown,
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
