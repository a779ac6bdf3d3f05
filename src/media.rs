//! Files of the back office, kept and served by this service: Airtable's links die in two hours.
//!
//! A [`Library`] knows files by attachment id, as the rows name them, and by content, as the public
//! does: the same content has the same [`MediaId`] for ever. What a file is, is told by its bytes
//! ([`inspect`]); images are made smaller by [`resize`](resize::resize).

mod fetch;
mod folder;
mod format;
mod id;
mod index;
mod inspect;
mod library;
mod memory;
mod mentions;
pub mod resize;
mod shelf;

pub use self::{
    fetch::{FetchError, FetchReport, Wanted},
    folder::{Damage, OpenError},
    format::Format,
    id::{InvalidMediaId, MediaId},
    index::Media,
    inspect::{Picture, Unfit},
    library::{Library, Settings, Stats, Swept},
    mentions::mentioned,
    shelf::Content,
};
