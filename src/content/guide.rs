//! Guides: graphs of steps, each step offering choices that lead on.

use indexmap::IndexMap;
use minicbor::{Decode, Encode};
use url::Url;

use super::{
    cell::Attachment,
    ids::{AttachmentId, RecordId, Slug},
    problem::{Code, Problem},
    rich_text::RichText,
    row::{Reader, Row},
    status::Status,
    stored,
    tables::{FieldKey, TableKey},
};

/// A published guide, whole: every step that a link in it names exists.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Guide {
    /// Its public name.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// Title for the public.
    #[n(2)]
    pub title: String,
    /// One or two sentences.
    #[n(3)]
    pub summary: Option<RichText>,
    /// Heading under which it is listed.
    #[n(4)]
    pub theme: Option<String>,
    /// Words that lead to it.
    #[n(5)]
    pub keywords: Vec<String>,
    /// Language of its texts.
    #[n(6)]
    pub language: Language,
    /// Where it starts.
    #[n(7)]
    pub first_step: Slug,
    /// Its steps by slug, the first one first, then in the order in which they are met.
    #[cbor(n(8), with = "stored::steps")]
    pub steps: IndexMap<Slug, Step>,
    /// Whether this is an earlier version, kept because an edit broke the current one.
    #[n(9)]
    pub is_stale: bool,
}

/// One screen of a guide.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Step {
    /// Its name within the guide.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// Question or title.
    #[n(2)]
    pub title: String,
    /// What it asks or shows.
    #[n(3)]
    pub kind: StepKind,
    /// Text under the title.
    #[n(4)]
    pub content: Option<RichText>,
    /// The document it is about. Always there on a result.
    #[n(5)]
    pub document: Option<Slug>,
    /// Images shown with the text.
    #[n(6)]
    pub illustrations: Vec<Illustration>,
    /// Ways on, in order.
    #[n(7)]
    pub choices: Vec<Choice>,
}

/// What a step asks or shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum StepKind {
    /// Asks to choose.
    #[n(0)]
    Question,
    /// Informs, then leads on.
    #[n(1)]
    Information,
    /// Asks for a commune, unless it is known.
    #[n(2)]
    Commune,
    /// Asks for a date, which may be unknown.
    #[n(3)]
    Date,
    /// Ends in the local answer.
    #[n(4)]
    Result,
    /// Ends with advice, since nothing better is known.
    #[n(5)]
    DeadEnd,
}

impl StepKind {
    /// Names in the back office.
    pub const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Question", Self::Question),
        ("Information", Self::Information),
        ("Commune", Self::Commune),
        ("Date", Self::Date),
        ("Résultat", Self::Result),
        ("Impasse", Self::DeadEnd),
    ];

    /// Whether a guide may end here.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Result | Self::DeadEnd)
    }
}

/// A way on from a step.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Choice {
    /// Its name within the step.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// What the public reads.
    #[n(2)]
    pub label: String,
    /// Small text under the label.
    #[n(3)]
    pub note: Option<String>,
    /// Where it leads.
    #[n(4)]
    pub target: Target,
    /// When it is offered.
    #[n(5)]
    pub condition: Option<Condition>,
}

/// Where a choice leads.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Target {
    /// To a step of the same guide.
    #[n(0)]
    Step(#[n(0)] Slug),
    /// To the start of another guide.
    #[n(1)]
    Guide(#[n(0)] Slug),
    /// Out, to another site.
    #[n(2)]
    External(#[cbor(n(0), with = "stored::foreign")] Url),
}

/// When a choice is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Condition {
    /// Only once the commune is known.
    #[n(0)]
    CommuneKnown,
    /// Only as long as it is not.
    #[n(1)]
    CommuneUnknown,
}

impl Condition {
    /// Whether the choice is offered.
    pub fn holds(self, is_commune_known: bool) -> bool {
        match self {
            Self::CommuneKnown => is_commune_known,
            Self::CommuneUnknown => !is_commune_known,
        }
    }
}

/// Language of a guide's texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Language {
    /// French.
    #[default]
    #[n(0)]
    French,
    /// English.
    #[n(1)]
    English,
}

impl Language {
    const OPTIONS: &'static [(&'static str, Self)] = &[
        ("fr", Self::French),
        ("français", Self::French),
        ("en", Self::English),
        ("anglais", Self::English),
    ];

    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// An image of a step or a service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Illustration {
    /// Stable id of this very file.
    #[n(0)]
    pub id: AttachmentId,
    /// Its name.
    #[n(1)]
    pub filename: String,
    /// Declared media type.
    #[n(2)]
    pub media_type: Option<String>,
    /// Width and height in pixels.
    #[n(3)]
    pub dimensions: Option<(u32, u32)>,
}

impl From<Attachment> for Illustration {
    fn from(file: Attachment) -> Self {
        let Attachment { id, filename, media_type, size: _, dimensions, url: _ } = file;
        Self { id, filename, media_type, dimensions }
    }
}

/// A row of *Guides*.
#[derive(Debug, Clone, PartialEq)]
pub struct GuideRow {
    /// Its row.
    pub record: RecordId,
    /// Whether it is public.
    pub status: Status,
    /// Slug typed or made.
    pub slug: Slug,
    /// Title.
    pub title: String,
    /// Summary.
    pub summary: Option<RichText>,
    /// Theme.
    pub theme: Option<String>,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Language.
    pub language: Language,
    /// *Première étape*: one is expected.
    pub first_steps: Vec<RecordId>,
}

impl GuideRow {
    /// Reads a row; `None` when it has no title or no slug.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Guides, row, problems);
        let status = Status::read(&mut reader)?;
        let title = reader.required_text(FieldKey::Title)?;
        let guide = Self {
            record: row.id.clone(),
            status,
            slug: reader.slug(&title)?,
            summary: reader.rich_text(FieldKey::Summary),
            theme: reader.text(FieldKey::Theme),
            keywords: reader.words(FieldKey::Keywords),
            language: reader.option(FieldKey::Language, Language::OPTIONS).unwrap_or_default(),
            first_steps: reader.links(FieldKey::FirstStep),
            title,
        };
        match guide.first_steps.len() {
            0 => reader.report(
                FieldKey::FirstStep,
                Code::MissingCell,
                "Le guide n'a pas de première étape : il ne peut pas être publié.",
            ),
            1 => {}
            several => reader.report(
                FieldKey::FirstStep,
                Code::SeveralFirstSteps,
                format!("Le guide a {several} premières étapes : n'en garder qu'une."),
            ),
        }
        Some(guide)
    }
}

/// A row of *Étapes*.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// Its row.
    pub record: RecordId,
    /// Whether it is public.
    pub status: Status,
    /// Slug typed or made.
    pub slug: Slug,
    /// Title.
    pub title: String,
    /// What it asks or shows.
    pub kind: StepKind,
    /// The guide it belongs to.
    pub guide: Option<RecordId>,
    /// Text.
    pub content: Option<RichText>,
    /// Document.
    pub document: Option<RecordId>,
    /// Images.
    pub illustrations: Vec<Illustration>,
}

impl StepRow {
    /// Reads a row; `None` when it has no title, no slug or no type.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Steps, row, problems);
        let status = Status::read(&mut reader)?;
        let title = reader.required_text(FieldKey::Title)?;
        if reader.is_empty(FieldKey::Type) {
            reader.report(
                FieldKey::Type,
                Code::MissingCell,
                "Choisir le type de l'étape : sans lui, elle ne peut pas être publiée.",
            );
        }
        let step = Self {
            record: row.id.clone(),
            status,
            slug: reader.slug(&title)?,
            kind: reader.option(FieldKey::Type, StepKind::OPTIONS)?,
            guide: reader.link(FieldKey::Guide),
            content: reader.rich_text(FieldKey::Content),
            document: reader.link(FieldKey::Document),
            illustrations: reader.illustrations(FieldKey::Illustrations),
            title,
        };
        if step.guide.is_none() && reader.is_empty(FieldKey::Guide) {
            reader.report(
                FieldKey::Guide,
                Code::MissingCell,
                "L'étape n'est rattachée à aucun guide.",
            );
        }
        if step.kind == StepKind::Result && step.document.is_none() {
            reader.report(
                FieldKey::Document,
                Code::ResultWithoutDocument,
                "Une étape Résultat doit nommer le document recherché.",
            );
        }
        Some(step)
    }
}

/// A row of *Choix*.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceRow {
    /// Its row.
    pub record: RecordId,
    /// Slug typed or made.
    pub slug: Slug,
    /// Label.
    pub label: String,
    /// Note.
    pub note: Option<String>,
    /// The step that offers it.
    pub step: Option<RecordId>,
    /// *Vers*.
    pub to_step: Option<RecordId>,
    /// *Vers le guide*.
    pub to_guide: Option<RecordId>,
    /// *Lien externe*.
    pub to_site: Option<Url>,
    /// Place among the choices of the step.
    pub order: Option<f64>,
    /// When it is offered.
    pub condition: Option<Condition>,
}

impl ChoiceRow {
    /// Reads a row; `None` when it has no label or no slug.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        const CONDITIONS: &[(&str, Condition)] = &[
            ("Commune connue", Condition::CommuneKnown),
            ("Commune inconnue", Condition::CommuneUnknown),
        ];
        let mut reader = Reader::new(TableKey::Choices, row, problems);
        let label = reader.required_text(FieldKey::Label)?;
        let choice = Self {
            record: row.id.clone(),
            slug: reader.slug(&label)?,
            note: reader.text(FieldKey::Notes),
            step: reader.link(FieldKey::Step),
            to_step: reader.link(FieldKey::TargetStep),
            to_guide: reader.link(FieldKey::TargetGuide),
            to_site: reader.url(FieldKey::ExternalLink),
            order: reader.number(FieldKey::Order),
            condition: reader.option(FieldKey::Condition, CONDITIONS),
            label,
        };
        if choice.step.is_none() && reader.is_empty(FieldKey::Step) {
            reader.report(
                FieldKey::Step,
                Code::MissingCell,
                "Le choix n'est rattaché à aucune étape.",
            );
        }
        Some(choice)
    }
}
