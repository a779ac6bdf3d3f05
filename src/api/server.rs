//! Connections: HTTP/1.1, and HTTP/2 for those who start with it (h2c). Those who are too slow to
//! ask or to take their answer are cut off.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{extract::ConnectInfo, serve::Listener};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_io_timeout::TimeoutWriter;

use super::{service::Service, settings::Settings};

/// How long requests that are under way at the shutdown signal may still take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How often an HTTP/2 client that says nothing is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Most requests at once on an HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// Most header fields of a request. Browsers send some twenty.
const MAX_HEADERS: usize = 64;

/// Serves until `shutdown` resolves, then lets the requests under way end.
pub async fn serve(
    mut listener: TcpListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send,
) {
    let builder = Arc::new(builder(service.settings()));
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        // The trait's method goes on after errors, such as too many open files.
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut shutdown => break,
        };
        let (builder, service) = (Arc::clone(&builder), service.clone());
        tokio::spawn(converse(stream, peer, builder, service, connections.watcher()));
    }
    drop(listener);
    if timeout(SHUTDOWN_GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off: they outlived the shutdown");
    }
}

fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(settings.header_limit);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(settings.header_limit).unwrap_or(u32::MAX));
    builder
}

/// Answers one client until it leaves, is too slow, or the service stops.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    builder: Arc<Builder<TokioExecutor>>,
    service: Service,
    watcher: Watcher,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY can't be set");
    }
    let Settings { header_timeout, write_timeout, .. } = *service.settings();
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(write_timeout));
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&has_asked);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = service.clone().answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), answer).into_owned();
    let connection = watcher.watch(connection);
    tokio::pin!(connection);
    // The time for a head is counted by the protocol, and which one it is shows in its first bytes.
    let ended = match timeout(header_timeout, &mut connection).await {
        Ok(ended) => ended,
        Err(_) if !has_asked.load(Ordering::Relaxed) => return,
        Err(_) => connection.await,
    };
    if let Err(error) = ended {
        tracing::debug!(error, %peer, "a connection broke off");
    }
}
