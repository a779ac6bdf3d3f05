//! Real connections: both protocols, and clients that are slow or send too much.

use std::{net::SocketAddr, time::Duration};

use locadocs::api::{self, Settings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::harness::{Service, noon};

/// A service at an address, until it is dropped.
struct Listening {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

async fn listen(settings: Settings) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = Service::with(noon, settings).inner;
    tokio::spawn(api::serve(listener, service, async { drop(stopped.await) }));
    Listening { address, _stop: stop }
}

/// Short enough for a test to wait for it.
fn impatient() -> Settings {
    Settings {
        header_timeout: Duration::from_millis(200),
        write_timeout: Duration::from_millis(200),
        ..Settings::default()
    }
}

/// Sends these bytes and reads until the service closes the connection.
async fn told(address: SocketAddr, bytes: &[u8]) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // The service may close before it has read everything.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn whoever_does_not_finish_a_request_is_cut_off() {
    let service = listen(impatient()).await;
    for started in ["", "G", "PRI", "GET /v1 HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        let answer = told(service.address, started.as_bytes()).await;
        assert!(!answer.contains("200 OK"), "{started}: {answer}");
    }
    let whole = "GET /v1 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let answer = told(service.address, whole.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "then it waits for the next: {answer}");
}

#[tokio::test]
async fn whoever_does_not_take_the_answer_is_cut_off() {
    let service = listen(impatient()).await;
    let mut client = TcpStream::connect(service.address).await.unwrap();
    let request = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // The service stops reading once it can't write, and this waits until it gives up.
    let asking = async { while client.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect("it waits for ever");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let service = listen(Settings::default()).await;
    let many: String = (0..100).map(|at| format!("x-header-{at}: a\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(20_000));
    for headers in [many, long] {
        let request = format!("GET /v1 HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let answer = told(service.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let service = listen(Settings::default()).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("http://{}/v1/guides", service.address);
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
    let etag = answer.headers()["etag"].clone();
    let known = client.get(&url).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(known.status().as_u16(), 304);
}

#[tokio::test]
async fn a_head_request_tells_the_length_of_the_answer_or_none() {
    let service = listen(Settings::default()).await;
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let url = format!("http://{}/v1/guides", service.address);
    let whole = client.get(&url).send().await.unwrap();
    let etag = whole.headers()["etag"].clone();
    let length = whole.headers()["content-length"].clone();
    let head = client.head(&url).send().await.unwrap();
    assert_eq!(head.headers().get("content-length"), Some(&length));
    let known = client.head(&url).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(known.status().as_u16(), 304);
    assert_ne!(
        known.headers().get("content-length").map(reqwest::header::HeaderValue::as_bytes),
        Some(&b"0"[..])
    );
}
