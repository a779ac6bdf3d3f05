//! The local answer, flat: a text and a page of it, what to branch on, and who keeps the documents,
//! by number.

use maud::{Markup, PreEscaped, html};
use url::Url;

use super::{
    fields::{Field, Scalar, count, field, flag, text},
    french::{plain, typeset},
};
use crate::{
    api::v1::{
        french::days,
        local_answer::{Access, AvailabilityStatus, Holding, LocalAnswer, Segment, SegmentStatus},
        services::Service,
    },
    content::{period::Days, rich_text::MEDIA_PATH},
};

/// The local answer, flat.
#[derive(Debug, Default)]
pub struct Local {
    /// What became of the documents: of the best, where there are several.
    pub state: Option<SegmentStatus>,
    /// Whether there is anything that an archivist wrote.
    pub is_known: bool,
    /// Whether the answer changes over the dates asked for.
    pub depends_on_date: bool,
    /// The answer as text.
    pub text: String,
    /// The answer as safe HTML.
    pub html: String,
    reason: String,
    availability: Option<AvailabilityStatus>,
    availability_text: String,
    online_url: String,
    services: Vec<Keeper>,
}

/// A service that keeps the documents, or can help to find them.
#[derive(Debug, Default)]
struct Keeper {
    is_contact: bool,
    period: String,
    access: String,
    call_number: String,
    verified_on: String,
    name: String,
    kind: String,
    address: String,
    phone: String,
    email: String,
    website: String,
    form: String,
    hours: String,
    hours_note: String,
    appointment_only: bool,
}

/// The most services in an answer, by number; the text names all.
const MOST_SERVICES: usize = 4;

const STATES: &[&str] =
    &["kept", "transferred", "incomplete", "not-collected", "destroyed", "unknown"];

fn state_name(state: SegmentStatus) -> &'static str {
    match state {
        SegmentStatus::Kept => "kept",
        SegmentStatus::Transferred => "transferred",
        SegmentStatus::Incomplete => "incomplete",
        SegmentStatus::NotCollected => "not-collected",
        SegmentStatus::Destroyed => "destroyed",
        SegmentStatus::Unknown => "unknown",
    }
}

fn availability_name(availability: AvailabilityStatus) -> &'static str {
    match availability {
        AvailabilityStatus::Open => "open",
        AvailabilityStatus::Partly => "partly",
        AvailabilityStatus::Restricted => "restricted",
    }
}

fn access_name(access: Access) -> &'static str {
    match access {
        Access::ReadingRoom => "en salle de lecture",
        Access::Delivery => "par envoi",
        Access::Online => "en ligne",
        Access::Desk => "à l'accueil",
        Access::Mail => "par courrier",
    }
}

impl Local {
    /// Flattens an answer. Images of its texts are named in full below `public_url`, if the service
    /// knows its own.
    pub fn new(answer: &LocalAnswer, public_url: Option<&Url>) -> Self {
        let segments = &answer.segments;
        let first = segments.iter().filter(|segment| !segment.holdings.is_empty());
        let best = first.min_by_key(|segment| segment.status).or(segments.first());
        let availability = best.and_then(|segment| segment.availability.as_ref());
        let mut services: Vec<Keeper> = Vec::new();
        for keeper in segments.iter().flat_map(Keeper::of) {
            let same = |other: &&mut Keeper| {
                (&other.name, &other.address) == (&keeper.name, &keeper.address)
            };
            match services.iter_mut().find(same) {
                // Named once, for all the periods that it keeps.
                Some(known) if known.period != keeper.period => {
                    known.period =
                        typeset(&format!("{} ; {}", known.period, lower_first(&keeper.period)));
                }
                Some(_) => {}
                None => services.push(keeper),
            }
        }
        let holdings = segments.iter().flat_map(|segment| &segment.holdings);
        Self {
            state: best.map(|segment| segment.status),
            is_known: segments.iter().any(|segment| !segment.holdings.is_empty()),
            depends_on_date: segments.len() > 1,
            text: typeset(&text_of(segments)),
            html: html_of(segments, public_url).into_string(),
            reason: best.map(|segment| typeset(&segment.reason.text)).unwrap_or_default(),
            availability: availability.map(|found| found.status),
            availability_text: availability.map(|found| typeset(&found.text)).unwrap_or_default(),
            online_url: holdings.flat_map(|held| held.online.clone()).next().unwrap_or_default(),
            services,
        }
    }

    /// Its fields.
    pub fn fields(&self) -> Vec<Field> {
        let is = |state| self.state == Some(state);
        let mut fields = vec![
            field(
                "state",
                "What became of the documents: of the best, where there are several.",
                Scalar::Word(self.state.map(state_name).unwrap_or_default(), STATES),
            ),
            flag("destroyed", "Whether they are destroyed.", is(SegmentStatus::Destroyed)),
            flag("incomplete", "Whether some are missing.", is(SegmentStatus::Incomplete)),
            flag("online", "Whether they can be read online.", !self.online_url.is_empty()),
            text("online_url", "Where they can be read online.", &self.online_url),
            field(
                "availability",
                "How much the law lets everyone read today: everything, the oldest only, or \
                 nothing yet.",
                Scalar::Word(
                    self.availability.map(availability_name).unwrap_or_default(),
                    &["open", "partly", "restricted"],
                ),
            ),
            text("availability_text", "The same in a sentence.", &self.availability_text),
            text("reason", "Why this is the answer, in a sentence.", &self.reason),
            count("count", "How many services are named.", self.services.len()),
        ];
        let nobody = Keeper::default();
        for n in 0..MOST_SERVICES {
            fields.extend(self.services.get(n).unwrap_or(&nobody).fields(n));
        }
        fields
    }
}

impl Keeper {
    /// Who keeps the documents of a segment or, where nobody does, who can help.
    fn of(segment: &Segment) -> Vec<Self> {
        let period = Days::new(segment.from, segment.until).map(days).unwrap_or_default();
        let holders = segment.holdings.iter().filter_map(|holding| {
            let service = holding.service.as_ref()?;
            Some(Self {
                access: access(holding),
                call_number: holding.call_number.clone().unwrap_or_default(),
                verified_on: holding.verified_on.map(|day| day.to_string()).unwrap_or_default(),
                period: typeset(&period),
                ..Self::new(service)
            })
        });
        let contacts = segment.contacts.iter().map(|service| Self {
            is_contact: true,
            period: typeset(&period),
            ..Self::new(service)
        });
        holders.chain(contacts).collect()
    }

    fn new(service: &Service) -> Self {
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            name: service.name.clone(),
            kind: service.type_label.to_owned(),
            address: address(service),
            phone: some(&service.phone),
            email: some(&service.email),
            website: some(&service.website),
            form: some(&service.form),
            hours: some(&service.hours),
            hours_note: some(&service.hours_note),
            appointment_only: service.appointment_only,
            ..Self::default()
        }
    }

    /// Its fields, as the service of this place: `service_name`, then `service_2_name`…
    fn fields(&self, place: usize) -> [Field; 15] {
        let name = |name: &str| match place {
            0 => format!("service_{name}"),
            place => format!("service_{}_{name}", place + 1),
        };
        [
            text(name("name"), "Its name; empty where there is no such service.", &self.name),
            text(name("type"), "What it is, in French.", &self.kind),
            flag(
                name("is_contact"),
                "Whether it can only help to find out: nothing says that it keeps the documents.",
                self.is_contact,
            ),
            text(name("period"), "Which dates it is named for, in French.", &self.period),
            text(name("address"), "Its address, in one line.", &self.address),
            text(name("phone"), "Its telephone.", &self.phone),
            text(name("email"), "Its e-mail.", &self.email),
            text(name("website"), "Its web site.", &self.website),
            text(name("form"), "Its form to ask for a document.", &self.form),
            text(name("hours"), "Its hours, as OpenStreetMap's opening_hours.", &self.hours),
            text(name("hours_note"), "What the hours leave unsaid.", &self.hours_note),
            flag(name("appointment"), "Whether one must book.", self.appointment_only),
            text(name("access"), "Ways to get the documents there, in French.", &self.access),
            text(name("call_number"), "Shelf mark.", &self.call_number),
            text(name("verified_on"), "Day of the last check, as 2026-03-12.", &self.verified_on),
        ]
    }
}

fn access(holding: &Holding) -> String {
    let ways: Vec<&str> = holding.access.iter().copied().map(access_name).collect();
    typeset(&ways.join(", "))
}

/// *18 avenue Jules-Ferry, 35700 Rennes*.
fn address(service: &Service) -> String {
    let city = service.commune.as_ref().map(|commune| commune.name.as_str());
    let town: Vec<&str> = service.postcode.as_deref().into_iter().chain(city).collect();
    let town = town.join(" ");
    match service.address.as_deref() {
        Some(street) => [street, &town]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        // A post code and a commune alone lead nobody anywhere.
        None => String::new(),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn text_of(segments: &[Segment]) -> String {
    let mut lines = Vec::new();
    for segment in segments {
        lines.push(segment.summary.clone());
        for holding in &segment.holdings {
            lines.extend(holding.service.as_ref().map(reach).filter(|line| !line.is_empty()));
            let access = access(holding);
            lines.extend((!access.is_empty()).then(|| format!("Consultation : {access}.")));
            lines.extend(holding.call_number.as_ref().map(|mark| format!("Cote : {mark}.")));
            lines.extend(holding.online.as_ref().map(|url| format!("En ligne : {url}")));
            lines.extend(holding.notes.as_ref().map(|notes| plain(&notes.markdown)));
        }
        for contact in &segment.contacts {
            let reach = reach(contact);
            lines.extend((!reach.is_empty()).then(|| format!("{} : {reach}", contact.name)));
        }
        lines.extend(segment.availability.as_ref().map(|found| found.text.clone()));
        lines.push(String::new());
    }
    lines.join("\n").trim().to_owned()
}

/// How to reach a service, in one line.
fn reach(service: &Service) -> String {
    let parts = [
        Some(address(service)).filter(|address| !address.is_empty()),
        service.phone.as_ref().map(|phone| format!("tél. {phone}")),
        service.email.clone(),
        service.website.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn html_of(segments: &[Segment], public_url: Option<&Url>) -> Markup {
    html! {
        @for segment in segments {
            p { strong { (typeset(&segment.summary)) } }
            @for holding in &segment.holdings {
                @if let Some(service) = &holding.service { (service_html(service)) }
                @let access = access(holding);
                @if !access.is_empty() { p { (typeset(&format!("Consultation : {access}."))) } }
                @if let Some(mark) = &holding.call_number { p { (typeset("Cote : ")) (mark) } }
                @if let Some(url) = &holding.online { p { a href=(url) { "Consulter en ligne" } } }
                @if let Some(notes) = &holding.notes { (embedded(&notes.html, public_url)) }
            }
            @for contact in &segment.contacts { (service_html(contact)) }
            @if let Some(found) = &segment.availability { p { em { (typeset(&found.text)) } } }
        }
    }
}

fn service_html(service: &Service) -> Markup {
    let address = address(service);
    html! {
        p {
            (service.name)
            @if !address.is_empty() { br; (address) }
            @if let Some(phone) = &service.phone {
                br; a href={ "tel:" (phone.replace([' ', '.'], "")) } { (phone) }
            }
            @if let Some(email) = &service.email { br; a href={ "mailto:" (email) } { (email) } }
            @if let Some(url) = &service.website { br; a href=(url) { "Site web" } }
            @if let Some(url) = &service.form { br; a href=(url) { "Formulaire de demande" } }
            @if service.appointment_only { br; "Sur rendez-vous." }
            @if let Some(note) = &service.hours_note { br; (typeset(note)) }
        }
    }
}

/// HTML of an archivist's text, already safe, as it goes into a page of another site: images are
/// named in full.
pub fn embedded(html: &str, public_url: Option<&Url>) -> Markup {
    let root = public_url.map(|url| url.as_str().trim_end_matches('/'));
    PreEscaped(match root {
        Some(root) => {
            html.replace(&format!("src=\"{MEDIA_PATH}"), &format!("src=\"{root}{MEDIA_PATH}"))
        }
        None => html.to_owned(),
    })
}
