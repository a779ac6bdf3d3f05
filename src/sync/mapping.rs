//! The mapping: which table and field of the base is which of the back office.
//!
//! At first sight a table or field is found by its name, or by its id if the settings give one;
//! afterwards by the id that it had, so that a rename in Airtable changes nothing but a remark.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    airtable::schema::{BaseSchema, FieldSchema, FieldType, TableSchema},
    content::{
        ids::{FieldId, TableId},
        problem::{Code, Problem, Severity},
        tables::{FieldDef, FieldKey, FieldKind, Need, TABLES, TableDef, TableKey},
    },
};

/// Names or ids that the settings give to tables and fields, where they are not the default ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(pub BTreeMap<TableKey, TableNames>);

/// The names of a table and of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableNames {
    /// Name or id of the table. Default: its French name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names or ids of its fields, by key. Default: their French names.
    #[serde(default)]
    pub fields: BTreeMap<FieldKey, String>,
}

impl Names {
    /// How a table is called.
    pub(super) fn table<'a>(&'a self, def: &'a TableDef) -> &'a str {
        self.0.get(&def.key).and_then(|table| table.name.as_deref()).unwrap_or(def.name)
    }

    /// How a field is called.
    pub(super) fn field<'a>(&'a self, table: TableKey, def: &'a FieldDef) -> &'a str {
        let names = self.0.get(&table);
        names.and_then(|table| table.fields.get(&def.key)).map_or(def.name, String::as_str)
    }

    /// Keys of fields that the named table does not have, as `table.field`.
    pub fn unknown_fields(&self) -> Vec<(TableKey, FieldKey)> {
        let pairs = self
            .0
            .iter()
            .flat_map(|(table, names)| names.fields.keys().map(move |field| (*table, *field)));
        pairs.filter(|(table, field)| table.def().field(*field).is_none()).collect()
    }
}

/// The tables and fields of the back office, as found in a base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The tables that were found.
    pub tables: BTreeMap<TableKey, MappedTable>,
}

/// A table that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedTable {
    /// Its id.
    pub id: TableId,
    /// The fields that were found, by their ids.
    pub fields: BTreeMap<FieldId, FieldKey>,
}

impl MappedTable {
    /// The id of a field, if it was found.
    pub fn field(&self, key: FieldKey) -> Option<&FieldId> {
        self.fields.iter().find(|(_, mapped)| **mapped == key).map(|(id, _)| id)
    }
}

/// A mapping, and what is missing from it.
#[derive(Debug)]
pub struct Resolution {
    /// What was found.
    pub mapping: Mapping,
    /// What was not, or was renamed or retyped.
    pub problems: Vec<Problem>,
}

impl Resolution {
    /// The problems that forbid to publish anything new: something required is missing or retyped.
    pub fn obstacles(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity() == Severity::Error)
    }
}

/// Finds the tables and fields of the back office. `pinned` is the mapping of an earlier round.
pub fn resolve(schema: &BaseSchema, names: &Names, pinned: &Mapping) -> Resolution {
    let mut resolver = Resolver { schema, names, pinned, problems: Vec::new() };
    let mut tables = BTreeMap::new();
    for def in TABLES {
        tables.extend(resolver.table(def).map(|table| (def.key, table)));
    }
    resolver.check_links(&mut tables);
    Resolution { mapping: Mapping { tables }, problems: resolver.problems }
}

struct Resolver<'a> {
    schema: &'a BaseSchema,
    names: &'a Names,
    pinned: &'a Mapping,
    problems: Vec<Problem>,
}

impl Resolver<'_> {
    fn table(&mut self, def: &TableDef) -> Option<MappedTable> {
        let name = self.names.table(def);
        let pinned = self.pinned.tables.get(&def.key);
        let by_id = pinned.and_then(|table| self.schema.table(&table.id));
        let by_name = || {
            let tables = self.schema.tables.iter();
            tables.into_iter().find(|table| is_called(&table.name, table.id.as_str(), name))
        };
        let Some(table) = by_id.or_else(by_name) else {
            if def.need == Need::Required {
                let message = format!(
                    "La table « {name} » est introuvable dans la base : la recréer, ou indiquer son \
                     nouveau nom dans la configuration. Le public voit la dernière version valable."
                );
                self.problems.push(Problem::of_table(def.key, Code::MissingTable, message));
            }
            return None;
        };
        if !is_called(&table.name, table.id.as_str(), name) {
            let message = format!(
                "La table « {name} » s'appelle maintenant « {} » : elle est suivie, rien ne change.",
                table.name
            );
            self.problems.push(Problem::of_table(def.key, Code::Renamed, message));
        }
        let mut fields = BTreeMap::new();
        for field in def.fields {
            let Some(found) = self.field(def, field, table, pinned) else { continue };
            if let Some(other) = fields.insert(found.id().clone(), field.key) {
                let other = def.field(other).map_or("", |other| other.name);
                let message = format!(
                    "Le champ « {} » sert à la fois de « {other} » et de « {} » : revoir les noms \
                     donnés dans la configuration.",
                    found.name(),
                    field.name
                );
                let problem = Problem::of_field(def.key, field.key, Code::WrongFieldType, message);
                self.problems.push(problem);
            }
        }
        Some(MappedTable { id: table.id.clone(), fields })
    }

    /// Leaves out link fields that lead to another table than they should.
    fn check_links(&mut self, tables: &mut BTreeMap<TableKey, MappedTable>) {
        let ids: BTreeMap<_, _> =
            tables.iter().map(|(key, table)| (*key, table.id.clone())).collect();
        for (key, mapped) in tables.iter_mut() {
            let (def, schema) = (key.def(), self.schema.table(&mapped.id));
            mapped.fields.retain(|id, field| {
                let Some(def) = def.field(*field) else { return true };
                let FieldKind::Links(target) = def.kind else { return true };
                let seen = schema.and_then(|table| table.fields.get(id)?.linked_table());
                if seen.is_none_or(|seen| ids.get(&target).is_none_or(|id| *id == seen)) {
                    return true;
                }
                let message = format!(
                    "Le champ « {} » doit mener à la table « {} » : il mène ailleurs.",
                    def.name,
                    target.def().name
                );
                let code = retyped(def.need);
                self.problems.push(Problem::of_field(*key, *field, code, message));
                false
            });
        }
    }

    fn field<'s>(
        &mut self,
        table_def: &TableDef,
        def: &FieldDef,
        table: &'s TableSchema,
        pinned: Option<&MappedTable>,
    ) -> Option<&'s FieldSchema> {
        let name = self.names.field(table_def.key, def);
        let report = |problems: &mut Vec<Problem>, code, message| {
            problems.push(Problem::of_field(table_def.key, def.key, code, message));
        };
        let by_id = pinned.and_then(|p| p.field(def.key)).and_then(|id| table.fields.get(id));
        let by_name = || {
            table.fields.values().find(|field| is_called(field.name(), field.id().as_str(), name))
        };
        let Some(field) = by_id.or_else(by_name) else {
            let (code, consequence) = match def.need {
                Need::Required => (
                    Code::MissingField,
                    "Il est obligatoire : le public voit la dernière version valable.",
                ),
                Need::Optional => (Code::MissingOptionalField, "Le reste de la table est publié."),
            };
            let message = format!(
                "Le champ « {name} » est introuvable dans la table « {} ». {consequence}",
                table.name
            );
            report(&mut self.problems, code, message);
            return None;
        };
        if !is_called(field.name(), field.id().as_str(), name) {
            let message = format!(
                "Le champ « {name} » s'appelle maintenant « {} » : il est suivi, rien ne change.",
                field.name()
            );
            report(&mut self.problems, Code::Renamed, message);
        }
        if accepts(def.kind, field) {
            return Some(field);
        }
        let code = retyped(def.need);
        let message = format!(
            "Le champ « {} » est maintenant de type « {} », qui ne convient pas : {} est attendu.",
            field.name(),
            field.field_type().as_str(),
            expected(def.kind)
        );
        report(&mut self.problems, code, message);
        None
    }
}

fn retyped(need: Need) -> Code {
    match need {
        Need::Required => Code::WrongFieldType,
        Need::Optional => Code::WrongOptionalFieldType,
    }
}

/// Whether a table or field of that name and id is the one that is wanted by name or id.
pub(super) fn is_called(name: &str, id: &str, wanted: &str) -> bool {
    name.trim() == wanted.trim() || id == wanted
}

/// Whether a field of such a kind may be read from a field of that type.
///
/// Lenient where nothing is lost: a year typed into a number field, a formula that gives a text.
pub(super) fn accepts(kind: FieldKind, field: &FieldSchema) -> bool {
    use FieldType as T;
    let field_type = match field.field_type() {
        T::Formula | T::Rollup | T::MultipleLookupValues => match field.result() {
            Some(result) => result,
            // What Airtable can't compute now, it may tomorrow; its cells say that they failed.
            None => return true,
        },
        declared => declared,
    };
    let is_text = matches!(
        field_type,
        T::SingleLineText
            | T::MultilineText
            | T::RichText
            | T::Email
            | T::Url
            | T::PhoneNumber
            | T::AiText
            | T::Formula
            | T::ExternalSyncSource
            | T::Other(_)
    );
    let is_number = matches!(
        field_type,
        T::Number | T::Currency | T::Percent | T::Rating | T::Count | T::AutoNumber
    );
    let is_day = matches!(field_type, T::Date | T::DateTime | T::CreatedTime | T::LastModifiedTime);
    let is_option = matches!(field_type, T::SingleSelect | T::MultipleSelects);
    match kind {
        FieldKind::Line | FieldKind::Lines | FieldKind::Phone => {
            is_text || is_number || is_day || is_option
        }
        FieldKind::Url | FieldKind::Email | FieldKind::RichText => is_text,
        FieldKind::Number(_) => is_number || is_text,
        FieldKind::Checkbox => matches!(field_type, T::Checkbox) || is_number,
        FieldKind::Select(_) | FieldKind::MultiSelect(_) => is_option || is_text,
        FieldKind::Day | FieldKind::Instant => is_day || is_text,
        FieldKind::Links(_) => matches!(field_type, T::MultipleRecordLinks),
        FieldKind::Attachments => matches!(field_type, T::MultipleAttachments),
    }
}

fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Line | FieldKind::Lines => "du texte",
        FieldKind::RichText => "du texte enrichi",
        FieldKind::Url => "une adresse web",
        FieldKind::Email => "une adresse de courriel",
        FieldKind::Phone => "un numéro de téléphone",
        FieldKind::Number(_) => "un nombre",
        FieldKind::Checkbox => "une case à cocher",
        FieldKind::Select(_) => "une liste à choix unique",
        FieldKind::MultiSelect(_) => "une liste à choix multiples",
        FieldKind::Day | FieldKind::Instant => "une date",
        FieldKind::Links(_) => "un lien vers une autre table",
        FieldKind::Attachments => "un champ de pièces jointes",
    }
}

#[cfg(test)]
mod tests;
