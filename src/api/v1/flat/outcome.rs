//! What became of a flat request: a word to branch on and a sentence to show.

use super::{
    fields::{Field, Scalar, field, flag, text},
    french::typeset,
};

/// What became of a request, as a tool can branch on it. New ones may be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Answered.
    Ok,
    /// The question is understood, and nothing is known about it.
    Unknown,
    /// A document, a guide or a commune that does not exist.
    NotFound,
    /// A parameter is absent.
    Missing,
    /// A parameter, or the body, can't be read.
    Invalid,
    /// Several communes may be meant.
    Ambiguous,
    /// The answers do not fit the guide as it is now.
    Conflict,
    /// The service has nothing to answer from yet.
    #[default]
    Unavailable,
}

impl Status {
    const NAMES: &'static [&'static str] = &[
        "ok",
        "unknown",
        "not_found",
        "missing",
        "invalid",
        "ambiguous",
        "conflict",
        "unavailable",
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::NotFound => "not_found",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Ambiguous => "ambiguous",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The word to branch on.
    pub status: Status,
    /// What happened and what to do, in French.
    pub message: String,
    /// The parameter at fault; empty where it is none of them.
    pub parameter: String,
    /// What could be sent instead, if it is a short list.
    pub choices: Vec<Choice>,
}

/// Something to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// What to send.
    pub value: String,
    /// What the public reads.
    pub label: String,
}

/// The most choices in an answer, by number; the text lists all.
const MOST_CHOICES: usize = 9;

impl Failure {
    /// A failure that no parameter is to blame for.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self::of(status, message, "")
    }

    /// A failure of a parameter.
    pub fn of(status: Status, message: impl Into<String>, parameter: &str) -> Self {
        let parameter = parameter.chars().take(100).collect();
        Self { status, message: message.into(), parameter, choices: Vec::new() }
    }

    /// Adds what could be sent instead.
    #[must_use]
    pub fn choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }

    /// The service has nothing to answer from yet.
    pub fn unavailable() -> Self {
        let message = "Le service démarre : réessayez dans quelques instants.";
        Self::new(Status::Unavailable, message)
    }
}

/// What every flat answer starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The word to branch on.
    pub status: Status,
    /// A sentence to show, in French, in every case.
    pub message: String,
    /// The parameter at fault.
    pub parameter: String,
}

impl Outcome {
    /// Its fields. An answer is found when its status is `ok`.
    pub fn fields(&self) -> [Field; 4] {
        [
            flag(
                "found",
                "Whether there is an answer: `status` is `ok`.",
                self.status == Status::Ok,
            ),
            field(
                "status",
                "What became of the request: `ok`; `unknown` (nothing is known for this commune \
                 and date); `not_found` (no such document, guide or commune); `missing` (a \
                 parameter is absent); `invalid` (a parameter or the body can't be read); \
                 `ambiguous` (several communes may be meant: `choice_…`); `conflict` (the answers \
                 do not fit the guide as it is now); `unavailable` (try again in a few seconds).",
                Scalar::Word(self.status.name(), Status::NAMES),
            ),
            text("message", "What to tell the person, in French: always there.", &self.message),
            text("parameter", "The parameter at fault, if one is.", &self.parameter),
        ]
    }
}

impl From<&Failure> for Outcome {
    fn from(failure: &Failure) -> Self {
        Self {
            status: failure.status,
            message: typeset(&failure.message),
            parameter: failure.parameter.clone(),
        }
    }
}

/// The fields of what there is to choose, by number.
pub fn choice_fields(choices: &[Choice]) -> Vec<Field> {
    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
    let mut fields = vec![
        super::fields::count("choice_count", "How many choices there are.", choices.len()),
        text("choices", "The labels of all choices, one a line.", &labels.join("\n")),
    ];
    for n in 1..=MOST_CHOICES {
        let choice = choices.get(n - 1).cloned().unwrap_or_default();
        fields.extend([
            text(format!("choice_{n}_value"), "What to send for this choice.", &choice.value),
            text(format!("choice_{n}_label"), "What the person reads of it.", &choice.label),
        ]);
    }
    fields
}
