//! `#[cbor(with = "stored::shared")]`: a value that several hold, kept as itself.

use std::sync::Arc;

use minicbor::{
    Decode, Decoder, Encode, Encoder,
    decode::Error as ReadError,
    encode::{Error as WriteError, Write},
};

/// Writes it.
///
/// # Errors
/// When the writer fails.
pub fn encode<C, T: Encode<C>, W: Write>(
    value: &Arc<T>,
    e: &mut Encoder<W>,
    ctx: &mut C,
) -> Result<(), WriteError<W::Error>> {
    T::encode(value, e, ctx)
}

/// Reads it back.
///
/// # Errors
/// When there is no valid value of this type.
pub fn decode<'b, C, T: Decode<'b, C>>(
    d: &mut Decoder<'b>,
    ctx: &mut C,
) -> Result<Arc<T>, ReadError> {
    T::decode(d, ctx).map(Arc::new)
}
