//! Where settings come from, and how errors name them.

use figment::{
    Metadata, Profile, Provider,
    providers::Env,
    value::{Dict, Map},
};

/// Start of the names of all variables.
const PREFIX: &str = "LOCADOCS_";

/// The variables, but for those that are read elsewhere.
pub(super) fn environment() -> Named<Env> {
    let variables = Env::prefixed(PREFIX)
        .ignore(&["AIRTABLE_TOKEN", "HTTP_API_KEYS", "PURGE_SECRET", "CONFIG"])
        .filter(|key| !key.starts_with("STONLY_"))
        // Only the first: keys have underscores of their own.
        .map(|key| key.as_str().replacen('_', ".", 1).into());
    let variable =
        |_: &Profile, keys: &[&str]| format!("{PREFIX}{}", keys.join("_").to_uppercase());
    Named(variables, Metadata::named("the environment").interpolater(variable))
}

/// Settings whose errors name keys as people write them.
pub(super) struct Named<P>(pub(super) P, pub(super) Metadata);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        self.1.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.0.data()
    }
}
