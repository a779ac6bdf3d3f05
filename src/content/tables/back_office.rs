//! Every table and field of the back office, with its default name, type, options and help.

use super::{FieldDef, FieldKey, FieldKind, Need, TableDef, TableKey};

const fn required(
    key: FieldKey,
    name: &'static str,
    kind: FieldKind,
    help: &'static str,
) -> FieldDef {
    FieldDef { key, name, kind, need: Need::Required, help }
}

const fn optional(
    key: FieldKey,
    name: &'static str,
    kind: FieldKind,
    help: &'static str,
) -> FieldDef {
    FieldDef { key, name, kind, need: Need::Optional, help }
}

/// Options of *Statut*: only *Publié* is public.
const STATUSES: &[&str] = &["Brouillon", "Publié", "Archivé"];
/// Options of a step's *Type*.
const STEP_TYPES: &[&str] = &["Question", "Information", "Commune", "Date", "Résultat", "Impasse"];
/// Options of *Critère territorial*.
const TERRITORIAL_RULES: &[&str] = &["Lieu du bien", "Étude du notaire", "Domicile"];
/// Options of a territory's *Niveau*, from the most specific to the least.
const LEVELS: &[&str] =
    &["Commune déléguée", "Commune", "Ressort", "EPCI", "Département", "Région", "National"];
/// Options of a holding's *État*.
const STATES: &[&str] = &["Conservé", "Lacunaire", "Détruit", "Transféré", "Non collecté"];
/// Options of a holding's *Modalités*.
const ACCESS_MODES: &[&str] = &["Salle de lecture", "Envoi", "En ligne", "Accueil", "Courrier"];
/// Options of *Langue*.
const LANGUAGES: &[&str] = &["fr", "en"];
/// Options of a service's *Type*.
const SERVICE_TYPES: &[&str] = &[
    "Archives départementales",
    "Archives municipales",
    "Mairie",
    "Service d'urbanisme",
    "Service de la publicité foncière",
    "Service des impôts fonciers",
    "Étude notariale",
    "Chambre des notaires",
    "Autre",
];

const STATUS: FieldDef = required(
    FieldKey::Status,
    "Statut",
    FieldKind::Select(STATUSES),
    "Seules les lignes au statut « Publié » sont visibles du public.",
);

const SLUG: FieldDef = optional(
    FieldKey::Slug,
    "Identifiant",
    FieldKind::Line,
    "Nom court et stable pour les adresses : minuscules, chiffres et tirets. Vide : déduit du titre.",
);

/// The back office, in the order in which an archivist discovers it.
pub const TABLES: &[TableDef] = &[
    TableDef {
        key: TableKey::Guides,
        name: "Guides",
        need: Need::Required,
        help: "Un guide est un arbre de questions qui mène à la réponse locale.",
        fields: &[
            required(FieldKey::Title, "Titre", FieldKind::Line, "Titre affiché au public."),
            SLUG,
            optional(
                FieldKey::Summary,
                "Résumé",
                FieldKind::RichText,
                "Une ou deux phrases d'introduction.",
            ),
            optional(
                FieldKey::Theme,
                "Thématique",
                FieldKind::Select(&["Urbanisme et foncier"]),
                "Rubrique du guide.",
            ),
            required(
                FieldKey::FirstStep,
                "Première étape",
                FieldKind::Links(TableKey::Steps),
                "Étape par laquelle le guide commence. Une seule.",
            ),
            optional(FieldKey::Keywords, "Mots-clés", FieldKind::Line, "Séparés par des virgules."),
            optional(
                FieldKey::Language,
                "Langue",
                FieldKind::Select(LANGUAGES),
                "Vide : français.",
            ),
            STATUS,
        ],
    },
    TableDef {
        key: TableKey::Steps,
        name: "Étapes",
        need: Need::Required,
        help: "Les écrans d'un guide : questions, informations, résultats.",
        fields: &[
            required(FieldKey::Title, "Titre", FieldKind::Line, "Question ou titre affiché."),
            SLUG,
            required(
                FieldKey::Guide,
                "Guide",
                FieldKind::Links(TableKey::Guides),
                "Guide auquel l'étape appartient.",
            ),
            required(
                FieldKey::Type,
                "Type",
                FieldKind::Select(STEP_TYPES),
                "Ce que l'étape demande ou montre.",
            ),
            optional(
                FieldKey::Content,
                "Contenu",
                FieldKind::RichText,
                "Texte affiché sous le titre.",
            ),
            optional(
                FieldKey::Document,
                "Document",
                FieldKind::Links(TableKey::Documents),
                "Document dont l'étape parle ; nécessaire à une étape Résultat.",
            ),
            optional(
                FieldKey::Illustrations,
                "Illustrations",
                FieldKind::Attachments,
                "Images affichées avec le texte.",
            ),
            STATUS,
        ],
    },
    TableDef {
        key: TableKey::Choices,
        name: "Choix",
        need: Need::Required,
        help: "Les réponses proposées par une étape, et où chacune mène.",
        fields: &[
            required(FieldKey::Label, "Libellé", FieldKind::Line, "Réponse affichée au public."),
            SLUG,
            required(
                FieldKey::Step,
                "Étape",
                FieldKind::Links(TableKey::Steps),
                "Étape qui propose ce choix.",
            ),
            required(
                FieldKey::TargetStep,
                "Vers",
                FieldKind::Links(TableKey::Steps),
                "Étape à laquelle le choix mène.",
            ),
            optional(
                FieldKey::TargetGuide,
                "Vers le guide",
                FieldKind::Links(TableKey::Guides),
                "Autre guide auquel le choix mène.",
            ),
            optional(
                FieldKey::ExternalLink,
                "Lien externe",
                FieldKind::Url,
                "Adresse d'un site auquel le choix mène.",
            ),
            optional(FieldKey::Notes, "Précision", FieldKind::Line, "Petit texte sous le libellé."),
            optional(
                FieldKey::Order,
                "Ordre",
                FieldKind::Number(0),
                "Les choix sont rangés par ordre croissant.",
            ),
            optional(
                FieldKey::Condition,
                "Condition",
                FieldKind::Select(CONDITIONS),
                "Quand ce choix s'applique. Vide : toujours.",
            ),
        ],
    },
    TableDef {
        key: TableKey::Documents,
        name: "Documents",
        need: Need::Required,
        help: "Les types de documents que le public recherche.",
        fields: &[
            required(FieldKey::Name, "Nom", FieldKind::Line, "Nom courant du document."),
            SLUG,
            optional(
                FieldKey::Description,
                "Description",
                FieldKind::RichText,
                "À quoi sert ce document.",
            ),
            optional(
                FieldKey::Content,
                "Contenu du dossier",
                FieldKind::RichText,
                "Pièces que l'on y trouve.",
            ),
            optional(
                FieldKey::WhoMayRead,
                "Qui peut consulter",
                FieldKind::RichText,
                "Règles d'accès, en mots simples.",
            ),
            optional(
                FieldKey::DelayYears,
                "Délai de communicabilité (années)",
                FieldKind::Number(0),
                "Nombre d'années avant que tous puissent consulter ; 0 : immédiatement.",
            ),
            optional(
                FieldKey::TerritorialRule,
                "Critère territorial",
                FieldKind::Select(TERRITORIAL_RULES),
                "Quelle commune demander au public.",
            ),
            optional(FieldKey::Synonyms, "Synonymes", FieldKind::Line, "Séparés par des virgules."),
            STATUS,
        ],
    },
    TableDef {
        key: TableKey::Services,
        name: "Services",
        need: Need::Required,
        help: "Les organismes qui conservent les documents ou renseignent le public.",
        fields: &[
            required(FieldKey::Name, "Nom", FieldKind::Line, "Nom officiel."),
            SLUG,
            optional(
                FieldKey::Type,
                "Type",
                FieldKind::Select(SERVICE_TYPES),
                "Nature de l'organisme.",
            ),
            optional(
                FieldKey::Generic,
                "Générique",
                FieldKind::Checkbox,
                "Coché : désigne l'organisme de la commune demandée, par exemple « la mairie de la commune ».",
            ),
            optional(FieldKey::Address, "Adresse", FieldKind::Lines, "Numéro et voie."),
            optional(FieldKey::Postcode, "Code postal", FieldKind::Line, "Cinq chiffres."),
            optional(
                FieldKey::Commune,
                "Commune (INSEE)",
                FieldKind::Line,
                "Code INSEE de la commune du siège, par exemple 35238.",
            ),
            optional(FieldKey::Phone, "Téléphone", FieldKind::Phone, ""),
            optional(FieldKey::Email, "Courriel", FieldKind::Email, ""),
            optional(FieldKey::Website, "Site web", FieldKind::Url, ""),
            optional(
                FieldKey::Form,
                "Formulaire",
                FieldKind::Url,
                "Formulaire de contact ou de demande.",
            ),
            optional(
                FieldKey::Hours,
                "Horaires",
                FieldKind::Line,
                "Format d'OpenStreetMap, par exemple « Mo-Fr 09:00-17:00 ».",
            ),
            optional(
                FieldKey::HoursNote,
                "Précisions horaires",
                FieldKind::Lines,
                "Fermetures annuelles, derniers accès…",
            ),
            optional(FieldKey::AppointmentOnly, "Sur rendez-vous", FieldKind::Checkbox, ""),
            optional(
                FieldKey::Latitude,
                "Latitude",
                FieldKind::Number(6),
                "Degrés décimaux (WGS 84).",
            ),
            optional(
                FieldKey::Longitude,
                "Longitude",
                FieldKind::Number(6),
                "Degrés décimaux (WGS 84).",
            ),
            optional(FieldKey::Photo, "Photo", FieldKind::Attachments, ""),
            STATUS,
        ],
    },
    TableDef {
        key: TableKey::Territories,
        name: "Territoires",
        need: Need::Required,
        help: "Les territoires sur lesquels une donnée locale est valable.",
        fields: &[
            required(FieldKey::Name, "Nom", FieldKind::Line, ""),
            SLUG,
            required(
                FieldKey::Level,
                "Niveau",
                FieldKind::Select(LEVELS),
                "Le plus précis l'emporte.",
            ),
            optional(
                FieldKey::Code,
                "Code",
                FieldKind::Line,
                "Code INSEE, ou SIREN pour un EPCI. Vide pour un ressort et pour le niveau national.",
            ),
            optional(
                FieldKey::Communes,
                "Communes",
                FieldKind::Lines,
                "Pour un ressort : codes INSEE séparés par des espaces, des virgules ou des retours à la ligne.",
            ),
        ],
    },
    TableDef {
        key: TableKey::Holdings,
        name: "Données locales",
        need: Need::Required,
        help: "Qui conserve quoi, où, et pour quelle période.",
        fields: &[
            required(
                FieldKey::Title,
                "Intitulé",
                FieldKind::Line,
                "Pour s'y retrouver ; non publié comme réponse.",
            ),
            required(FieldKey::Document, "Document", FieldKind::Links(TableKey::Documents), ""),
            required(
                FieldKey::Territories,
                "Territoires",
                FieldKind::Links(TableKey::Territories),
                "Un ou plusieurs.",
            ),
            required(
                FieldKey::Service,
                "Service",
                FieldKind::Links(TableKey::Services),
                "Vide seulement si le fonds est détruit ou n'a pas été collecté.",
            ),
            optional(
                FieldKey::From,
                "Du",
                FieldKind::Line,
                "1908, 1908-07, 1908-07-01, 01/07/1908, « 75 ans » ou vide (sans borne).",
            ),
            optional(
                FieldKey::Until,
                "Au",
                FieldKind::Line,
                "Comme « Du » ; une année désigne son dernier jour.",
            ),
            optional(FieldKey::State, "État", FieldKind::Select(STATES), "Vide : conservé."),
            optional(
                FieldKey::Access,
                "Modalités",
                FieldKind::MultiSelect(ACCESS_MODES),
                "Comment obtenir le document.",
            ),
            optional(
                FieldKey::OnlineLink,
                "En ligne",
                FieldKind::Url,
                "Adresse de la consultation en ligne.",
            ),
            optional(FieldKey::Notes, "Précisions", FieldKind::RichText, ""),
            optional(
                FieldKey::ContactFirst,
                "Contacter d'abord",
                FieldKind::Links(TableKey::Services),
                "Service à contacter avant de se déplacer.",
            ),
            optional(FieldKey::CallNumber, "Cote", FieldKind::Line, ""),
            optional(FieldKey::Source, "Source", FieldKind::Line, "D'où vient l'information."),
            optional(
                FieldKey::VerifiedOn,
                "Vérifié le",
                FieldKind::Day,
                "Jour de la dernière vérification par un archiviste.",
            ),
            STATUS,
        ],
    },
    TableDef {
        key: TableKey::Feedback,
        name: "Retours",
        need: Need::Optional,
        help: "Votes et remarques du public. Écrits par le service, jamais publiés.",
        fields: &[
            optional(FieldKey::Page, "Page", FieldKind::Line, ""),
            optional(FieldKey::Score, "Note", FieldKind::Number(0), ""),
            optional(FieldKey::Comment, "Commentaire", FieldKind::Lines, ""),
            optional(FieldKey::Guide, "Guide", FieldKind::Line, ""),
            optional(FieldKey::Step, "Étape", FieldKind::Line, ""),
            optional(FieldKey::Commune, "Commune", FieldKind::Line, ""),
            optional(FieldKey::Version, "Version", FieldKind::Line, ""),
            optional(FieldKey::ReceivedAt, "Reçu le", FieldKind::Instant, ""),
        ],
    },
];

/// Options of a choice's *Condition*.
const CONDITIONS: &[&str] = &["Commune connue", "Commune inconnue"];
