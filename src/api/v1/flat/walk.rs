//! `/v1/flat/walk`: a guide, step by step, for a tool without code.
//!
//! The tool keeps one variable, `answers`, which it sends back as it came with the choice just made.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Context, commune,
    fields::{self, Field, Flat, Scalar, field, flag, text},
    french::{plain, typeset},
    input::{Input, excerpt},
    local::{Local, embedded},
    locate::{Place, date, locate},
    outcome::{Choice, Failure, Outcome, Status, choice_fields},
};
use crate::{
    api::{answer::Policy, v1::asked::AskedDate},
    catalog::Item,
    content::{
        guide::{self, Guide, Step, StepKind},
        ids::Slug,
        walk::{self, Known, Walk, WalkError},
    },
    reference::{Commune, fold},
};

/// Where one is in a guide, as a flat object.
#[derive(Debug, Default)]
pub struct FlatWalk {
    outcome: Outcome,
    guide: String,
    guide_title: String,
    step: String,
    step_type: &'static str,
    title: String,
    text: String,
    html: String,
    answers: String,
    needs: Needs,
    finished: bool,
    next_guide: String,
    next_url: String,
    document: String,
    place: Place,
    date: String,
    local: Local,
    choices: Vec<Choice>,
    release: String,
}

/// What must be given to go on.
#[derive(Debug, Default)]
struct Needs {
    choice: bool,
    commune: bool,
    date: bool,
}

const STEP_TYPES: &[&str] = &["question", "information", "commune", "date", "result", "dead-end"];

impl Flat for FlatWalk {
    fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = self.outcome.fields().into();
        fields.extend([
            text("guide", "Slug of the guide.", &self.guide),
            text("guide_title", "Its title.", &self.guide_title),
            text("step", "Slug of the step where one is.", &self.step),
            field(
                "step_type",
                "What the step asks or shows.",
                Scalar::Word(self.step_type, STEP_TYPES),
            ),
            text("title", "Its title: the question, where it asks one.", &self.title),
            text("text", "What it says, as text; on a result, with the local answer.", &self.text),
            text("html", "The same as safe HTML, to be shown as it is.", &self.html),
            text(
                "answers",
                "The answers that led here: send them back as they are, with the next `answer`.",
                &self.answers,
            ),
            flag("needs_choice", "Whether one must choose: `choice_…`.", self.needs.choice),
            flag("needs_commune", "Whether a commune must be given.", self.needs.commune),
            flag("needs_date", "Whether a date must be given, or « inconnue ».", self.needs.date),
            flag("finished", "Whether the guide ends here, with all that it needs.", self.finished),
            text("next_guide", "The guide to which the last choice leads.", &self.next_guide),
            text("next_url", "The site to which the last choice leads.", &self.next_url),
            text("document", "Slug of the document that the step is about.", &self.document),
        ]);
        fields.extend(self.place.fields());
        fields.push(text("date", "The date given, as it was given.", &self.date));
        fields.extend(self.local.fields());
        fields.extend(choice_fields(&self.choices));
        fields.push(text("release", "The release that the answer was drawn from.", &self.release));
        fields
    }
}

impl From<Failure> for FlatWalk {
    fn from(failure: Failure) -> Self {
        let commune = commune::PARAMETERS.contains(&failure.parameter.as_str());
        Self {
            outcome: Outcome::from(&failure),
            needs: Needs { commune, date: failure.parameter == "date", choice: false },
            choices: failure.choices,
            ..Self::default()
        }
    }
}

impl PartialSchema for FlatWalk {
    fn schema() -> RefOr<Schema> {
        fields::schema::<Self>(
            "Where one is in a guide: scalars only, never null, all of them in every answer. What \
             is not known is an empty text, `false` or 0.",
        )
    }
}

impl ToSchema for FlatWalk {}

/// The parameters of the path.
const PARAMETERS: [&str; 8] =
    ["guide", "answers", "answer", "q.*", "commune", "commune_name", "postcode", "date"];

/// Answers.
///
/// # Errors
/// When the question can't be understood.
pub fn answer(input: &Input, context: &Context<'_>) -> Result<(FlatWalk, Policy), Failure> {
    input.refuse_unknown(&PARAMETERS)?;
    let guide = guide(input, context)?;
    let date = date(input)?;
    let commune = commune::find(input, context.reference)?;
    let mut known = Known {
        answers: answers(input)?,
        has_commune: commune.is_some(),
        has_date: date.is_some(),
    };
    if let Some(chosen) = input.get("answer") {
        let walk = walk::walk(guide, &known).map_err(|error| conflict(&error))?;
        let choice = choice(&walk, chosen, &known)?;
        known.answers.insert(walk.current.slug.clone(), choice);
    }
    let walk = walk::walk(guide, &known).map_err(|error| conflict(&error))?;
    Ok(Case { guide, walk, known, commune, date, input }.flatten(context))
}

/// A person's case: where they are, and what they told.
struct Case<'a> {
    guide: &'a Guide,
    walk: Walk<'a>,
    known: Known,
    commune: Option<&'a Commune>,
    date: Option<AskedDate>,
    input: &'a Input,
}

impl Case<'_> {
    fn flatten(&self, context: &Context<'_>) -> (FlatWalk, Policy) {
        let step = self.walk.current;
        let (local, policy) = self.local(context).unzip();
        let has_answer = local.is_some();
        let local = local.unwrap_or_default();
        let is_unknown = has_answer && !local.is_known;
        let (needs, is_end) = self.needs();
        let (next_guide, next_url) = self.next();
        let said = step.content.as_ref();
        let html = said.map(|said| embedded(said.html(), context.public_url).into_string());
        let text = said.map(|said| typeset(&plain(said.markdown()))).unwrap_or_default();
        let message = match local.text.lines().next() {
            Some(line) => line.to_owned(),
            None => typeset(&step.title),
        };
        let flat = FlatWalk {
            outcome: Outcome {
                status: if is_unknown { Status::Unknown } else { Status::Ok },
                message,
                ..Outcome::default()
            },
            guide: self.guide.slug.to_string(),
            guide_title: typeset(&self.guide.title),
            step: step.slug.to_string(),
            step_type: step_type(step.kind),
            title: typeset(&step.title),
            text: [text, local.text.clone()].join("\n\n").trim().to_owned(),
            html: html.unwrap_or_default() + &local.html,
            answers: self.answers(),
            finished: is_end && !needs.commune,
            choices: if needs.choice { self.choices() } else { Vec::new() },
            needs,
            next_guide,
            next_url,
            document: step.document.as_ref().map(ToString::to_string).unwrap_or_default(),
            place: self
                .commune
                .map(|commune| Place::new(commune, context.reference))
                .unwrap_or_default(),
            date: self.input.get("date").unwrap_or_default().to_owned(),
            local,
            release: context.moment.release().id().to_string(),
        };
        (flat, policy.unwrap_or(Policy::Content))
    }

    /// The local answer, on a result whose commune is known.
    fn local(&self, context: &Context<'_>) -> Option<(Local, Policy)> {
        let slug = match self.walk.outcome {
            walk::Outcome::Result => self.walk.current.document.as_ref()?,
            _ => return None,
        };
        let document = context.moment.release().content().documents.get(slug)?;
        Some(locate(document, self.commune?, self.date, context))
    }

    /// What must be given to go on, and whether the guide ends here.
    fn needs(&self) -> (Needs, bool) {
        let mut needs = Needs::default();
        match self.walk.outcome {
            walk::Outcome::NeedsChoice => needs.choice = true,
            walk::Outcome::NeedsCommune => needs.commune = true,
            walk::Outcome::NeedsDate => needs.date = true,
            walk::Outcome::Result => needs.commune = self.commune.is_none(),
            walk::Outcome::DeadEnd | walk::Outcome::Guide(_) | walk::Outcome::External(_) => {}
        }
        let is_end = !(needs.choice || needs.date);
        (needs, is_end)
    }

    fn next(&self) -> (String, String) {
        match self.walk.outcome {
            walk::Outcome::Guide(slug) => (slug.to_string(), String::new()),
            walk::Outcome::External(url) => (String::new(), url.to_string()),
            _ => (String::new(), String::new()),
        }
    }

    /// The answers that were given and led here, as they are sent back.
    fn answers(&self) -> String {
        let given = self
            .walk
            .path
            .iter()
            .filter(|passed| self.known.answers.contains_key(&passed.step.slug));
        let pairs = given.map(|passed| format!("{}:{}", passed.step.slug, passed.choice.slug));
        pairs.collect::<Vec<_>>().join(",")
    }

    fn choices(&self) -> Vec<Choice> {
        let offered = walk::offered(self.walk.current, &self.known);
        offered.map(choice_of).collect()
    }
}

fn choice_of(choice: &guide::Choice) -> Choice {
    Choice { value: choice.slug.to_string(), label: typeset(&choice.label) }
}

fn step_type(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Question => "question",
        StepKind::Information => "information",
        StepKind::Commune => "commune",
        StepKind::Date => "date",
        StepKind::Result => "result",
        StepKind::DeadEnd => "dead-end",
    }
}

fn guide<'a>(input: &Input, context: &Context<'a>) -> Result<&'a Guide, Failure> {
    let slug = input.required("guide", "Indiquez le guide")?;
    let found = context.moment.release().content().guides.get(slug).map(Item::as_ref);
    found.ok_or_else(|| {
        let message = format!("Aucun guide publié n'a l'identifiant {}.", excerpt(slug));
        Failure::of(Status::NotFound, message, "guide")
    })
}

/// The answers given so far: `document-connu:oui,que-cherchez-vous:permis`, or each by itself as
/// `q.document-connu=oui`.
fn answers(input: &Input) -> Result<BTreeMap<Slug, Slug>, Failure> {
    let together = input.get("answers").unwrap_or_default();
    let together = together.split([',', ';']).map(str::trim).filter(|pair| !pair.is_empty());
    let together = together.map(|pair| {
        let (step, choice) = pair.split_once(':').ok_or_else(|| {
            let message = format!("{} n'est pas de la forme étape:choix.", excerpt(pair));
            Failure::of(Status::Invalid, message, "answers")
        })?;
        Ok(("answers", step.trim(), choice.trim()))
    });
    let apart = input.prefixed("q.").map(|(step, choice)| Ok(("q.", step, choice)));
    let mut answers = BTreeMap::new();
    for pair in together.chain(apart) {
        let (parameter, step, choice) = pair?;
        let slug = |text: &str| {
            text.parse::<Slug>().map_err(|_| {
                let message = format!("{} n'est ni une étape ni un choix du guide.", excerpt(text));
                Failure::of(Status::Conflict, message, parameter)
            })
        };
        answers.insert(slug(step)?, slug(choice)?);
    }
    Ok(answers)
}

/// The choice of the current step that someone made: by its slug, its label or its number.
fn choice(walk: &Walk<'_>, chosen: &str, known: &Known) -> Result<Slug, Failure> {
    let step: &Step = walk.current;
    let offered: Vec<&guide::Choice> = walk::offered(step, known).collect();
    let by_name = offered
        .iter()
        .find(|choice| choice.slug.as_str() == chosen || fold(&choice.label) == fold(chosen));
    let by_number = || offered.get(chosen.parse::<usize>().ok()?.checked_sub(1)?);
    match by_name.or_else(by_number) {
        Some(choice) => Ok(choice.slug.clone()),
        None => {
            let message = format!(
                "L'étape « {} » ne propose pas la réponse {}.",
                step.title,
                excerpt(chosen)
            );
            let choices = offered.iter().map(|choice| choice_of(choice)).collect();
            Err(Failure::of(Status::Conflict, message, "answer").choices(choices))
        }
    }
}

fn conflict(error: &WalkError) -> Failure {
    let list = |valid: &[Slug]| valid.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    let (message, step) = match error {
        WalkError::UnknownStep { step, .. } => (format!("Le guide n'a pas d'étape {step}."), step),
        WalkError::UnknownChoice { step, found, valid } => (
            format!("L'étape {step} ne propose pas {found}. Réponses possibles : {}.", list(valid)),
            step,
        ),
        WalkError::OffPath { step, valid } => (
            format!(
                "Les autres réponses ne mènent pas à l'étape {step}. Elles mènent à : {}.",
                list(valid)
            ),
            step,
        ),
    };
    Failure::of(Status::Conflict, message, &format!("q.{step}"))
}
