//! A flat object: scalars under stable names, all of them in every answer, in one order.
//!
//! One function lists the fields of an answer ([`Flat::fields`]). The JSON and the schema are both
//! made of that list, so that they can't differ; an answer that failed early is the default one.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// What a field holds. Never null: conditions of no-code tools break on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A text; empty where there is nothing to say.
    Text(String),
    /// One of a few words, or none.
    Word(&'static str, &'static [&'static str]),
    /// Yes or no.
    Flag(bool),
    /// How many.
    Count(usize),
}

/// A field of a flat object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, in `snake_case`.
    pub name: Cow<'static, str>,
    /// What it tells.
    pub about: &'static str,
    /// What it holds.
    pub value: Scalar,
}

/// A field, from what it is called, tells and holds.
pub fn field(name: impl Into<Cow<'static, str>>, about: &'static str, value: Scalar) -> Field {
    Field { name: name.into(), about, value }
}

/// A text.
pub fn text(name: impl Into<Cow<'static, str>>, about: &'static str, value: &str) -> Field {
    field(name, about, Scalar::Text(value.to_owned()))
}

/// Yes or no.
pub fn flag(name: impl Into<Cow<'static, str>>, about: &'static str, value: bool) -> Field {
    field(name, about, Scalar::Flag(value))
}

/// How many.
pub fn count(name: impl Into<Cow<'static, str>>, about: &'static str, value: usize) -> Field {
    field(name, about, Scalar::Count(value))
}

/// An answer that is a flat object. Its default holds nothing, in the same fields.
pub trait Flat: Default {
    /// Its fields: the same names, in the same order, whatever it holds.
    fn fields(&self) -> Vec<Field>;
}

/// The wire form of an answer.
#[derive(Debug)]
pub struct Object<'a, T>(pub &'a T);

impl<T: Flat> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.fields();
        let mut object = serializer.serialize_map(Some(fields.len()))?;
        for Field { name, value, .. } in &fields {
            match value {
                Scalar::Text(text) => object.serialize_entry(name, text)?,
                Scalar::Word(word, _) => object.serialize_entry(name, word)?,
                Scalar::Flag(flag) => object.serialize_entry(name, flag)?,
                Scalar::Count(count) => object.serialize_entry(name, count)?,
            }
        }
        object.end()
    }
}

/// The schema of an answer.
pub fn schema<T: Flat>(description: &str) -> RefOr<Schema> {
    let fields = T::default().fields();
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    let object = fields.iter().fold(object, |object, field| {
        object.property(field.name.clone(), schema_of(field)).required(field.name.clone())
    });
    RefOr::T(Schema::Object(object.build()))
}

fn schema_of(field: &Field) -> ObjectBuilder {
    let schema = ObjectBuilder::new().description(Some(field.about));
    match &field.value {
        Scalar::Text(_) => schema.schema_type(Type::String),
        Scalar::Word(word, words) => {
            let none = Some(*word).filter(|word| !words.contains(word));
            let values = words.iter().copied().chain(none).map(Value::from);
            schema.schema_type(Type::String).enum_values(Some(values))
        }
        Scalar::Flag(_) => schema.schema_type(Type::Boolean),
        Scalar::Count(_) => schema.schema_type(Type::Integer).minimum(Some(0)),
    }
}
