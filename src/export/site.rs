//! The API as static files, that any web server gives under the same paths, byte for byte.
//!
//! A path such as `/v1/guides` is both a document and a folder, so that JSON lies in a file of that
//! name and `.json`; the page of a list that `?cursor=` names is beside it, after a `~`. Bodies lie
//! beside their compressed forms (`.gz`, `.br`). Files keep their path, and their smaller images are
//! beside them: `plan~640.webp`. `nginx.conf`, `_headers` and `_redirects` tell servers so.
//!
//! What depends on a question has no path: the local answer, search, the walk through a guide.

use axum::http::{
    StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG},
};
use bytes::Bytes;
use serde::Deserialize;

use super::{
    fetch::{FetchError, Fetched, get},
    folder::{Folder, FolderError},
};
use crate::{api::Service, media::Format};

mod targets;

pub use targets::{Communes, resources};
use targets::{FilePath, Files, file_of};

/// Why the site can't be written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The API doesn't answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The disk refuses.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// How web servers give the files the paths and headers of the service, and what to know of them.
const HOSTING: &[(&str, &str)] = &[
    ("README.md", include_str!("site/README.md")),
    ("nginx.conf", include_str!("site/nginx.conf")),
    ("_headers", include_str!("site/_headers")),
    ("_redirects", include_str!("site/_redirects")),
];

/// Compressed forms, by their name in HTTP and the extension that servers look for.
const CODINGS: [(&str, &str); 2] = [("gzip", "gz"), ("br", "br")];

/// Widths at which images are given.
const WIDTHS: [u32; 5] = [320, 640, 960, 1_280, 1_920];

/// Writes the answers to these paths, every page of those that are lists, and the files of the back
/// office that are named in any of them.
///
/// # Errors
/// When a path is not answered with 200, or the disk refuses.
pub async fn write(
    service: &Service,
    resources: Vec<String>,
    folder: &mut Folder,
) -> Result<(), SiteError> {
    for (path, content) in HOSTING {
        folder.put(path, content.as_bytes())?;
    }
    let mut files = Files::default();
    for resource in resources {
        let mut next = Some(resource.clone());
        while let Some(target) = next.take() {
            let body = write_answer(service, &target, folder).await?;
            files.note(&body);
            next = next_page(&body).map(|cursor| format!("{resource}?cursor={cursor}"));
        }
    }
    for path in files.paths() {
        write_file(service, path, folder).await?;
    }
    Ok(())
}

/// Writes an answer as it is and compressed; gives it as it is.
async fn write_answer(
    service: &Service,
    target: &str,
    folder: &mut Folder,
) -> Result<Bytes, SiteError> {
    let path = file_of(target);
    let Fetched { body, .. } = get(service, target, (ACCEPT_ENCODING, "identity")).await?;
    folder.put(&path, &body)?;
    for (coding, extension) in CODINGS {
        let encoded = get(service, target, (ACCEPT_ENCODING, coding)).await?;
        // What is too small to gain by it is not compressed.
        if encoded.header(&CONTENT_ENCODING) == Some(coding) {
            folder.put(&format!("{path}.{extension}"), &encoded.body)?;
        }
    }
    Ok(body)
}

/// The cursor of the page that follows, if the answer is a page of a list.
fn next_page(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Listed {
        page: Next,
    }
    #[derive(Deserialize)]
    struct Next {
        next: Option<String>,
    }
    serde_json::from_slice::<Listed>(body).ok()?.page.next
}

/// Writes a file of the back office, and if it is an image, its smaller forms.
async fn write_file(
    service: &Service,
    path: &FilePath,
    folder: &mut Folder,
) -> Result<(), SiteError> {
    let whole = match get(service, path.as_str(), (ACCEPT, "*/*")).await {
        Ok(whole) => whole,
        // A text may name a file that is no more; the service answers 404 as well.
        Err(FetchError::Status { status: StatusCode::NOT_FOUND, .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    folder.put(path.file(), &whole.body)?;
    for width in WIDTHS {
        for accept in ["*/*", "image/webp"] {
            let target = format!("{}?width={width}", path.as_str());
            let smaller = get(service, &target, (ACCEPT, accept)).await?;
            if smaller.header(&ETAG) == whole.header(&ETAG) {
                continue;
            }
            let Some(format) = smaller.header(&CONTENT_TYPE).and_then(Format::of_media_type) else {
                continue;
            };
            folder.put(&path.smaller(width, format), &smaller.body)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_that_of_a_list() {
        for (body, expected) in [
            (r#"{"items":[],"page":{"limit":50,"next":"abc","total":60}}"#, Some("abc")),
            (r#"{"items":[],"page":{"limit":50,"next":null,"total":2}}"#, None),
            (r#"{"slug":"page"}"#, None),
            ("", None),
        ] {
            assert_eq!(next_page(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
