//! What a base lacks: a pure function of its schema.

use std::collections::BTreeMap;

use chrono_tz::Europe::Paris;

use super::{Addition, Notice};
use crate::{
    airtable::{
        meta::{FieldFormat, NewField, NewTable},
        schema::{BaseSchema, FieldSchema, FieldType, TableSchema},
    },
    content::{
        ids::{FieldId, TableId},
        tables::{FieldDef, FieldKey, FieldKind, TABLES, TableDef, TableKey},
    },
    sync::mapping::{Names, accepts, is_called},
};

/// What a base lacks, in the order in which it can be added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The tables that are there.
    pub found: BTreeMap<TableKey, TableId>,
    /// What to add.
    pub steps: Vec<Step>,
    /// What a person has to look at.
    pub notices: Vec<Notice>,
}

/// One thing to add: a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A table with its fields, but for links.
    Table(TableKey, NewTable),
    /// A field of a table that is there.
    Field(Named, NewField),
    /// A link from a table to another, both of which are there by then.
    Link(NewLink),
}

/// A link field to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The table that gets it.
    pub table: Named,
    /// Its name.
    pub name: String,
    /// What it is for, shown to archivists.
    pub description: String,
    /// The table that it leads to.
    pub target: Named,
    /// The name of the field that shows the same links in the other table. `None` leaves the one
    /// that Airtable gives it, the name of the table.
    pub opposite: Option<&'static str>,
}

/// A table as the settings call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which table.
    pub key: TableKey,
    /// Its name.
    pub name: String,
}

impl Step {
    /// What the base has more of after it.
    pub fn addition(&self) -> Addition {
        match self {
            Self::Table(_, NewTable { name, fields, .. }) => Addition::Table {
                name: name.clone(),
                fields: fields.iter().map(|field| field.name.clone()).collect(),
            },
            Self::Field(table, field) => Addition::Field {
                table: table.name.clone(),
                name: field.name.clone(),
                target: None,
            },
            Self::Link(NewLink { table, name, target, .. }) => Addition::Field {
                table: table.name.clone(),
                name: name.clone(),
                target: Some(target.name.clone()),
            },
        }
    }
}

/// Names of the opposites of links, where the name of the table, which Airtable gives them, would
/// not tell which of several links they show.
const OPPOSITES: &[(TableKey, FieldKey, &str)] = &[
    (TableKey::Guides, FieldKey::FirstStep, "Première étape de"),
    (TableKey::Choices, FieldKey::TargetStep, "Choix qui y mènent"),
    (TableKey::Choices, FieldKey::TargetGuide, "Choix qui y mènent"),
    (TableKey::Holdings, FieldKey::ContactFirst, "Premier contact pour"),
];

/// What a base lacks of the back office: tables first, then fields, then links, which need both of
/// their tables.
pub fn plan(schema: &BaseSchema, names: &Names) -> Plan {
    let mut planner = Planner { schema, names, plan: Plan::default() };
    for def in TABLES {
        planner.table(def);
    }
    for def in TABLES {
        for field in def.fields {
            planner.field(def, field);
        }
    }
    let mut plan = planner.plan;
    plan.steps.sort_by_key(|step| matches!(step, Step::Link(_)));
    plan
}

struct Planner<'a> {
    schema: &'a BaseSchema,
    names: &'a Names,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn table(&mut self, def: &TableDef) {
        let name = self.names.table(def);
        if let Some(table) = self.find_table(name) {
            self.plan.found.insert(def.key, table.id.clone());
        } else if name.parse::<TableId>().is_ok() {
            let notice = Notice::UnknownId { place: def.name.to_owned(), id: name.to_owned() };
            self.plan.notices.push(notice);
        } else {
            let fields = def
                .fields
                .iter()
                .filter_map(|field| new_field(self.names.field(def.key, field), field));
            let table = NewTable {
                name: name.to_owned(),
                description: def.help.to_owned(),
                fields: fields.collect(),
            };
            self.plan.steps.push(Step::Table(def.key, table));
        }
    }

    /// A field of a table that is there, or a link of any table.
    fn field(&mut self, table_def: &TableDef, def: &FieldDef) {
        let Some(table) = self.named(table_def.key) else { return };
        let name = self.names.field(table_def.key, def);
        let place = format!("{}.{name}", table.name);
        let found = self.find_table(self.names.table(table_def));
        if let Some(field) = found.and_then(|table| find_field(table, name)) {
            let notice = self.misfit(place, def, field);
            self.plan.notices.extend(notice);
        } else if name.parse::<FieldId>().is_ok() {
            self.plan.notices.push(Notice::UnknownId { place, id: name.to_owned() });
        } else if let FieldKind::Links(target) = def.kind {
            // The notice about its table says why a link has nowhere to lead.
            let Some(target) = self.named(target) else { return };
            let opposite = OPPOSITES.iter().find(|(t, f, _)| (*t, *f) == (table.key, def.key));
            self.plan.steps.push(Step::Link(NewLink {
                table,
                name: name.to_owned(),
                description: def.help.to_owned(),
                target,
                opposite: opposite.map(|(.., name)| *name),
            }));
        } else if found.is_some() {
            let field = new_field(name, def).map(|field| Step::Field(table, field));
            self.plan.steps.extend(field);
        }
    }

    /// What is wrong with a field that is there.
    fn misfit(&self, place: String, def: &FieldDef, field: &FieldSchema) -> Option<Notice> {
        if !accepts(def.kind, field) {
            let found = field.field_type().as_str().to_owned();
            return Some(Notice::WrongType { place, found, expected: type_name(def.kind) });
        }
        match def.kind {
            FieldKind::Links(target) => {
                let target = self.names.table(target.def());
                let leads_there =
                    self.find_table(target).map(|table| &table.id) == field.linked_table().as_ref();
                let expected = target.to_owned();
                (!leads_there).then_some(Notice::WrongTarget { place, expected })
            }
            FieldKind::Select(options) | FieldKind::MultiSelect(options) => {
                let has_options = matches!(
                    field.field_type(),
                    FieldType::SingleSelect | FieldType::MultipleSelects
                );
                let is_missing = |option: &&str| !field.choices().any(|choice| choice == *option);
                let options: Vec<_> = options.iter().copied().filter(is_missing).collect();
                (has_options && !options.is_empty())
                    .then_some(Notice::MissingOptions { place, options })
            }
            _ => None,
        }
    }

    /// A table that is there or will be.
    fn named(&self, key: TableKey) -> Option<Named> {
        let new = self.plan.steps.iter().find_map(|step| match step {
            Step::Table(table, new) if *table == key => Some(&new.name),
            _ => None,
        });
        let found = || {
            let id = self.plan.found.get(&key)?;
            self.schema.table(id).map(|table| &table.name)
        };
        let name = new.or_else(found)?;
        Some(Named { key, name: name.clone() })
    }

    fn find_table(&self, name: &str) -> Option<&'a TableSchema> {
        self.schema.tables.iter().find(|table| is_called(&table.name, table.id.as_str(), name))
    }
}

fn find_field<'a>(table: &'a TableSchema, name: &str) -> Option<&'a FieldSchema> {
    table.fields.values().find(|field| is_called(field.name(), field.id().as_str(), name))
}

/// The field to be created; `None` for a link, which needs the id of its table.
fn new_field(name: &str, def: &FieldDef) -> Option<NewField> {
    let (name, description) = (name.to_owned(), def.help.to_owned());
    Some(NewField { name, description, format: format(def.kind)? })
}

fn format(kind: FieldKind) -> Option<FieldFormat> {
    let options = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Some(match kind {
        FieldKind::Line => FieldFormat::SingleLineText,
        FieldKind::Lines => FieldFormat::MultilineText,
        FieldKind::RichText => FieldFormat::RichText,
        FieldKind::Url => FieldFormat::Url,
        FieldKind::Email => FieldFormat::Email,
        FieldKind::Phone => FieldFormat::PhoneNumber,
        FieldKind::Number(precision) => FieldFormat::Number { precision },
        FieldKind::Checkbox => FieldFormat::Checkbox,
        FieldKind::Select(names) => FieldFormat::SingleSelect(options(names)),
        FieldKind::MultiSelect(names) => FieldFormat::MultipleSelects(options(names)),
        FieldKind::Day => FieldFormat::Date,
        FieldKind::Instant => FieldFormat::DateTime { time_zone: Paris.name().to_owned() },
        FieldKind::Attachments => FieldFormat::MultipleAttachments,
        FieldKind::Links(_) => return None,
    })
}

/// Airtable's name of the type that a field of such a kind gets.
fn type_name(kind: FieldKind) -> &'static str {
    format(kind).map_or("multipleRecordLinks", |format| format.type_name())
}

#[cfg(test)]
mod tests;
