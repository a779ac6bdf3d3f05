//! The commune as people type it: a code, a name, a post code, or some of them together.

use super::{
    input::{Input, code, excerpt},
    outcome::{Choice, Failure, Status},
};
use crate::reference::{
    Commune, CommuneKind, DepartementCode, MAX_SUGGESTIONS, Matched, Postcode, Reference, fold,
};

/// The names of the parameters that tell a commune.
pub const PARAMETERS: [&str; 3] = ["commune", "commune_name", "postcode"];

/// The commune that the parameters name; `None` where they name none.
///
/// # Errors
/// When there is no such commune, or several may be meant: those are the choices.
pub fn find<'a>(input: &Input, reference: &'a Reference) -> Result<Option<&'a Commune>, Failure> {
    let typed = match input.get("commune") {
        Some(text) => match code(text).parse() {
            Ok(insee) => {
                return match reference.find(insee) {
                    Some(found) => Ok(Some(found.commune())),
                    None => Err(no_such_code(text)),
                };
            }
            // Tools have one input for all: what is no code is what someone typed.
            Err(_) => Some(text),
        },
        None => input.get("commune_name"),
    };
    let typed = typed.map(Typed::read).unwrap_or_default();
    let postcode = match input.get("postcode") {
        Some(text) => Some(code(text).parse().map_err(|_| bad_postcode(text))?),
        None => typed.postcode,
    };
    match (typed.name.as_str(), postcode) {
        ("", None) => Ok(None),
        ("", Some(postcode)) => {
            only(&of_postcode(reference, postcode), reference, postcode.as_str())
        }
        (name, None) => by_name(name, typed.departement, reference),
        (name, Some(postcode)) => {
            let served = of_postcode(reference, postcode);
            let wanted = fold(name);
            let exact: Vec<_> =
                served.iter().copied().filter(|c| fold(&c.name) == wanted).collect();
            let near = || served.iter().copied().filter(|c| fold(&c.name).contains(&wanted));
            let fitting = if exact.is_empty() { near().collect() } else { exact };
            match fitting.is_empty() {
                // The post code of a big delivery or a slip: the name says more.
                true if served.is_empty() => by_name(name, None, reference),
                true => Err(several(&served, reference, name)),
                false => only(&fitting, reference, name),
            }
        }
    }
}

/// What someone typed in one input: *35000 Rennes*, *Saint-Denis (974)*.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    postcode: Option<Postcode>,
    departement: Option<DepartementCode>,
}

impl Typed {
    fn read(text: &str) -> Self {
        let mut typed = Self::default();
        let mut words = Vec::new();
        for word in text.split([' ', ',', '\u{a0}']).filter(|word| !word.is_empty()) {
            let bare = word.trim_matches(['(', ')']);
            let is_number = bare.len() == 5 && bare.bytes().all(|byte| byte.is_ascii_digit());
            match (bare.parse(), bare.parse()) {
                (Ok(postcode), _) if is_number => typed.postcode = Some(postcode),
                (_, Ok(departement)) if word.starts_with('(') => {
                    typed.departement = Some(departement);
                }
                _ => words.push(word),
            }
        }
        typed.name = words.join(" ");
        typed
    }
}

/// The current communes of a post code; the parts of communes, where it serves nothing else.
fn of_postcode(reference: &Reference, postcode: Postcode) -> Vec<&Commune> {
    let served: Vec<&Commune> = reference.communes_of_postcode(postcode).collect();
    let current: Vec<&Commune> =
        served.iter().copied().filter(|c| c.kind == CommuneKind::Current).collect();
    if current.is_empty() { served } else { current }
}

/// A name that one commune has, or had, is that commune; anything else is to be confirmed.
fn by_name<'a>(
    name: &str,
    departement: Option<DepartementCode>,
    reference: &'a Reference,
) -> Result<Option<&'a Commune>, Failure> {
    let wanted = fold(name);
    let suggestions = reference.suggest(name, MAX_SUGGESTIONS);
    let near: Vec<_> = suggestions
        .iter()
        .filter(|found| departement.is_none_or(|code| found.commune.departement == code))
        .collect();
    let exact = |is_wanted: &dyn Fn(&Commune, &str) -> bool| -> Vec<&'a Commune> {
        let named = near.iter().filter(|found| {
            let name = match found.matched {
                Matched::OldName(name) => name,
                _ => &found.commune.name,
            };
            is_wanted(found.commune, name)
        });
        named.map(|found| found.commune).collect()
    };
    let is_current = |commune: &Commune| commune.kind == CommuneKind::Current;
    let today = exact(&|commune, _| is_current(commune) && fold(&commune.name) == wanted);
    let ever = || exact(&|_, name| fold(name) == wanted);
    let named = if today.is_empty() { ever() } else { today };
    match named.is_empty() {
        false => only(&named, reference, name),
        true => {
            let near: Vec<&Commune> = near.iter().map(|found| found.commune).collect();
            Err(match near.is_empty() {
                true => not_found(name),
                false => several(&near, reference, name),
            })
        }
    }
}

fn only<'a>(
    communes: &[&'a Commune],
    reference: &Reference,
    typed: &str,
) -> Result<Option<&'a Commune>, Failure> {
    match communes {
        [] => Err(not_found(typed)),
        [only] => Ok(Some(*only)),
        several_communes => Err(several(several_communes, reference, typed)),
    }
}

/// The most communes to choose from: more are not read, and one types on.
const MOST: usize = 9;

fn several(communes: &[&Commune], reference: &Reference, typed: &str) -> Failure {
    let label = |commune: &Commune| match reference.departement(commune.departement) {
        Some(departement) => format!("{} ({})", commune.name, departement.name),
        None => commune.name.to_string(),
    };
    let choices = communes
        .iter()
        .take(MOST)
        .map(|commune| Choice { value: commune.code.to_string(), label: label(commune) });
    let choices: Vec<Choice> = choices.collect();
    let message = match choices.as_slice() {
        [only] => format!("Voulez-vous dire {} ?", only.label),
        _ => {
            format!("Plusieurs communes peuvent répondre à {} : précisez laquelle.", excerpt(typed))
        }
    };
    Failure::of(Status::Ambiguous, message, "commune").choices(choices)
}

fn not_found(typed: &str) -> Failure {
    let message = format!("Aucune commune ne répond à {}.", excerpt(typed));
    Failure::of(Status::NotFound, message, "commune")
}

fn no_such_code(text: &str) -> Failure {
    let message = format!(
        "Aucune commune n'a le code INSEE {}. Un code postal se donne dans le paramètre postcode.",
        excerpt(text)
    );
    Failure::of(Status::NotFound, message, "commune")
}

fn bad_postcode(text: &str) -> Failure {
    let message = format!("{} n'est pas un code postal, comme 35000.", excerpt(text));
    Failure::of(Status::Invalid, message, "postcode")
}
