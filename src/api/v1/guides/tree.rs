//! The steps of a guide and the choices between them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::v1::{
        pictures::{self, Picture},
        text::{self, RichText},
    },
    catalog::Release,
    content::guide,
};

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
    /// Images to be shown with the text.
    illustrations: Vec<Picture>,
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

impl Step {
    /// A step of a release.
    pub fn new(step: &guide::Step, release: &Release) -> Self {
        Self {
            slug: step.slug.to_string(),
            r#type: step.kind.into(),
            title: step.title.clone(),
            content: text::optional(step.content.as_ref()),
            document: step.document.as_ref().map(ToString::to_string),
            illustrations: pictures::all(release.pictures(&step.record), &step.title),
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
