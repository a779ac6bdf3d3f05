//! A base of 50,000 rows for benchmarks, the same every time: the tables and fields of the demo
//! base, with guides of fifty steps and holdings all over France.

use locadocs::reference::{CommuneKind, Reference};
use serde_json::{Map, Value, json};

const GUIDES: usize = 30;
const STEPS: usize = 1_500;
const CHOICES: usize = 4_000;
const DOCUMENTS: usize = 60;
const SERVICES: usize = 4_410;
const TERRITORIES: usize = 10_000;
const HOLDINGS: usize = 30_000;

const SCHEMA: &str = include_str!("../../src/sandbox/demo/base.json");

const TEXT: &str = "Le service conserve les **dossiers** depuis l'origine.\n\n- Demandez la cote à \
    l'accueil.\n- Prévoyez une pièce d'identité.\n\nVoir [la page du service](https://www.example.fr/archives).";

/// The base, in the sandbox's seed format, which is Airtable's own with records in the tables.
///
/// # Errors
/// When the demo base or the reference data can't be read.
pub fn large_base() -> Result<Value, Box<dyn std::error::Error>> {
    let mut base: Value = serde_json::from_str(SCHEMA)?;
    let codes: Vec<String> = Reference::embedded()?
        .communes()
        .iter()
        .filter(|commune| commune.kind == CommuneKind::Current)
        .map(|commune| commune.code.to_string())
        .collect();
    let tables = base["tables"].as_array_mut().ok_or("the demo base has no tables")?;
    for table in tables {
        let name = table["name"].as_str().unwrap_or_default().to_owned();
        table["records"] = rows(&name, &codes);
    }
    Ok(base)
}

fn rows(table: &str, codes: &[String]) -> Value {
    let code = |n: usize| codes.get(n * 7 % codes.len()).cloned().unwrap_or_default();
    let (kind, count) = match table {
        "Guides" => ("Gui", GUIDES),
        "Étapes" => ("Eta", STEPS),
        "Choix" => ("Cho", CHOICES),
        "Documents" => ("Doc", DOCUMENTS),
        "Services" => ("Ser", SERVICES),
        "Territoires" => ("Ter", TERRITORIES),
        "Données locales" => ("Don", HOLDINGS),
        _ => ("Non", 0),
    };
    let fields = |n: usize| match table {
        "Guides" => json!({
            "Titre": format!("Guide {n}"),
            "Identifiant": format!("guide-{n}"),
            "Résumé": TEXT,
            "Première étape": [id("Eta", n * 50)],
            "Statut": "Publié",
        }),
        "Étapes" => json!({
            "Titre": format!("Étape {n}"),
            "Identifiant": format!("etape-{n}"),
            "Guide": [id("Gui", n / 50)],
            // A chain of questions that ends in results.
            "Type": if n % 50 >= 40 { "Résultat" } else { "Question" },
            "Document": [id("Doc", n % DOCUMENTS)],
            "Contenu": format!("{TEXT}\n\nÉtape {n}."),
            "Statut": "Publié",
        }),
        "Choix" => {
            let (from, to) = choice(n);
            json!({
                "Libellé": format!("Choix {n}"),
                "Étape": [id("Eta", from)],
                "Vers": [id("Eta", to)],
                "Ordre": n % 4,
            })
        }
        "Documents" => json!({
            "Nom": format!("Document {n}"),
            "Identifiant": format!("document-{n}"),
            "Description": TEXT,
            "Délai de communicabilité (années)": n % 76,
            "Statut": "Publié",
        }),
        "Services" => json!({
            "Nom": format!("Archives de la commune {n}"),
            "Identifiant": format!("service-{n}"),
            "Type": "Archives municipales",
            "Adresse": format!("{n} rue de la République"),
            "Commune (INSEE)": code(n),
            "Téléphone": "02 99 02 40 00",
            "Courriel": format!("archives-{n}@example.fr"),
            "Horaires": "Mo-Fr 09:00-12:30,13:30-17:00; PH off",
            "Statut": "Publié",
        }),
        "Territoires" => json!({
            "Nom": format!("Territoire {n}"),
            "Identifiant": format!("territoire-{n}"),
            "Niveau": "Commune",
            "Code": code(n),
        }),
        _ => json!({
            "Intitulé": format!("Donnée {n}"),
            "Document": [id("Doc", n % DOCUMENTS)],
            "Territoires": [id("Ter", n / 3)],
            "Service": [id("Ser", n % SERVICES)],
            "Du": (1800 + n % 3 * 60).to_string(),
            "Au": (1859 + n % 3 * 60).to_string(),
            "État": "Conservé",
            "Modalités": ["Salle de lecture", "Envoi"],
            "Précisions": format!("Versement {n} : 3 mètres linéaires.\n\n{TEXT}"),
            "Cote": format!("{} W {}", n % 2000, n % 97),
            "Source": "Base d'essai",
            "Vérifié le": "2026-03-12",
            "Statut": "Publié",
        }),
    };
    let record = |n| {
        let created = "2026-01-01T00:00:00.000Z";
        Value::Object(Map::from_iter([
            ("id".to_owned(), json!(id(kind, n))),
            ("createdTime".to_owned(), json!(created)),
            ("fields".to_owned(), fields(n)),
        ]))
    };
    (0..count).map(record).collect()
}

/// Each question leads to the next step of its guide and to one of its results.
fn choice(n: usize) -> (usize, usize) {
    let (guide, within) = (n % GUIDES, n / GUIDES);
    let from = within % 40;
    let to = if within < 40 { from + 1 } else { 40 + (within + from) % 10 };
    (guide * 50 + from, guide * 50 + to)
}

fn id(kind: &str, n: usize) -> String {
    format!("rec{kind}{n:011}")
}
