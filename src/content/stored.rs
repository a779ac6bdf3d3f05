//! The form in which published content is kept for months: CBOR (RFC 8949) by `minicbor`.
//!
//! Fields and variants are known by the index written beside them, `#[n(…)]`, and never by name: an
//! index is never reused nor renumbered, and a field that is added later comes last and may be missing
//! (an `Option`, or `skip_if` for others). So bytes of any age can be read, and a value without the
//! addition keeps its bytes.
//!
//! The bytes are canonical: a value has the same ones on every machine and in every run, so that a
//! hash of them names it. There is no float and nothing in the order of a hash table.
//!
//! What is read back holds what the types promise, as if it had been parsed: an invalid id, code, day
//! or address is an error, never a value.

pub mod foreign;
pub mod shared;
pub mod steps;

use minicbor::{Decode, Decoder, Encode};

/// Why bytes are not the value that they were taken for.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// They are cut, damaged, of another type, or hold a value that is not valid.
    #[error("not a stored value of this type")]
    Invalid(#[from] minicbor::decode::Error),
    /// A value, then something else.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
}

/// The bytes of a value.
#[expect(
    clippy::expect_used,
    reason = "writing to a vector can't fail, and no type of the domain refuses to be written"
)]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a vector takes every value")
}

/// The value that [`encode`] wrote.
///
/// # Errors
/// When the bytes are not one valid value of this type, whole and alone.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    match bytes.len() - decoder.position() {
        0 => Ok(value),
        left => Err(DecodeError::Trailing(left)),
    }
}

#[cfg(test)]
mod tests;
