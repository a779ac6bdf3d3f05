//! `locadocs openapi`: the document, as committed in `openapi/v1.json`.

use super::print;
use crate::api;

pub(super) fn run() -> anyhow::Result<()> {
    print(serde_json::to_string_pretty(&api::openapi())?);
    Ok(())
}
