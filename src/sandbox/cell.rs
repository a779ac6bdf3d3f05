//! Cell values: what each type of field accepts, and how it shows in text and in webhook payloads.

mod accept;
mod show;

pub(super) use accept::accept_all;
pub use accept::{Input, Leniency, LinkTarget, accept};
pub(super) use show::{compare, display, formula_value, generic_value, plain_text, webhook_value};
