//! The exported folder behind a real nginx, with the configuration that is exported.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::{Method, header};

use super::{Place, site};
use crate::api::harness::Service;

/// A running nginx, which ends with the test.
struct Nginx {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// `None` where nginx is not installed.
    async fn start(place: &Place) -> Option<Self> {
        if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
            let _ = writeln!(std::io::stderr(), "nginx is not installed: this test is skipped");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let site = fs::read_to_string(place.target.join("nginx.conf")).unwrap();
        let site = site
            .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))
            .replace("/srv/locadocs", place.target.to_str().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_str().unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
            .concat();
        let whole = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
             events {{}}\n\
             http {{ access_log off; {temporary} {site} }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let process = Command::new("nginx")
            .args(["-p", at, "-e", &format!("{at}/error.log"), "-c", file.to_str().unwrap()])
            .spawn()
            .unwrap();
        let mut nginx = Self { process, url: format!("http://127.0.0.1:{port}"), _folder: folder };
        nginx.ready().await;
        Some(nginx)
    }

    /// Waits until it takes connections.
    async fn ready(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        let accepts = async {
            while tokio::net::TcpStream::connect(&address).await.is_err() {
                assert!(self.process.try_wait().unwrap().is_none(), "nginx ended");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), accepts).await.expect("nginx never listened");
    }

    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let client = reqwest::Client::builder().no_gzip().build().unwrap();
        let mut request = client.get(format!("{}{target}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SAME: [&str; 8] = [
    "content-type",
    "content-encoding",
    "cache-control",
    "access-control-allow-origin",
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-resource-policy",
];

#[tokio::test]
async fn nginx_gives_the_answers_of_the_service_under_its_paths() {
    let (service, place) = (Service::start(), Place::new());
    site::write(&service, &place).await;
    let Some(nginx) = Nginx::start(&place).await else { return };
    let files = place.files();
    let media = files.keys().find(|path| path.starts_with("v1/media/") && !path.contains('~'));
    let media = format!("/{}", media.unwrap());
    let narrow = format!("{media}?width=320");
    for (target, headers) in [
        ("/v1", &[][..]),
        ("/v1/guides", &[]),
        ("/v1/guides", &[("accept-encoding", "gzip")]),
        ("/v1/guides/urbanisme", &[("accept-encoding", "gzip")]),
        ("/v1/guides/urbanisme/steps/document-connu", &[]),
        ("/v1/documents", &[]),
        ("/v1/services/archives-rennes", &[("accept-encoding", "gzip")]),
        ("/v1/communes/35238", &[]),
        ("/openapi.json", &[("accept-encoding", "gzip")]),
        (&media, &[]),
        (&narrow, &[]),
        (&narrow, &[("accept", "image/webp,*/*")]),
    ] {
        let expected = service.request(Method::GET, target, headers).await;
        let found = nginx.get(target, headers).await;
        assert_eq!(found.status(), expected.status, "{target}");
        for name in SAME {
            let found = found.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(found.unwrap_or_default(), expected.header(name), "{target}: {name}");
        }
        let tag = found.headers().get(header::ETAG).unwrap().to_str().unwrap().to_owned();
        assert_eq!(found.bytes().await.unwrap(), expected.body, "{target}");
        let again = [headers, &[("if-none-match", &*tag)]].concat();
        assert_eq!(nginx.get(target, &again).await.status(), 304, "{target}");
    }
}

#[tokio::test]
async fn nginx_refuses_questions_rather_than_answer_others() {
    let (service, place) = (Service::start(), Place::new());
    site::write(&service, &place).await;
    let Some(nginx) = Nginx::start(&place).await else { return };
    for target in [
        "/v1/guides?theme=Urbanisme",
        "/v1/guides?cursor=../../nginx",
        "/v1/guides/no-such-guide",
        "/v1/guides.json",
        "/v1/locate?document=permis-de-construire&commune=35238",
        "/v1/communes?q=renn",
        "/nginx.conf",
        "/locadocs-export.json",
        "/",
    ] {
        assert_eq!(nginx.get(target, &[]).await.status(), 404, "{target}");
    }
}
