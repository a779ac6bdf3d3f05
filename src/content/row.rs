//! A row of the back office before it means anything, and the reading of its cells.
//!
//! A [`Reader`] takes typed values out of a row. What it can't read becomes a problem at that
//! cell, and the rest of the row goes on.

mod dates;

use url::Url;

use super::{
    cell::Cell,
    guide::Illustration,
    ids::{RecordId, Slug},
    mentions::without_mentions,
    problem::{Code, Place, Problem},
    rich_text::RichText,
    tables::{FieldKey, TableKey},
};
use crate::reference::InseeCode;

/// The cells of one row that the mapping knows, empty ones absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which row.
    pub id: RecordId,
    /// Its cells, each field at most once.
    pub cells: Vec<(FieldKey, Cell)>,
}

/// Reads the cells of one row and gathers what is wrong with them.
pub struct Reader<'a> {
    table: TableKey,
    id: &'a RecordId,
    cells: &'a [(FieldKey, Cell)],
    problems: &'a mut Vec<Problem>,
}

/// A row that has a name can be told to an archivist; longer ones are cut.
const LABEL_CHARS: usize = 80;

/// Longest text that is published; Airtable's longest
/// (<https://support.airtable.com/docs/long-text-field>). No time is lost on longer ones.
const MAX_CHARS: usize = 100_000;

impl<'a> Reader<'a> {
    /// Opens a row.
    pub fn new(table: TableKey, row: &'a Row, problems: &'a mut Vec<Problem>) -> Self {
        Self { table, id: &row.id, cells: &row.cells, problems }
    }

    /// Says that something is wrong with a cell.
    pub fn report(&mut self, field: FieldKey, code: Code, message: impl Into<String>) {
        let place = Place {
            table: self.table,
            record: Some(self.id.clone()),
            label: self.label(),
            field: Some(field),
        };
        self.problems.push(Problem { place, code, message: message.into() });
    }

    /// What archivists call the row: the text of its primary field.
    fn label(&self) -> Option<String> {
        let primary = self.table.def().fields.first()?;
        let text = plain_text(self.find(primary.key)?)?;
        Some(text.trim().chars().take(LABEL_CHARS).collect())
    }

    /// A row has a dozen cells: looking through them is quicker than an index of them.
    fn find(&self, field: FieldKey) -> Option<&'a Cell> {
        self.cells.iter().find(|(key, _)| *key == field).map(|(_, cell)| cell)
    }

    /// Whether the archivist left the cell empty.
    pub fn is_empty(&self, field: FieldKey) -> bool {
        self.find(field).is_none()
    }

    /// Text on one or several lines, trimmed; a list is joined by commas.
    pub fn text(&mut self, field: FieldKey) -> Option<String> {
        let text = match self.cell(field)? {
            Cell::List(items) => items.iter().filter_map(plain_text).collect::<Vec<_>>().join(", "),
            Cell::MultiSelect(names) => names.join(", "),
            cell => match plain_text(cell) {
                Some(text) => text,
                None => return self.unreadable(field, "un texte"),
            },
        };
        let text = self.cut(field, text.trim());
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// As much of a text as Airtable itself accepts.
    fn cut<'t>(&mut self, field: FieldKey, text: &'t str) -> &'t str {
        let Some((end, _)) = text.char_indices().nth(MAX_CHARS) else { return text };
        let message = format!(
            "Ce texte a plus de {MAX_CHARS} caractères : seul le début est publié. Le raccourcir."
        );
        self.report(field, Code::TextTooLong, message);
        &text[..end]
    }

    /// Words or expressions separated by commas, semicolons or line breaks, or a list.
    pub fn words(&mut self, field: FieldKey) -> Vec<String> {
        let text = self.text(field).unwrap_or_default();
        text.split([',', ';', '\n'])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Text that the row can't be published without.
    pub fn required_text(&mut self, field: FieldKey) -> Option<String> {
        let had_problems = self.problems.len();
        let text = self.text(field);
        if text.is_none() && self.problems.len() == had_problems {
            self.report(field, Code::MissingCell, "Cette case est obligatoire et elle est vide.");
        }
        text
    }

    /// The row's slug: the archivist's, or one made of the title.
    pub fn slug(&mut self, title: &str) -> Option<Slug> {
        let typed = self.text(FieldKey::Slug);
        if let Some(typed) = &typed {
            if let Ok(slug) = typed.parse() {
                return Some(slug);
            }
            let made = Slug::slugify(typed);
            let instead = made.as_ref().map_or_else(|| "aucun".to_owned(), ToString::to_string);
            self.report(
                FieldKey::Slug,
                Code::UnusableSlug,
                format!(
                    "« {} » ne peut pas servir d'identifiant : minuscules sans accent, chiffres et \
                     tirets seulement. « {instead} » est utilisé à la place.",
                    excerpt(typed)
                ),
            );
            if made.is_some() {
                return made;
            }
        }
        let slug = Slug::slugify(title);
        if slug.is_none() {
            self.report(
                FieldKey::Slug,
                Code::MissingCell,
                "Aucun identifiant ne peut être déduit du titre : en saisir un.",
            );
        }
        slug
    }

    /// Airtable's Markdown.
    pub fn rich_text(&mut self, field: FieldKey) -> Option<RichText> {
        let text = match self.cell(field)? {
            Cell::RichText(text) | Cell::Text(text) => text.as_str(),
            _ => return self.unreadable(field, "un texte"),
        };
        RichText::new(self.cut(field, text))
    }

    /// One of the options that the service knows, by name; case and outer spaces don't matter.
    pub fn option<T: Copy>(&mut self, field: FieldKey, known: &[(&str, T)]) -> Option<T> {
        let name = match self.cell(field)? {
            Cell::Select(name) | Cell::Text(name) => name.clone(),
            Cell::MultiSelect(names) if names.len() == 1 => names.concat(),
            Cell::List(cells) if cells.len() == 1 => cells.iter().filter_map(plain_text).collect(),
            _ => return self.unreadable(field, "une option"),
        };
        self.find_option(field, &name, known)
    }

    /// Some of the options that the service knows. Unknown ones are left out and reported.
    pub fn options<T: Copy>(&mut self, field: FieldKey, known: &[(&str, T)]) -> Vec<T> {
        let names = match self.cell(field) {
            None => return Vec::new(),
            Some(Cell::MultiSelect(names)) => names.clone(),
            Some(Cell::Select(name) | Cell::Text(name)) => vec![name.clone()],
            Some(_) => {
                self.unreadable::<()>(field, "des options");
                return Vec::new();
            }
        };
        names.iter().filter_map(|name| self.find_option(field, name, known)).collect()
    }

    fn find_option<T: Copy>(
        &mut self,
        field: FieldKey,
        name: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let wanted = name.trim().to_lowercase();
        let found = known.iter().find(|(option, _)| option.to_lowercase() == wanted);
        if found.is_none() {
            let options: Vec<_> = known.iter().map(|(option, _)| *option).collect();
            self.report(
                field,
                Code::UnknownOption,
                format!(
                    "L'option « {} » n'est pas connue. Options possibles : {}.",
                    excerpt(name),
                    options.join(", ")
                ),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// Whether a box is checked.
    pub fn checked(&mut self, field: FieldKey) -> bool {
        match self.cell(field) {
            None => false,
            Some(Cell::Checked) => true,
            Some(Cell::Number(number)) => *number != 0.0,
            Some(_) => {
                self.unreadable::<()>(field, "une case à cocher");
                false
            }
        }
    }

    /// A finite number; a text that is one is accepted, with a comma or a point.
    pub fn number(&mut self, field: FieldKey) -> Option<f64> {
        let number = match self.cell(field)? {
            Cell::Number(number) => Some(*number),
            Cell::Text(text) => text.trim().replace(',', ".").parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Some(number),
            None => self.unreadable(field, "un nombre"),
        }
    }

    /// A web address with http or https.
    pub fn url(&mut self, field: FieldKey) -> Option<Url> {
        let text = self.text(field)?;
        match web_address(&text) {
            Some(url) => Some(url),
            None => self.unreadable_address(
                field,
                &text,
                "adresse web, par exemple https://www.rennes.fr",
            ),
        }
    }

    /// An e-mail address: something on both sides of one @, without spaces.
    pub fn email(&mut self, field: FieldKey) -> Option<String> {
        let text = self.text(field)?;
        let is_email = matches!(text.split_once('@'), Some((user, host))
            if !user.is_empty() && host.contains('.') && !host.contains('@'))
            && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
        if is_email {
            return Some(text);
        }
        self.unreadable_address(field, &text, "adresse de courriel, par exemple archives@ville.fr")
    }

    fn unreadable_address<T>(&mut self, field: FieldKey, text: &str, expected: &str) -> Option<T> {
        let message = format!("« {} » n'est pas une {expected}.", excerpt(text));
        self.report(field, Code::UnreadableAddress, message);
        None
    }

    /// An INSEE code of a commune, by its form alone.
    pub fn insee_code(&mut self, field: FieldKey) -> Option<InseeCode> {
        let text = self.text(field)?;
        let code = text.to_uppercase().parse().ok();
        if code.is_none() {
            self.report(
                field,
                Code::UnknownInseeCode,
                format!(
                    "« {} » n'est pas un code INSEE de commune, par exemple 35238.",
                    excerpt(&text)
                ),
            );
        }
        code
    }

    /// Links to other rows, each once, in order.
    pub fn links(&mut self, field: FieldKey) -> Vec<RecordId> {
        match self.cell(field) {
            None => Vec::new(),
            Some(Cell::Links(ids)) => {
                let mut links: Vec<RecordId> = Vec::with_capacity(ids.len());
                for id in ids {
                    if !links.contains(id) {
                        links.push(id.clone());
                    }
                }
                links
            }
            Some(_) => {
                self.unreadable::<()>(field, "des liens vers d'autres lignes");
                Vec::new()
            }
        }
    }

    /// One link; the first of several, with a problem.
    pub fn link(&mut self, field: FieldKey) -> Option<RecordId> {
        let links = self.links(field);
        if links.len() > 1 {
            let message = format!(
                "Un seul lien est attendu, {} sont saisis : seul le premier est utilisé.",
                links.len()
            );
            self.report(field, Code::SeveralLinks, message);
        }
        links.into_iter().next()
    }

    /// Images.
    pub fn illustrations(&mut self, field: FieldKey) -> Vec<Illustration> {
        match self.cell(field) {
            None => Vec::new(),
            Some(Cell::Attachments(files)) => files.iter().cloned().map(Into::into).collect(),
            Some(_) => {
                self.unreadable::<()>(field, "des fichiers");
                Vec::new()
            }
        }
    }

    /// The cell, unless it is empty or its computation failed.
    fn cell(&mut self, field: FieldKey) -> Option<&'a Cell> {
        let cell = self.find(field)?;
        if let Cell::Failed(marker) = cell {
            let message = format!(
                "Le calcul de cette case a échoué ({}) : corriger la formule du champ.",
                excerpt(marker)
            );
            self.report(field, Code::ComputedFieldError, message);
            return None;
        }
        Some(cell)
    }

    fn unreadable<T>(&mut self, field: FieldKey, expected: &str) -> Option<T> {
        let found = self.find(field).map_or("rien", describe);
        let message = format!("Cette case contient {found} ; {expected} est attendu ici.");
        self.report(field, Code::UnreadableCell, message);
        None
    }
}

fn plain_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) | Cell::RichText(text) | Cell::Select(text) => {
            Some(without_mentions(text).into_owned())
        }
        Cell::Number(number) => Some(number.to_string()),
        Cell::Date(day) => Some(day.to_string()),
        Cell::DateTime(instant) => Some(instant.to_rfc3339()),
        _ => None,
    }
}

fn describe(cell: &Cell) -> &'static str {
    match cell {
        Cell::Text(_) | Cell::RichText(_) => "un texte",
        Cell::Number(_) => "un nombre",
        Cell::Checked => "une case cochée",
        Cell::Select(_) | Cell::MultiSelect(_) => "une option",
        Cell::Date(_) | Cell::DateTime(_) => "une date",
        Cell::Links(_) => "des liens",
        Cell::Attachments(_) => "des fichiers",
        Cell::List(_) => "une liste",
        Cell::Collaborator => "une personne",
        Cell::Failed(_) => "une erreur de calcul",
        Cell::Opaque(_) => "une valeur d'un type inconnu",
    }
}

/// An address with http or https, and a host.
pub fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Enough of a text to recognize it.
pub fn excerpt(text: &str) -> String {
    const CHARS: usize = 60;
    match text.char_indices().nth(CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
