//! Kinds of document that people look for.

use minicbor::{Decode, Encode};

use super::{
    ids::{RecordId, Slug},
    problem::{Code, Problem},
    rich_text::RichText,
    row::{Reader, Row},
    status::Status,
    tables::{FieldKey, TableKey},
};

/// A kind of document: a building permit, a notarial deed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Document {
    /// Its public name.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// Whether it is public.
    #[n(2)]
    pub status: Status,
    /// What people call it.
    #[n(3)]
    pub name: String,
    /// What it is good for.
    #[n(4)]
    pub description: Option<RichText>,
    /// Papers found in it.
    #[n(5)]
    pub contents: Option<RichText>,
    /// Rules of access, in simple words.
    #[n(6)]
    pub who_may_read: Option<RichText>,
    /// Years before everyone may read it (Code du patrimoine, L. 213-1 and L. 213-2); 0 is at once,
    /// `None` is not known.
    #[n(7)]
    pub delay_years: Option<u16>,
    /// Which commune to ask for.
    #[n(8)]
    pub territorial_rule: TerritorialRule,
    /// Other words for it.
    #[n(9)]
    pub synonyms: Vec<String>,
}

/// Which commune decides where a document is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum TerritorialRule {
    /// That of the property.
    #[default]
    #[n(0)]
    Property,
    /// That of the notary's office.
    #[n(1)]
    NotaryOffice,
    /// That of the person's home.
    #[n(2)]
    Home,
}

impl TerritorialRule {
    const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Lieu du bien", Self::Property),
        ("Étude du notaire", Self::NotaryOffice),
        ("Domicile", Self::Home),
    ];
}

/// No delay of French law is longer.
const LONGEST_DELAY: f64 = 150.0;

impl Document {
    /// Reads a row; `None` when it has no name or no slug.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Documents, row, problems);
        let status = Status::read(&mut reader)?;
        let name = reader.required_text(FieldKey::Name)?;
        Some(Self {
            record: row.id.clone(),
            status,
            slug: reader.slug(&name)?,
            description: reader.rich_text(FieldKey::Description),
            contents: reader.rich_text(FieldKey::Content),
            who_may_read: reader.rich_text(FieldKey::WhoMayRead),
            delay_years: delay_years(&mut reader),
            territorial_rule: reader
                .option(FieldKey::TerritorialRule, TerritorialRule::OPTIONS)
                .unwrap_or_default(),
            synonyms: reader.words(FieldKey::Synonyms),
            name,
        })
    }
}

fn delay_years(reader: &mut Reader<'_>) -> Option<u16> {
    let years = reader.number(FieldKey::DelayYears)?;
    if (0.0..=LONGEST_DELAY).contains(&years) && years.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 150, as just checked"
        )]
        return Some(years as u16);
    }
    reader.report(
        FieldKey::DelayYears,
        Code::UnreadableCell,
        format!("{years} n'est pas un délai : un nombre entier de 0 à 150 est attendu."),
    );
    None
}
