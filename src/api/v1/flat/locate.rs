//! `/v1/flat/locate`: where a document is kept, for a tool without code.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Context, commune,
    fields::{self, Field, Flat, flag, text},
    french::typeset,
    input::{Input, excerpt},
    local::Local,
    outcome::{Choice, Failure, Outcome, Status, choice_fields},
};
use crate::{
    api::{
        answer::Policy,
        v1::{
            asked::{AskedDate, FoundCommune},
            local_answer::{self, Question},
        },
    },
    catalog::Item,
    content::{document, period::Days},
    reference::{Commune, Reference},
};

/// Where a document is kept, as a flat object.
#[derive(Debug, Default)]
pub struct FlatLocate {
    outcome: Outcome,
    title: String,
    document: String,
    document_name: String,
    place: Place,
    date: String,
    needs_commune: bool,
    needs_date: bool,
    local: Local,
    choices: Vec<Choice>,
    release: String,
}

/// The commune of an answer.
#[derive(Debug, Default)]
pub struct Place {
    /// Its INSEE code.
    pub commune: String,
    /// Its name.
    pub name: String,
    /// Its département.
    pub departement: String,
}

impl Place {
    /// The place that a commune is.
    pub fn new(commune: &Commune, reference: &Reference) -> Self {
        let departement = reference.departement(commune.departement);
        Self {
            commune: commune.code.to_string(),
            name: commune.name.to_string(),
            departement: departement.map(|found| found.name.to_string()).unwrap_or_default(),
        }
    }

    /// Its fields.
    pub fn fields(&self) -> [Field; 3] {
        [
            text("commune", "INSEE code of the commune.", &self.commune),
            text("commune_name", "Its name.", &self.name),
            text("departement_name", "The département it is in.", &self.departement),
        ]
    }
}

impl Flat for FlatLocate {
    fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = self.outcome.fields().into();
        fields.extend([
            text("title", "What was asked, as a title.", &self.title),
            text("text", "The whole answer as text, a line for each thing said.", &self.local.text),
            text("html", "The whole answer as safe HTML, to be shown as it is.", &self.local.html),
            text("document", "Slug of the document.", &self.document),
            text("document_name", "Its name.", &self.document_name),
        ]);
        fields.extend(self.place.fields());
        fields.extend([
            text("date", "The date asked for, as it was given.", &self.date),
            flag("needs_commune", "Whether a commune must be asked for.", self.needs_commune),
            flag(
                "needs_date",
                "Whether the answer would be clearer with a date: it changes over time.",
                self.needs_date,
            ),
        ]);
        fields.extend(self.local.fields());
        fields.extend(choice_fields(&self.choices));
        fields.push(text("release", "The release that the answer was drawn from.", &self.release));
        fields
    }
}

impl From<Failure> for FlatLocate {
    fn from(failure: Failure) -> Self {
        let is_about_commune = commune::PARAMETERS.contains(&failure.parameter.as_str());
        Self {
            outcome: Outcome::from(&failure),
            needs_commune: is_about_commune,
            choices: failure.choices,
            ..Self::default()
        }
    }
}

impl PartialSchema for FlatLocate {
    fn schema() -> RefOr<Schema> {
        fields::schema::<Self>(
            "Where a document is kept: scalars only, never null, all of them in every answer. \
             What is not known is an empty text, `false` or 0.",
        )
    }
}

impl ToSchema for FlatLocate {}

/// The parameters of the path.
const PARAMETERS: [&str; 5] = ["document", "commune", "commune_name", "postcode", "date"];

/// Answers.
///
/// # Errors
/// When the question can't be understood.
pub fn answer(input: &Input, context: &Context<'_>) -> Result<(FlatLocate, Policy), Failure> {
    input.refuse_unknown(&PARAMETERS)?;
    let document = document(input, context)?;
    let date = date(input)?;
    let commune = commune::find(input, context.reference)?.ok_or_else(|| {
        let asked = format!("Indiquez une commune pour le document {}", excerpt(&document.name));
        Failure::of(Status::Missing, format!("{asked} (paramètre commune)."), "commune")
    })?;
    let (local, policy) = locate(document, commune, date, context);
    let title = format!("{} {}", document.name, commune.name_with_a());
    let first_line = local.text.lines().next().unwrap_or_default();
    let status = if local.is_known { Status::Ok } else { Status::Unknown };
    let needs_date = local.depends_on_date && date.is_none();
    Ok((
        FlatLocate {
            outcome: Outcome { status, message: first_line.to_owned(), ..Outcome::default() },
            title: typeset(&title),
            document: document.slug.to_string(),
            document_name: document.name.clone(),
            place: Place::new(commune, context.reference),
            date: input.get("date").unwrap_or_default().to_owned(),
            needs_commune: false,
            needs_date,
            local,
            choices: Vec::new(),
            release: context.moment.release().id().to_string(),
        },
        policy,
    ))
}

/// The local answer, flat.
pub fn locate(
    document: &document::Document,
    commune: &Commune,
    date: Option<AskedDate>,
    context: &Context<'_>,
) -> (Local, Policy) {
    let question = Question {
        document,
        commune: FoundCommune { commune, redirected_from: None },
        asked: date.map_or(Days::ALL, AskedDate::days),
    };
    let (answer, policy) = local_answer::answer(question, context.moment, context.reference);
    (Local::new(&answer, context.public_url), policy)
}

fn document<'a>(input: &Input, context: &Context<'a>) -> Result<&'a document::Document, Failure> {
    let slug = input.required("document", "Indiquez le document recherché")?;
    let found = context.moment.release().content().documents.get(slug).map(Item::as_ref);
    found.ok_or_else(|| {
        let message = format!("Aucun document publié n'a l'identifiant {}.", excerpt(slug));
        Failure::of(Status::NotFound, message, "document")
    })
}

/// The date, as people write it: *12 5 1987* is not, *12/05/1987* is.
///
/// # Errors
/// When it can't be read.
pub fn date(input: &Input) -> Result<Option<AskedDate>, Failure> {
    let Some(text) = input.get("date") else { return Ok(None) };
    AskedDate::parse(text).map(Some).ok_or_else(|| {
        let message = format!(
            "{} n'est pas une date : écrivez une année (1987), un mois (1987-05), un jour \
             (12/05/1987) ou « inconnue ».",
            excerpt(text)
        );
        Failure::of(Status::Invalid, message, "date")
    })
}
