//! A call of Stonly's public API.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The name of a step while only the plan knows it: its slug or, for a step that stands for another
/// guide or site, `step/choice`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) String);

impl Key {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id that only Stonly, or whoever pushes, can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder<'a> {
    /// The folder that the guide goes to.
    Folder,
    /// The guide.
    Guide,
    /// A step.
    Step(&'a Key),
}

impl fmt::Display for Placeholder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("{{folderId}}"),
            Self::Guide => f.write_str("{{guideId}}"),
            Self::Step(key) => write!(f, "{{{{stepId:{key}}}}}"),
        }
    }
}

/// What a step shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Its name in the plan.
    pub key: Key,
    /// Its title.
    pub title: String,
    /// Its text, as HTML.
    pub content: String,
    /// Addresses of its images; Stonly takes three.
    pub media: Vec<String>,
}

/// A call, whose ids are yet to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Makes the guide and its first step.
    Guide {
        /// Title of the guide.
        title: String,
        /// Its first step.
        first: Screen,
        /// Language of its texts.
        language: String,
    },
    /// Adds a step, and the choice of an earlier step that leads to it.
    Step {
        /// The earlier step.
        parent: Key,
        /// What the choice says.
        choice: String,
        /// The step.
        screen: Screen,
        /// Language of its texts.
        language: String,
    },
    /// Adds a choice that leads from a step to another that is already there.
    Link {
        /// The step that offers the choice.
        source: Key,
        /// Where it leads.
        target: Key,
        /// What it says.
        choice: String,
    },
    /// Makes the guide public.
    Publish,
}

/// What is done with the answer of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A second call changes nothing.
    Harmless,
    /// A second call makes a second guide, step or choice.
    Duplicates,
}

impl Call {
    /// Its path, below the address of the API. All calls are made by POST.
    pub fn path(&self) -> &'static str {
        match self {
            Self::Guide { .. } => "guide",
            Self::Step { .. } => "guide/step",
            Self::Link { .. } => "guide/step/link",
            Self::Publish => "guide/publish",
        }
    }

    /// What a second call does.
    pub fn repeat(&self) -> Repeat {
        match self {
            Self::Publish => Repeat::Harmless,
            Self::Guide { .. } | Self::Step { .. } | Self::Link { .. } => Repeat::Duplicates,
        }
    }

    /// The step that it makes.
    pub fn makes(&self) -> Option<&Screen> {
        match self {
            Self::Guide { first: screen, .. } | Self::Step { screen, .. } => Some(screen),
            Self::Link { .. } | Self::Publish => None,
        }
    }

    /// Its body, with the ids that `id` knows; `None` when it lacks one.
    pub fn body(&self, id: impl Fn(Placeholder<'_>) -> Option<Value>) -> Option<Value> {
        Some(match self {
            Self::Guide { title, first, language } => with_media(
                json!({
                    "folderId": id(Placeholder::Folder)?,
                    "contentType": "GUIDE",
                    "contentTitle": title,
                    "firstStepTitle": first.title,
                    "content": first.content,
                    "language": language,
                }),
                first,
            ),
            Self::Step { parent, choice, screen, language } => with_media(
                json!({
                    "guideId": id(Placeholder::Guide)?,
                    "parentStepId": id(Placeholder::Step(parent))?,
                    "choiceLabel": choice,
                    "title": screen.title,
                    "content": screen.content,
                    "language": language,
                }),
                screen,
            ),
            Self::Link { source, target, choice } => json!({
                "guideId": id(Placeholder::Guide)?,
                "sourceStepId": id(Placeholder::Step(source))?,
                "targetStepId": id(Placeholder::Step(target))?,
                "choiceLabel": choice,
            }),
            Self::Publish => json!({ "guideList": [{ "guideId": id(Placeholder::Guide)? }] }),
        })
    }

    /// The call as a line of the plan, with placeholders for ids.
    pub fn line(&self) -> Line {
        Line {
            method: "POST",
            path: format!("/{}", self.path()),
            gives: self.gives(),
            body: self.body(|placeholder| Some(placeholder.to_string().into())).unwrap_or_default(),
        }
    }

    fn gives(&self) -> Map<String, Value> {
        let mut gives = Map::new();
        if let Self::Guide { .. } = self {
            gives.insert("guideId".to_owned(), Placeholder::Guide.to_string().into());
        }
        if let Some(screen) = self.makes() {
            let name = if matches!(self, Self::Guide { .. }) { "firstStepId" } else { "stepId" };
            gives.insert(name.to_owned(), Placeholder::Step(&screen.key).to_string().into());
        }
        gives
    }
}

/// A call as it is printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    method: &'static str,
    path: String,
    /// Which placeholders its answer gives, by the member that holds them.
    gives: Map<String, Value>,
    body: Value,
}

/// For those who wait and those who mend: *step « Où ? » (permis-commune)*.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guide { title, .. } => write!(f, "guide {title:?}"),
            Self::Step { screen: Screen { key, title, .. }, parent, choice, .. } => {
                write!(f, "step {key} ({title:?}), by the choice {choice:?} of {parent}")
            }
            Self::Link { source, target, choice } => {
                write!(f, "link from {source} to {target}, by the choice {choice:?}")
            }
            Self::Publish => f.write_str("publication"),
        }
    }
}

fn with_media(mut body: Value, screen: &Screen) -> Value {
    if let (false, Some(body)) = (screen.media.is_empty(), body.as_object_mut()) {
        body.insert("media".to_owned(), screen.media.clone().into());
    }
    body
}
