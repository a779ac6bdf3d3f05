//! What is published, as files: the API for any web server ([`site`]), and open data for re-users
//! ([`open_data`]). Either is written whole beside the folder that it replaces ([`folder`]), so that
//! nobody ever reads half of it.

mod fetch;
pub mod folder;
pub mod open_data;
pub mod site;
