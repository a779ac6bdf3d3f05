//! A small release, built from rows as the sync builds one: enough of the demo base for every sort
//! of answer, on communes whose data is real.

use std::{collections::HashMap, sync::LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use locadocs::{
    catalog::{Built, File, Memo, Release, build},
    content::{
        cell::{Attachment, Cell},
        guide::Illustration,
        row::Row,
        rows::Rows,
        tables::{FieldKey as F, TableKey as T},
    },
    media::{self, Library, Media},
    reference::Reference,
};

/// The official division.
pub fn reference() -> &'static Reference {
    Reference::embedded().unwrap()
}

/// One red pixel, in PNG.
pub const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// The files of the release, in memory.
pub fn library() -> Library {
    let library = Library::in_memory(media::Settings::default());
    let content = BASE64_STANDARD.decode(PIXEL).unwrap().into();
    library.keep(&"attPixel".parse().unwrap(), &content).unwrap();
    library
}

/// Whatever the file, its copy is one red pixel.
pub fn copied(file: &Illustration) -> File {
    static COPY: LazyLock<Media> =
        LazyLock::new(|| library().get(&"attPixel".parse().unwrap()).unwrap());
    File::Kept(COPY.published(file))
}

/// A cell with a file of that name.
fn attached(filename: &str) -> Cell {
    Cell::Attachments(vec![Attachment {
        id: "attPixel".parse().unwrap(),
        filename: filename.to_owned(),
        media_type: Some("image/png".to_owned()),
        size: None,
        dimensions: Some((1, 1)),
        url: "https://v5.airtableusercontent.com/v3/u/1/secret".to_owned(),
    }])
}

/// The release, which has no problem worth an archivist's time.
pub fn release() -> Release {
    let Built { release, problems } = Base::demo().build();
    assert_eq!(problems, []);
    release
}

/// The same with one more service, so that its name differs.
pub fn next_release() -> Release {
    let mut base = Base::demo();
    base.add(T::Services, "recService9", &[(F::Name, "Archives de Brest"), PUBLISHED]);
    base.build().release
}

const PUBLISHED: (F, &str) = (F::Status, "Publié");

#[derive(Default)]
struct Base(HashMap<T, Vec<Row>>);

impl Base {
    /// Adds a row. A cell that starts with `rec` is made of links.
    fn add(&mut self, table: T, id: &str, cells: &[(F, &str)]) {
        let cell = |text: &str| match text.starts_with("rec") {
            true => Cell::Links(text.split(' ').map(|id| id.parse().unwrap()).collect()),
            false => Cell::Text(text.to_owned()),
        };
        let cells = cells
            .iter()
            .map(|(field, text)| match field {
                F::Illustrations | F::Photo => (*field, attached(text)),
                F::Generic | F::AppointmentOnly => (*field, Cell::Checked),
                F::Access => {
                    (*field, Cell::MultiSelect(text.split(", ").map(str::to_owned).collect()))
                }
                field => (*field, cell(text)),
            })
            .collect();
        self.0.entry(table).or_default().push(Row { id: id.parse().unwrap(), cells });
    }

    fn build(self) -> Built {
        let rows = Rows::read(self.0, reference());
        build(&rows, &copied, reference(), None, &mut Memo::default())
    }

    fn demo() -> Self {
        let mut base = Self::default();
        base.add_guides();
        base.add_documents();
        base.add_services();
        base.add_holdings();
        base
    }

    fn add_guides(&mut self) {
        self.add(
            T::Guides,
            "recGuide1",
            &[
                (F::Title, "Urbanisme et foncier"),
                (F::Slug, "urbanisme"),
                (F::Summary, "Retrouver un **permis de construire** ou un acte notarié."),
                (F::Theme, "Urbanisme et foncier"),
                (F::FirstStep, "recStep1"),
                (F::Keywords, "permis, maison"),
                PUBLISHED,
            ],
        );
        self.add(
            T::Guides,
            "recGuide2",
            &[
                (F::Title, "Land register"),
                (F::Slug, "cadastre-en"),
                (F::Language, "en"),
                (F::FirstStep, "recStep9"),
                PUBLISHED,
            ],
        );
        for (id, guide, slug, title, kind, others) in [
            (
                "recStep1",
                1,
                "document-connu",
                "Savez-vous quel document chercher ?",
                "Question",
                &[(F::Illustrations, "Plan de masse.png")][..],
            ),
            ("recStep2", 1, "que-cherchez-vous", "Quel document cherchez-vous ?", "Question", &[]),
            (
                "recStep3",
                1,
                "comment-chercher",
                "Comment chercher",
                "Information",
                &[(
                    F::Content,
                    "Le [cadastre](https://www.cadastre.gouv.fr) aide à dater un bien.",
                )],
            ),
            ("recStep4", 1, "permis-commune", "Dans quelle commune ?", "Commune", &[]),
            ("recStep5", 1, "permis-date", "De quelle année ?", "Date", &[]),
            (
                "recStep6",
                1,
                "permis-resultat",
                "Où se trouve le permis",
                "Résultat",
                &[(F::Document, "recDoc1")],
            ),
            (
                "recStep7",
                1,
                "acte-resultat",
                "Où se trouve l'acte",
                "Résultat",
                &[(F::Document, "recDoc2")],
            ),
            ("recStep8", 1, "autre-document", "Demander conseil", "Impasse", &[]),
            ("recStep9", 2, "map", "What is the land register?", "Impasse", &[]),
        ] {
            let guide = format!("recGuide{guide}");
            let cells = [
                (F::Title, title),
                (F::Slug, slug),
                (F::Guide, &*guide),
                (F::Type, kind),
                PUBLISHED,
            ];
            self.add(T::Steps, id, &[&cells[..], others].concat());
        }
        for (at, (step, slug, label, target)) in [
            (1, "oui", "Oui", (F::TargetStep, "recStep2")),
            (1, "non", "Non", (F::TargetStep, "recStep3")),
            (2, "permis", "Un permis de construire", (F::TargetStep, "recStep4")),
            (2, "acte", "Un acte notarié", (F::TargetStep, "recStep7")),
            (2, "cadastre", "Le cadastre, en anglais", (F::TargetGuide, "recGuide2")),
            (
                2,
                "geoportail",
                "Une photo aérienne",
                (F::ExternalLink, "https://remonterletemps.ign.fr"),
            ),
            (2, "autre", "Un autre document", (F::TargetStep, "recStep8")),
            (3, "revenir", "Choisir un document", (F::TargetStep, "recStep2")),
            (4, "continuer", "Continuer", (F::TargetStep, "recStep5")),
            (5, "continuer", "Continuer", (F::TargetStep, "recStep6")),
            (3, "sans-commune", "Je ne sais pas où", (F::TargetStep, "recStep8")),
        ]
        .into_iter()
        .enumerate()
        {
            let (id, step) = (format!("recChoice{at:02}"), format!("recStep{step}"));
            let mut cells = vec![(F::Label, label), (F::Slug, slug), (F::Step, &*step), target];
            if slug == "sans-commune" {
                cells.push((F::Condition, "Commune inconnue"));
            }
            self.add(T::Choices, &id, &cells);
        }
    }

    fn add_documents(&mut self) {
        self.add(
            T::Documents,
            "recDoc1",
            &[
                (F::Name, "Permis de construire"),
                (F::Slug, "permis-de-construire"),
                (F::Description, "L'autorisation donnée avant de construire."),
                (F::Content, "- demande\n- plans"),
                (F::WhoMayRead, "Tout le monde."),
                (F::DelayYears, "0"),
                (F::TerritorialRule, "Lieu du bien"),
                (F::Synonyms, "permis, autorisation d'urbanisme"),
                PUBLISHED,
            ],
        );
        self.add(
            T::Documents,
            "recDoc2",
            &[
                (F::Name, "Acte notarié"),
                (F::Slug, "acte-notarie"),
                (F::DelayYears, "75"),
                (F::TerritorialRule, "Étude du notaire"),
                PUBLISHED,
            ],
        );
        self.add(
            T::Documents,
            "recDoc3",
            &[(F::Name, "Matrice cadastrale"), (F::Slug, "matrice-cadastrale"), PUBLISHED],
        );
        self.add(
            T::Documents,
            "recDoc4",
            &[(F::Name, "Brouillon"), (F::Slug, "brouillon"), (F::Status, "Brouillon")],
        );
    }

    fn add_services(&mut self) {
        self.add(
            T::Services,
            "recService1",
            &[
                (F::Name, "Archives de Rennes"),
                (F::Slug, "archives-rennes"),
                (F::Type, "Archives municipales"),
                (F::Address, "18 avenue Jules-Ferry"),
                (F::Postcode, "35700"),
                (F::Commune, "35238"),
                (F::Phone, "02 23 62 12 60"),
                (F::Email, "archives@ville-rennes.fr"),
                (F::Website, "https://www.archives.rennes.fr/"),
                (F::Form, "https://www.archives.rennes.fr/contact"),
                (F::Hours, "Tu,We 09:00-12:30,13:30-17:00; Th 09:00-17:00"),
                (F::HoursNote, "Fermé les jours fériés."),
                (F::AppointmentOnly, "oui"),
                (F::Latitude, "48.1257"),
                (F::Longitude, "-1.6647"),
                (F::Photo, "Façade.png"),
                PUBLISHED,
            ],
        );
        for (id, name, slug, kind, commune) in [
            (
                "recService2",
                "Service Droit des sols de Rennes Métropole",
                "droit-des-sols-rennes-metropole",
                "Service d'urbanisme",
                "35238",
            ),
            (
                "recService3",
                "Archives départementales d'Ille-et-Vilaine",
                "archives-departementales-35",
                "Archives départementales",
                "35238",
            ),
            (
                "recService4",
                "Archives du Havre",
                "archives-le-havre",
                "Archives municipales",
                "76351",
            ),
        ] {
            let cells = [
                (F::Name, name),
                (F::Slug, slug),
                (F::Type, kind),
                (F::Commune, commune),
                PUBLISHED,
            ];
            self.add(T::Services, id, &cells);
        }
        for (id, name, slug, kind) in [
            ("recService5", "La mairie de la commune", "mairie-de-la-commune", "Mairie"),
            ("recService6", "L'étude notariale", "etude-notariale", "Étude notariale"),
        ] {
            let cells =
                [(F::Name, name), (F::Slug, slug), (F::Type, kind), (F::Generic, "oui"), PUBLISHED];
            self.add(T::Services, id, &cells);
        }
    }

    fn add_holdings(&mut self) {
        for (id, name, slug, level, code) in [
            ("recPlace1", "France entière", "france", "National", ""),
            ("recPlace2", "Rennes", "rennes", "Commune", "35238"),
            ("recPlace3", "Le Havre", "le-havre", "Commune", "76351"),
            ("recPlace4", "Ille-et-Vilaine", "ille-et-vilaine", "Département", "35"),
        ] {
            let cells = [(F::Name, name), (F::Slug, slug), (F::Level, level)];
            let code = (!code.is_empty()).then_some((F::Code, code));
            self.add(T::Territories, id, &cells.into_iter().chain(code).collect::<Vec<_>>());
        }
        for (at, (title, document, place, others)) in [
            ("Permis, mairies", "recDoc1", "recPlace1", &[(F::Service, "recService5")][..]),
            (
                "Permis, Archives de Rennes",
                "recDoc1",
                "recPlace2",
                &[
                    (F::Service, "recService1"),
                    (F::From, "1908"),
                    (F::Until, "2015-06-30"),
                    (F::Access, "Salle de lecture, Envoi"),
                    (F::Notes, "La réponse arrive en une semaine."),
                    (F::CallNumber, "1026 W"),
                    (F::Source, "Relevé de novembre 2021"),
                    (F::VerifiedOn, "2026-03-12"),
                ],
            ),
            (
                "Permis, Droit des sols",
                "recDoc1",
                "recPlace2",
                &[
                    (F::Service, "recService2"),
                    (F::From, "2015-07-01"),
                    (F::Access, "Accueil"),
                    (F::ContactFirst, "recService1"),
                    (F::OnlineLink, "https://metropole.rennes.fr/permis"),
                ],
            ),
            (
                "Permis du Havre détruits",
                "recDoc1",
                "recPlace3",
                &[(F::From, "1940"), (F::Until, "1944"), (F::State, "Détruit")],
            ),
            (
                "Permis du Havre, lacunes",
                "recDoc1",
                "recPlace3",
                &[
                    (F::Service, "recService4"),
                    (F::From, "1945"),
                    (F::Until, "1959"),
                    (F::State, "Lacunaire"),
                ],
            ),
            (
                "Actes anciens",
                "recDoc2",
                "recPlace4",
                &[(F::Service, "recService3"), (F::Until, "75 ans")],
            ),
            (
                "Actes récents",
                "recDoc2",
                "recPlace1",
                &[(F::Service, "recService6"), (F::From, "75 ans")],
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let cells =
                [(F::Title, title), (F::Document, document), (F::Territories, place), PUBLISHED];
            self.add(T::Holdings, &format!("recHolding{at}"), &[&cells[..], others].concat());
        }
    }
}

/// Something that an archivist does to a cell.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// Adds a word to a text.
    Reword(u8),
    /// Empties it.
    Empty,
    /// Deletes its row.
    DeleteRow,
}

/// The release after some edits, each to a cell by its number among all.
pub fn edited(edits: &[(usize, Edit)]) -> Release {
    let mut base = Base::demo();
    for (number, edit) in edits {
        base.edit(*number, *edit);
    }
    base.build().release
}

impl Base {
    fn edit(&mut self, number: usize, edit: Edit) {
        let mut tables: Vec<_> = self.0.iter_mut().collect();
        tables.sort_by_key(|(table, _)| **table);
        let mut places: Vec<_> = tables
            .into_iter()
            .flat_map(|(_, rows)| {
                let rows: &mut Vec<Row> = rows;
                rows.iter_mut()
            })
            .flat_map(|row| {
                let fields: Vec<F> = row.cells.iter().map(|(field, _)| *field).collect();
                let id = row.id.clone();
                fields.into_iter().map(move |field| (id.clone(), field))
            })
            .collect();
        let (id, field) = places.swap_remove(number % places.len());
        for rows in self.0.values_mut() {
            match edit {
                Edit::DeleteRow => rows.retain(|row| row.id != id),
                Edit::Empty => {
                    let row = rows.iter_mut().filter(|row| row.id == id);
                    row.for_each(|row| row.cells.retain(|(found, _)| *found != field));
                }
                Edit::Reword(word) => {
                    let cells = rows.iter_mut().filter(|row| row.id == id);
                    for (_, cell) in cells.flat_map(|row| &mut row.cells) {
                        if let Cell::Text(text) = cell {
                            *text = format!("{text} {word}");
                        }
                    }
                }
            }
        }
    }
}
