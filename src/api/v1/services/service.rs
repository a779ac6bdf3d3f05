//! A service as the API tells it.

use serde::Serialize;
use utoipa::ToSchema;

use super::opening::Opening;
use crate::{
    api::v1::{
        asked::name_in,
        communes::PlaceReference,
        pictures::{self, Picture},
    },
    catalog::Release,
    content::service::{self, ServiceKind},
    position,
    reference::{Commune, Reference},
};

/// A body that keeps documents or informs the public.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its public name.
    pub slug: String,
    /// Its name. In a local answer, a generic service is named for the commune: *Mairie de Rennes*.
    pub name: String,
    /// What it is.
    r#type: ServiceType,
    /// What it is, in French.
    #[schema(examples("Archives municipales"))]
    pub type_label: &'static str,
    /// Whether it stands for a body of whichever commune is asked for, and so has no address.
    generic: bool,
    /// Number and street.
    pub address: Option<String>,
    /// Post code.
    pub postcode: Option<String>,
    /// The commune where it is.
    pub commune: Option<PlaceReference>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Web site.
    #[schema(format = "uri")]
    pub website: Option<String>,
    /// Form to ask for a document.
    #[schema(format = "uri")]
    pub form: Option<String>,
    /// Opening hours, as OpenStreetMap's `opening_hours`
    /// (<https://wiki.openstreetmap.org/wiki/Key:opening_hours>).
    pub hours: Option<String>,
    /// What the hours leave unsaid.
    pub hours_note: Option<String>,
    /// Whether one must book.
    pub appointment_only: bool,
    /// Where it is on the map.
    position: Option<Position>,
    /// Photographs of it.
    photos: Vec<Picture>,
    /// Whether it is open at the time asked for by `open` or `at`; null when none was.
    opening: Option<Opening>,
    /// Metres from the point or the commune asked for by `near` or `nearCommune`, along the great
    /// circle; null when none was.
    #[schema(minimum = 0)]
    distance: Option<u32>,
    /// From where on the distance counts: the service itself, or else the centre of its commune.
    distance_from: Option<DistanceFrom>,
}

/// A service, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceReference {
    /// Its public name.
    slug: String,
    /// Its name.
    name: String,
    /// What it is.
    r#type: ServiceType,
}

/// A point in WGS 84.
#[derive(Debug, Serialize, ToSchema)]
pub struct Position {
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
}

/// What a distance was measured to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DistanceFrom {
    /// The position of the service.
    Position,
    /// The centre of the commune where it is.
    Commune,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceType {
    /// Archives of a département.
    DepartmentArchives,
    /// Archives of a commune.
    MunicipalArchives,
    /// Town hall.
    TownHall,
    /// Town planning.
    Planning,
    /// Land registry.
    LandRegistry,
    /// Land tax office, which keeps the cadastre.
    LandTax,
    /// Notary's office.
    Notary,
    /// Chamber of notaries.
    NotaryChamber,
    /// Anything else.
    Other,
}

pub(super) const TYPES: &[(&str, ServiceType)] = &[
    ("department-archives", ServiceType::DepartmentArchives),
    ("municipal-archives", ServiceType::MunicipalArchives),
    ("town-hall", ServiceType::TownHall),
    ("planning", ServiceType::Planning),
    ("land-registry", ServiceType::LandRegistry),
    ("land-tax", ServiceType::LandTax),
    ("notary", ServiceType::Notary),
    ("notary-chamber", ServiceType::NotaryChamber),
    ("other", ServiceType::Other),
];

impl Service {
    /// A service as it is.
    pub fn new(service: &service::Service, release: &Release, reference: &Reference) -> Self {
        let seat = service.commune.and_then(|code| reference.find(code));
        Self {
            slug: service.slug.to_string(),
            name: service.name.clone(),
            r#type: service.kind.into(),
            type_label: type_label(service.kind),
            generic: service.is_generic,
            address: service.address.clone(),
            postcode: service.postcode.clone(),
            commune: seat.map(|found| PlaceReference::from(found.commune())),
            phone: service.phone.clone(),
            email: service.email.clone(),
            website: service.website.as_ref().map(ToString::to_string),
            form: service.form.as_ref().map(ToString::to_string),
            hours: service.hours.as_ref().map(|hours| hours.as_str().to_owned()),
            hours_note: service.hours_note.clone(),
            appointment_only: service.appointment_only,
            position: service.position.map(Position::from),
            photos: pictures::all(release.pictures(&service.record), &service.name),
            opening: None,
            distance: None,
            distance_from: None,
        }
    }

    /// With what its hours say of the time asked for.
    #[must_use]
    pub(super) fn with_opening(self, opening: Option<Opening>) -> Self {
        Self { opening, ..self }
    }

    /// With how far it is from the place asked for.
    #[must_use]
    pub(super) fn at_distance(self, metres: u32, from: DistanceFrom) -> Self {
        Self { distance: Some(metres), distance_from: Some(from), ..self }
    }

    /// A service as it is for a commune: a generic one becomes the body that it stands for there,
    /// or is at least named for the commune.
    pub fn for_commune(
        service: &service::Service,
        commune: &Commune,
        release: &Release,
        reference: &Reference,
    ) -> Self {
        if !service.is_generic {
            return Self::new(service, release, reference);
        }
        match release.resolve_generic(service, commune) {
            Some(local) => Self::new(local, release, reference),
            None => Self {
                name: name_for(service.kind, &service.name, reference.current(commune), reference),
                ..Self::new(service, release, reference)
            },
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// *La mairie de la commune* becomes *Mairie de Rennes*, and *Les Archives départementales* those of
/// the département. Others keep their name: a tax office of each commune doesn't exist.
fn name_for(kind: ServiceKind, generic: &str, commune: &Commune, reference: &Reference) -> String {
    let is_departmental =
        matches!(kind, ServiceKind::DepartmentArchives | ServiceKind::NotaryChamber);
    let named = match reference.departement(commune.departement) {
        Some(departement) if is_departmental => {
            format!("{generic} {}", departement.name_with_de())
        }
        _ => generic.replace("de la commune", &commune.name_with_de()),
    };
    let articles = ["la ", "le ", "les ", "l'", "l’", "La ", "Le ", "Les ", "L'", "L’"];
    let bare = articles.iter().find_map(|article| named.strip_prefix(article)).unwrap_or(&named);
    let mut letters = bare.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn type_label(kind: ServiceKind) -> &'static str {
    name_in(ServiceKind::OPTIONS, kind).unwrap_or_default()
}

impl From<&service::Service> for ServiceReference {
    fn from(service: &service::Service) -> Self {
        Self {
            slug: service.slug.to_string(),
            name: service.name.clone(),
            r#type: service.kind.into(),
        }
    }
}

impl From<Service> for ServiceReference {
    fn from(service: Service) -> Self {
        Self { slug: service.slug, name: service.name, r#type: service.r#type }
    }
}

impl From<position::Position> for Position {
    fn from(position: position::Position) -> Self {
        Self { latitude: position.latitude(), longitude: position.longitude() }
    }
}

impl From<ServiceKind> for ServiceType {
    fn from(kind: ServiceKind) -> Self {
        match kind {
            ServiceKind::DepartmentArchives => Self::DepartmentArchives,
            ServiceKind::MunicipalArchives => Self::MunicipalArchives,
            ServiceKind::TownHall => Self::TownHall,
            ServiceKind::Planning => Self::Planning,
            ServiceKind::LandRegistry => Self::LandRegistry,
            ServiceKind::LandTax => Self::LandTax,
            ServiceKind::Notary => Self::Notary,
            ServiceKind::NotaryChamber => Self::NotaryChamber,
            ServiceKind::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generic_service_is_named_for_the_commune() {
        let reference = Reference::embedded().unwrap();
        use ServiceKind as K;
        for (kind, generic, insee, expected) in [
            (K::TownHall, "la mairie de la commune", "35238", "Mairie de Rennes"),
            (K::TownHall, "La mairie de la commune", "76351", "Mairie du Havre"),
            (K::TownHall, "Mairie de la commune", "27229", "Mairie d'Évreux"),
            (
                K::DepartmentArchives,
                "Les Archives départementales",
                "69123",
                "Archives départementales du Rhône",
            ),
            (K::LandTax, "Le centre des impôts fonciers", "2A004", "Centre des impôts fonciers"),
        ] {
            let commune = reference.find(insee.parse().unwrap()).unwrap().commune();
            assert_eq!(name_for(kind, generic, commune, reference), expected);
        }
    }

    #[test]
    fn a_type_filters_under_the_name_that_it_is_published_by() {
        for (name, service_type) in TYPES {
            assert_eq!(serde_json::to_value(service_type).unwrap(), *name);
        }
        assert_eq!(TYPES.len(), ServiceKind::OPTIONS.len());
    }
}
