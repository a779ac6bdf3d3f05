//! Walk: from the answers given to the step that comes next.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Required, Schema, Type,
        path::{Parameter, ParameterIn, ParameterStyle},
    },
};

use super::{
    asked::{
        AskedCommune, AskedDate, FoundCommune, commune_parameters, date_parameter, slug_schema,
    },
    communes::CommuneReference,
    documents,
    guides::{self, GuidePath, GuideReference, Step, StepType, Target},
    local_answer::{self, LocalAnswer, Question},
};
use crate::{
    api::{
        App,
        answer::{Answer, Policy},
        moment::Moment,
        params::{self, FromParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    content::{
        guide::StepKind,
        ids::Slug,
        period::Days,
        walk::{self, Known, Outcome, Passed, WalkError},
    },
};

/// Where answers lead in a guide.
#[derive(Debug, Serialize, ToSchema)]
pub struct Walk {
    /// The guide.
    guide: GuideReference,
    /// What comes next.
    status: WalkStatus,
    /// What must still be given to go on, or to get the local answer.
    missing: Vec<Missing>,
    /// The steps gone through, in order: a breadcrumb.
    path: Vec<PassedStep>,
    /// The step where one is.
    current: Step,
    /// Where the last choice leads out of the guide, under the status `guide` or `external`.
    next: Option<Target>,
    /// The local answer, on a result whose commune is known.
    answer: Option<LocalAnswer>,
}

/// What comes next: to choose (`question`), to read on (`information`), to give a commune or a
/// date; or the end: the local answer (`result`), advice (`dead-end`), another guide or site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WalkStatus {
    /// One must choose.
    Question,
    /// One must choose how to read on.
    Information,
    /// A commune must be given.
    Commune,
    /// A date must be given, or said to be unknown.
    Date,
    /// The end: the local answer.
    Result,
    /// The end: advice.
    DeadEnd,
    /// On to another guide.
    Guide,
    /// On to another site.
    External,
}

/// What must still be given: the choice of the current step, a commune, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The choice of the current step.
    Choice,
    /// A commune.
    Commune,
    /// A date, or that it is not known.
    Date,
}

/// A step gone through.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassedStep {
    /// Its slug.
    step: String,
    /// What it asks or shows.
    r#type: StepType,
    /// Its title.
    title: String,
    /// The choice by which it was left.
    answer: GivenAnswer,
    /// The commune given, on a step that asks for one.
    commune: Option<CommuneReference>,
    /// The date given, on a step that asks for one, as it was given.
    date: Option<String>,
}

/// A choice made.
#[derive(Debug, Serialize, ToSchema)]
pub struct GivenAnswer {
    /// Its slug.
    slug: String,
    /// What the public reads.
    label: String,
}

/// The answers given.
#[derive(Debug)]
pub struct WalkQuery {
    answers: Vec<(String, String)>,
    commune: Option<AskedCommune>,
    date: Option<(String, AskedDate)>,
}

impl IntoParams for WalkQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^q\.[a-z0-9]+(-[a-z0-9]+)*$"));
        let answers = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property_names(Some(name))
            .additional_properties(Some(RefOr::T(Schema::from(slug_schema()))));
        let mut answers = params::optional(
            "q.{step}",
            "An answer: for each step answered, a parameter named `q.` and the slug of the step, \
             whose value is the slug of the choice. Their order does not matter.",
            answers,
            serde_json::json!({ "q.document-connu": "oui" }),
        );
        answers.style = Some(ParameterStyle::Form);
        answers.explode = Some(true);
        let others = commune_parameters(Required::False).into_iter().chain([date_parameter()]);
        [answers].into_iter().chain(others).collect()
    }
}

impl FromParams for WalkQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let mut answers: Vec<(String, String)> = Vec::new();
        for (step, choice) in params.prefixed("q.") {
            params.optional(&format!("q.{step}"))?;
            answers.push((step.to_owned(), choice.to_owned()));
        }
        let date = params.parsed("date", AskedDate::parse, AskedDate::EXPECTED)?;
        let text = params.optional("date")?.map(str::to_owned);
        Ok(Self { answers, commune: AskedCommune::read(params)?, date: text.zip(date) })
    }
}

/// Walk through a guide
///
/// Follows the answers given as far as they lead. Answers are keyed by step, so that an address
/// keeps its meaning when a guide is edited. Answers that do not fit the guide as it is now are a
/// conflict (409) that names the step and its valid choices.
#[utoipa::path(
    get, path = "/v1/guides/{guide}/walk", tag = "guides", operation_id = "walk_guide",
    params(GuidePath, WalkQuery),
    responses((status = 200, description = "Where the answers lead.", body = Walk)),
)]
pub async fn walk_guide(
    State(app): State<App>,
    moment: Moment,
    Segments(guide): Segments<String>,
    Query(query): Query<WalkQuery>,
) -> Result<Answer<Walk>, Problem> {
    let guide = guides::find(moment.release(), &guide)?;
    let commune = query.commune.map(|asked| asked.find(app.reference)).transpose()?;
    let known = query.known()?;
    let walk = walk::walk(guide, &known).map_err(Problem::from)?;
    let document = match walk.outcome {
        Outcome::Result => walk.current.document.as_ref(),
        _ => None,
    };
    let question = document.zip(commune).map(|(document, commune)| {
        let document = documents::find(moment.release(), document.as_str())?;
        let asked = query.date.as_ref().map_or(Days::ALL, |(_, date)| date.days());
        Ok::<_, Problem>(Question { document, commune, asked })
    });
    let answered =
        question.transpose()?.map(|asked| local_answer::answer(asked, &moment, app.reference));
    let (answer, policy) = answered.map_or((None, Policy::Content), |(a, p)| (Some(a), p));
    let date = query.date.as_ref().map(|(text, _)| text.as_str());
    let path = walk.path.iter().map(|passed| PassedStep::new(passed, commune, date)).collect();
    let (status, missing, next) = outcome(&walk, &known);
    let body = Walk {
        guide: guide.into(),
        status,
        missing,
        path,
        current: Step::new(walk.current, moment.release()),
        next,
        answer,
    };
    Ok(Answer::with(policy, body))
}

impl WalkQuery {
    /// The answers as slugs. What is no slug names nothing in any guide.
    fn known(&self) -> Result<Known, Problem> {
        let mut answers = BTreeMap::new();
        for (step, choice) in &self.answers {
            let slug = |code, text: &str| {
                text.parse::<Slug>()
                    .map_err(|_| Problem::not_found(code, text).parameter(&format!("q.{step}")))
            };
            answers.insert(slug(Code::UnknownStep, step)?, slug(Code::UnknownChoice, choice)?);
        }
        Ok(Known { answers, has_commune: self.commune.is_some(), has_date: self.date.is_some() })
    }
}

fn outcome(walk: &walk::Walk<'_>, known: &Known) -> (WalkStatus, Vec<Missing>, Option<Target>) {
    let target = || walk.path.last().map(|passed| Target::from(&passed.choice.target));
    match walk.outcome {
        Outcome::NeedsChoice => {
            let status = match walk.current.kind {
                StepKind::Information => WalkStatus::Information,
                _ => WalkStatus::Question,
            };
            (status, vec![Missing::Choice], None)
        }
        Outcome::NeedsCommune => (WalkStatus::Commune, vec![Missing::Commune], None),
        Outcome::NeedsDate => (WalkStatus::Date, vec![Missing::Date], None),
        Outcome::Result if known.has_commune => (WalkStatus::Result, Vec::new(), None),
        Outcome::Result => (WalkStatus::Result, vec![Missing::Commune], None),
        Outcome::DeadEnd => (WalkStatus::DeadEnd, Vec::new(), None),
        Outcome::Guide(_) => (WalkStatus::Guide, Vec::new(), target()),
        Outcome::External(_) => (WalkStatus::External, Vec::new(), target()),
    }
}

impl PassedStep {
    fn new(passed: &Passed<'_>, commune: Option<FoundCommune<'_>>, date: Option<&str>) -> Self {
        let Passed { step, choice } = passed;
        let asks_for = |kind| step.kind == kind;
        Self {
            step: step.slug.to_string(),
            r#type: step.kind.into(),
            title: step.title.clone(),
            answer: GivenAnswer { slug: choice.slug.to_string(), label: choice.label.clone() },
            commune: commune
                .filter(|_| asks_for(StepKind::Commune))
                .map(|found| CommuneReference::from(found.commune)),
            date: date.filter(|_| asks_for(StepKind::Date)).map(str::to_owned),
        }
    }
}

impl From<WalkError> for Problem {
    fn from(error: WalkError) -> Self {
        let detail = match &error {
            WalkError::UnknownStep { step, .. } => format!("This guide has no step {step}."),
            error => format!("In this guide, {error}."),
        };
        let (code, step, found, valid) = match error {
            WalkError::UnknownStep { step, valid } => (Code::UnknownStep, step, None, valid),
            WalkError::UnknownChoice { step, found, valid } => {
                (Code::UnknownChoice, step, Some(found), valid)
            }
            WalkError::OffPath { step, valid } => (Code::OffPath, step, None, valid),
        };
        let problem = Self::new(code, detail)
            .parameter(&format!("q.{step}"))
            .step(step.as_str())
            .valid(valid);
        match found {
            Some(found) => problem.found(found.as_str()),
            None => problem,
        }
    }
}
