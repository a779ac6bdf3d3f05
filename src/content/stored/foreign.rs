//! `#[cbor(with = "stored::foreign")]`: days and addresses, whose types belong to other crates. With
//! `has_nil` for those that may be missing.

use chrono::NaiveDate;
use minicbor::{
    Decoder, Encoder,
    data::Type,
    decode::Error as ReadError,
    encode::{Error as WriteError, Write},
};
use url::Url;

use crate::content::{period::is_believable, row::web_address};

/// How a type of another crate is kept.
pub trait Foreign: Sized {
    /// Writes it.
    ///
    /// # Errors
    /// When the writer fails.
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), WriteError<W::Error>>;

    /// Reads it back.
    ///
    /// # Errors
    /// When there is no valid value of this type.
    fn read(d: &mut Decoder<'_>) -> Result<Self, ReadError>;

    /// What stands for a missing value, if one may be missing.
    fn nil() -> Option<Self> {
        None
    }

    /// Whether it is missing.
    fn is_nil(&self) -> bool {
        false
    }
}

/// Days since the first of January 1970, as in RFC 8943.
impl Foreign for NaiveDate {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), WriteError<W::Error>> {
        e.i32(self.to_epoch_days())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<Self, ReadError> {
        let at = d.position();
        let days = d.i32()?;
        let day = Self::from_epoch_days(days).filter(|day| is_believable(*day));
        day.ok_or_else(|| {
            ReadError::message(format_args!("{days} days from 1970 is no day of a document")).at(at)
        })
    }
}

/// An address with http or https, as text.
impl Foreign for Url {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), WriteError<W::Error>> {
        e.str(self.as_str())?.ok()
    }

    fn read(d: &mut Decoder<'_>) -> Result<Self, ReadError> {
        let at = d.position();
        web_address(d.str()?).ok_or_else(|| ReadError::message("no web address").at(at))
    }
}

impl<T: Foreign> Foreign for Box<T> {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), WriteError<W::Error>> {
        T::write(self, e)
    }

    fn read(d: &mut Decoder<'_>) -> Result<Self, ReadError> {
        T::read(d).map(Self::new)
    }
}

impl<T: Foreign> Foreign for Option<T> {
    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), WriteError<W::Error>> {
        match self {
            Some(value) => value.write(e),
            None => e.null()?.ok(),
        }
    }

    fn read(d: &mut Decoder<'_>) -> Result<Self, ReadError> {
        match d.datatype()? {
            Type::Null => d.null().map(|()| None),
            _ => T::read(d).map(Some),
        }
    }

    fn nil() -> Option<Self> {
        Some(None)
    }

    fn is_nil(&self) -> bool {
        self.is_none()
    }
}

/// Writes it.
///
/// # Errors
/// When the writer fails.
pub fn encode<C, T: Foreign, W: Write>(
    value: &T,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), WriteError<W::Error>> {
    value.write(e)
}

/// Reads it back.
///
/// # Errors
/// When there is no valid value of this type.
pub fn decode<C, T: Foreign>(d: &mut Decoder<'_>, _: &mut C) -> Result<T, ReadError> {
    T::read(d)
}

/// What stands for a missing value.
pub fn nil<T: Foreign>() -> Option<T> {
    T::nil()
}

/// Whether it is missing.
pub fn is_nil<T: Foreign>(value: &T) -> bool {
    value.is_nil()
}
