//! Which paths are exported, and where their answers lie.

use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

use regex::bytes::Regex;

use crate::{
    catalog::Release,
    content::territory::Area,
    media::Format,
    reference::{InseeCode, Reference},
};

/// Of which communes the pages are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Communes {
    /// None.
    None,
    /// Those in which a service sits, or that a territory names.
    Used,
    /// All of today, and their parts.
    All,
}

/// Every path that names a resource of a release, in order.
pub fn resources(release: &Release, communes: Communes, reference: &Reference) -> Vec<String> {
    let content = release.content();
    let fixed = ["/v1", "/openapi.json", "/v1/guides", "/v1/documents", "/v1/services"];
    let mut paths: Vec<String> = fixed.map(str::to_owned).into();
    if communes == Communes::All {
        paths.push("/v1/communes".to_owned());
    }
    for guide in content.guides.values() {
        let path = format!("/v1/guides/{}", guide.slug);
        let steps = guide.steps.values().map(|step| format!("{path}/steps/{}", step.slug));
        paths.extend(steps);
        paths.push(path);
    }
    paths.extend(content.documents.keys().map(|slug| format!("/v1/documents/{slug}")));
    paths.extend(content.services.keys().map(|slug| format!("/v1/services/{slug}")));
    let codes = match communes {
        Communes::None => BTreeSet::new(),
        Communes::Used => used(release, reference),
        Communes::All => reference.communes().iter().map(|commune| commune.code).collect(),
    };
    paths.extend(codes.into_iter().map(|code| format!("/v1/communes/{code}")));
    paths
}

/// The communes of which a release says something of their own.
fn used(release: &Release, reference: &Reference) -> BTreeSet<InseeCode> {
    let content = release.content();
    let mut codes: HashSet<InseeCode> =
        content.services.values().filter_map(|service| service.commune).collect();
    for territory in content.territories.values() {
        match &territory.area {
            Area::SubCommune(code) | Area::Commune(code) => codes.extend([*code]),
            Area::Jurisdiction(listed) => codes.extend(listed),
            Area::Epci(_) | Area::Departement(_) | Area::Region(_) | Area::National => {}
        }
    }
    codes.into_iter().filter(|code| reference.find(*code).is_some()).collect()
}

/// The file of an answer in JSON.
pub(super) fn file_of(target: &str) -> String {
    let target = target.trim_start_matches('/');
    match target.split_once("?cursor=") {
        Some((path, cursor)) => format!("{path}~{cursor}.json"),
        None if target.ends_with(".json") => target.to_owned(),
        None => format!("{target}.json"),
    }
}

/// The path of a file of the back office.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FilePath(String);

impl FilePath {
    /// With the leading slash.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it lies.
    pub(super) fn file(&self) -> &str {
        self.0.trim_start_matches('/')
    }

    /// Where a smaller form of it lies.
    pub(super) fn smaller(&self, width: u32, format: Format) -> String {
        let stem = self.file().rsplit_once('.').map_or(self.file(), |(stem, _)| stem);
        format!("{stem}~{width}.{}", format.extension())
    }
}

/// The files of the back office that answers name.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeSet<FilePath>);

/// As [`crate::media::Media::path`] makes them.
#[expect(clippy::expect_used, reason = "a constant, which a test uses")]
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"/v1/media/[0-9a-f]{32}/[0-9A-Za-z][0-9A-Za-z._-]*").expect("a valid pattern")
});

impl Files {
    /// Notes those that an answer names.
    pub(super) fn note(&mut self, body: &[u8]) {
        let found = PATH.find_iter(body).filter_map(|found| str::from_utf8(found.as_bytes()).ok());
        for path in found {
            self.0.insert(FilePath(path.to_owned()));
        }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &FilePath> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_one_file() {
        for (target, file) in [
            ("/v1", "v1.json"),
            ("/openapi.json", "openapi.json"),
            ("/v1/guides", "v1/guides.json"),
            ("/v1/guides?cursor=a-B_9", "v1/guides~a-B_9.json"),
            ("/v1/guides/urbanisme/steps/fin", "v1/guides/urbanisme/steps/fin.json"),
        ] {
            assert_eq!(file_of(target), file);
        }
    }

    #[test]
    fn files_are_found_in_what_names_them() {
        let mut files = Files::default();
        let id = "0123456789abcdef0123456789abcdef";
        files.note(
            format!(
                r#"{{"url":"/v1/media/{id}/plan.png","html":"<img src=\"/v1/media/{id}/b-1.jpg\">",
                "markdown":"![x](/v1/media/{id}/plan.png)","no":"/v1/media/0123/x.png"}}"#
            )
            .as_bytes(),
        );
        let found: Vec<_> = files.paths().map(FilePath::as_str).collect();
        assert_eq!(found, [format!("/v1/media/{id}/b-1.jpg"), format!("/v1/media/{id}/plan.png")]);
        let plan = files.paths().last().unwrap();
        assert_eq!(plan.smaller(640, Format::WebP), format!("v1/media/{id}/plan~640.webp"));
    }
}
