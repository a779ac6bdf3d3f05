//! What of a request can be followed, and how long it took.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use tracing_subscriber::fmt::MakeWriter;

use super::harness::Service;

/// What is logged, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_trace_that_a_request_names_is_in_its_logs() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone())
        .finish();
    // Were there one dispatcher alone, what other tests' threads meet first would be thought to be
    // of no interest to anyone.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let _here = tracing::subscriber::set_default(subscriber);
    let service = Service::start();
    for (traceparent, is_taken) in [
        (format!("00-{TRACE}-00f067aa0ba902b7-01"), true),
        (format!("00-{TRACE}-0000000000000000-01"), false),
        ("x\" injected".to_owned(), false),
    ] {
        log.0.lock().unwrap().clear();
        let answer =
            service.request(Method::GET, "/v1?secret=x", &[("traceparent", &traceparent)]).await;
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains(answer.header("x-request-id")), "{text}");
        let is_logged = text.contains(&format!("\"trace_id\":\"{TRACE}\""))
            && text.contains("\"parent_id\":\"00f067aa0ba902b7\"");
        assert_eq!(is_logged, is_taken, "{traceparent}: {text}");
        assert!(!text.contains("injected") && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_tells_how_long_it_took_and_whether_it_was_ready() {
    let service = Service::start();
    let known = service.get("/v1/guides").await.header("etag").to_owned();
    for (target, headers, cache) in [
        ("/v1/guides", &[][..], ", cache;desc=hit"),
        ("/v1/guides", &[("if-none-match", &*known)], ", cache;desc=hit"),
        ("/v1/documents", &[], ", cache;desc=miss"),
        ("/v1/documents", &[], ", cache;desc=hit"),
        ("/v1/documents/none", &[], ""),
        ("/healthz", &[], ""),
    ] {
        let answer = service.request(Method::GET, target, headers).await;
        let timing = answer.header("server-timing");
        let (duration, rest) =
            timing.split_once(',').map_or((timing, ""), |(d, _)| (d, &timing[d.len()..]));
        let milliseconds: f64 = duration.strip_prefix("app;dur=").unwrap().parse().unwrap();
        assert!((0.0..60_000.0).contains(&milliseconds), "{timing}");
        assert_eq!(rest, cache, "{target}");
        assert_eq!(answer.header("timing-allow-origin"), "*");
    }
}
