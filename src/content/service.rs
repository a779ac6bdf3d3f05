//! Services: the bodies that keep documents or inform the public.

use minicbor::{Decode, Encode};
use url::Url;

use super::{
    guide::Illustration,
    ids::{RecordId, Slug},
    opening::Hours,
    problem::{Code, Problem},
    row::{Reader, Row, excerpt},
    status::Status,
    stored,
    tables::{FieldKey, TableKey},
};
use crate::{position::Position, reference::InseeCode};

/// A body that keeps documents.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Service {
    /// Its public name.
    #[n(0)]
    pub slug: Slug,
    /// Its row.
    #[n(1)]
    pub record: RecordId,
    /// Whether it is public.
    #[n(2)]
    pub status: Status,
    /// Official name.
    #[n(3)]
    pub name: String,
    /// What it is.
    #[n(4)]
    pub kind: ServiceKind,
    /// Whether it stands for a body of whichever commune is asked for.
    #[n(5)]
    pub is_generic: bool,
    /// Number and street.
    #[n(6)]
    pub address: Option<String>,
    /// Post code.
    #[n(7)]
    pub postcode: Option<String>,
    /// Where it is.
    #[n(8)]
    pub commune: Option<InseeCode>,
    /// Telephone.
    #[n(9)]
    pub phone: Option<String>,
    /// E-mail.
    #[n(10)]
    pub email: Option<String>,
    /// Web site.
    #[cbor(n(11), with = "stored::foreign", has_nil)]
    pub website: Option<Url>,
    /// Form to ask for a document.
    #[cbor(n(12), with = "stored::foreign", has_nil)]
    pub form: Option<Url>,
    /// Opening hours.
    #[n(13)]
    pub hours: Option<Hours>,
    /// What the hours leave unsaid.
    #[n(14)]
    pub hours_note: Option<String>,
    /// Whether one must book.
    #[n(15)]
    pub appointment_only: bool,
    /// WGS 84.
    #[n(16)]
    pub position: Option<Position>,
    /// Photographs.
    #[n(17)]
    pub photos: Vec<Illustration>,
}

/// What a service is. Archives are named when nothing better is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum ServiceKind {
    /// Archives of a département.
    #[n(0)]
    DepartmentArchives,
    /// Archives of a commune.
    #[n(1)]
    MunicipalArchives,
    /// Town hall.
    #[n(2)]
    TownHall,
    /// Town planning.
    #[n(3)]
    Planning,
    /// Land registry.
    #[n(4)]
    LandRegistry,
    /// Land tax office, which keeps the cadastre.
    #[n(5)]
    LandTax,
    /// Notary's office.
    #[n(6)]
    Notary,
    /// Chamber of notaries.
    #[n(7)]
    NotaryChamber,
    /// Anything else.
    #[n(8)]
    Other,
}

impl ServiceKind {
    /// Names in the back office.
    pub const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Archives départementales", Self::DepartmentArchives),
        ("Archives municipales", Self::MunicipalArchives),
        ("Mairie", Self::TownHall),
        ("Service d'urbanisme", Self::Planning),
        ("Service de la publicité foncière", Self::LandRegistry),
        ("Service des impôts fonciers", Self::LandTax),
        ("Étude notariale", Self::Notary),
        ("Chambre des notaires", Self::NotaryChamber),
        ("Autre", Self::Other),
    ];
}

impl Service {
    /// Reads a row; `None` when it has no name or no slug.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Services, row, problems);
        let status = Status::read(&mut reader)?;
        let name = reader.required_text(FieldKey::Name)?;
        Some(Self {
            record: row.id.clone(),
            status,
            slug: reader.slug(&name)?,
            kind: reader.option(FieldKey::Type, ServiceKind::OPTIONS).unwrap_or(ServiceKind::Other),
            is_generic: reader.checked(FieldKey::Generic),
            address: reader.text(FieldKey::Address),
            postcode: reader.text(FieldKey::Postcode),
            commune: reader.insee_code(FieldKey::Commune),
            phone: reader.text(FieldKey::Phone),
            email: reader.email(FieldKey::Email),
            website: reader.url(FieldKey::Website),
            form: reader.url(FieldKey::Form),
            hours: hours(&mut reader),
            hours_note: reader.text(FieldKey::HoursNote),
            appointment_only: reader.checked(FieldKey::AppointmentOnly),
            position: position(&mut reader),
            photos: reader.illustrations(FieldKey::Photo),
            name,
        })
    }
}

fn hours(reader: &mut Reader<'_>) -> Option<Hours> {
    let text = reader.text(FieldKey::Hours)?;
    if let Ok(hours) = text.parse() {
        return Some(hours);
    }
    // The parser's own words are English, and show the whole text.
    let message = format!(
        "« {} » n'est pas au format d'OpenStreetMap, par exemple « Mo-Fr 09:00-12:30,13:30-17:00 ».",
        excerpt(&text)
    );
    reader.report(FieldKey::Hours, Code::UnreadableHours, message);
    None
}

fn position(reader: &mut Reader<'_>) -> Option<Position> {
    let latitude = reader.number(FieldKey::Latitude)?;
    let longitude = reader.number(FieldKey::Longitude)?;
    let position = Position::new(latitude, longitude);
    if position.is_none() {
        reader.report(
            FieldKey::Latitude,
            Code::UnreadableCell,
            format!("{latitude} ; {longitude} n'est pas un point du globe, en degrés décimaux."),
        );
    }
    position
}
