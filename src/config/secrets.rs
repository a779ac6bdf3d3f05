//! Secrets, each in a variable of its own: they are never read from the file, nor shown in an error.

use secrecy::SecretString;

/// Airtable's token.
pub(super) const TOKEN: &str = "LOCADOCS_AIRTABLE_TOKEN";
/// The keys that lift the limit, parted by commas.
pub(super) const API_KEYS: &str = "LOCADOCS_HTTP_API_KEYS";
/// What messages to caches are signed with.
pub(super) const PURGE_SECRET: &str = "LOCADOCS_PURGE_SECRET";

/// What a variable holds. Orchestrators set variables that they have no value for to nothing.
pub(super) fn read(variable: &str) -> Option<SecretString> {
    let text = std::env::var(variable).unwrap_or_default();
    Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from)
}
