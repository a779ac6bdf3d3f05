//! The sync: the only writer of the mirror and of the current release.

pub mod live;
