//! `#[cbor(with = "stored::steps")]`: the steps of a guide in their order, each of which holds the
//! slug by which it is found.

use indexmap::{IndexMap, map::Entry};
use minicbor::{
    Decode, Decoder, Encode, Encoder,
    decode::Error as ReadError,
    encode::{Error as WriteError, Write},
};

use crate::content::{guide::Step, ids::Slug};

/// Writes them.
///
/// # Errors
/// When the writer fails.
pub fn encode<C, W: Write>(
    steps: &IndexMap<Slug, Step>,
    e: &mut Encoder<W>,
    ctx: &mut C,
) -> Result<(), WriteError<W::Error>> {
    e.array(steps.len() as u64)?;
    steps.values().try_for_each(|step| step.encode(e, ctx))
}

/// Reads them back.
///
/// # Errors
/// When one is not valid, or two have the same slug.
pub fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<IndexMap<Slug, Step>, ReadError> {
    let at = d.position();
    let mut steps = IndexMap::new();
    for step in Vec::<Step>::decode(d, ctx)? {
        match steps.entry(step.slug.clone()) {
            Entry::Vacant(place) => place.insert(step),
            Entry::Occupied(_) => {
                let message = format_args!("two steps {}", step.slug);
                return Err(ReadError::message(message).at(at));
            }
        };
    }
    Ok(steps)
}
