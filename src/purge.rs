//! Telling the caches in front what to drop when a release comes.
//!
//! Answers carry [tags](tag) that say what they are made of; of two releases that follow each other,
//! [`touched`] tells the tags of all answers that may differ. These go out to the receivers that the
//! settings name, as a signed [`message`], which a [`courier`] brings until it is taken. A receiver
//! hands the tags to its cache: `Surrogate-Key` to Fastly or Varnish, `Cache-Tag` to Cloudflare.

pub mod courier;
mod mailbox;
pub mod message;
pub mod metrics;
pub mod tag;
pub mod touched;

pub use courier::{Couriers, Kept, Settings};
pub use metrics::PurgeMetrics;
pub use tag::{Kind, Tag};
