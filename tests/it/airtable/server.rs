//! A server that misbehaves on demand: it answers each request with the bytes that the test wants,
//! and keeps a log of what came and when.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Barrier,
    task::JoinSet,
    time::Instant,
};
use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub at: Instant,
    pub method: String,
    pub url: Url,
    pub head: String,
    pub body: String,
}

impl Received {
    /// All values of one parameter of the query.
    pub fn query(&self, name: &str) -> Vec<String> {
        let pairs = self.url.query_pairs().filter(|(key, _)| key == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the server does with a request. The connection is closed afterwards.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Sends these bytes at once.
    Bytes(Vec<u8>),
    /// Waits, then sends these bytes.
    Late(Duration, Vec<u8>),
    /// Waits until as many requests as the barrier counts have come, then sends these bytes.
    Together(Arc<Barrier>, Vec<u8>),
    /// Sends the first bytes, then the others again and again, with a pause after each, for as long
    /// as the client listens.
    Endless(Vec<u8>, Vec<u8>, Duration),
    /// Sends these bytes, then nothing more, and leaves the connection open.
    Hang(Vec<u8>),
}

impl Reply {
    /// A whole answer with a body of this type.
    pub fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = head(status, &format!("content-length: {}\r\n{headers}", body.len()));
        Self::Bytes([head.as_slice(), body].concat())
    }

    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::new(status, "content-type: application/json\r\n", body)
    }

    pub fn after(self, wait: Duration) -> Self {
        Self::Late(wait, self.into_bytes())
    }

    pub fn together(self, barrier: &Arc<Barrier>) -> Self {
        Self::Together(Arc::clone(barrier), self.into_bytes())
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("{other:?} can't be put off"),
        }
    }

    /// Announces the whole body, sends half of it and closes.
    pub fn truncated(body: &str) -> Self {
        let mut bytes = head(200, &format!("content-length: {}\r\n", body.len()));
        bytes.extend(&body.as_bytes()[..body.len() / 2]);
        Self::Bytes(bytes)
    }

    /// Closes without a word.
    pub fn dropped() -> Self {
        Self::Bytes(Vec::new())
    }
}

pub fn head(status: u16, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

/// The server, until it is dropped.
pub struct Server {
    pub url: Url,
    log: Arc<Mutex<Vec<Received>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// `reply` gets the number of the request, from 0, and the request.
    pub async fn start(reply: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, url.clone(), Arc::clone(&log), Arc::new(reply)));
        Self { url, log, _tasks: tasks }
    }

    /// Gives the replies in turn, the last one for ever.
    pub async fn in_turn(replies: impl Into<Vec<Reply>>) -> Self {
        let replies = replies.into();
        Self::start(move |n, _| replies[n.min(replies.len() - 1)].clone()).await
    }

    pub fn received(&self) -> Vec<Received> {
        self.log.lock().unwrap().clone()
    }
}

type Script = Arc<dyn Fn(usize, &Received) -> Reply + Send + Sync>;

async fn accept(listener: TcpListener, url: Url, log: Arc<Mutex<Vec<Received>>>, script: Script) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve(stream, url.clone(), Arc::clone(&log), Arc::clone(&script)));
    }
}

async fn serve(mut stream: TcpStream, url: Url, log: Arc<Mutex<Vec<Received>>>, script: Script) {
    let Some(request) = read_request(&mut stream, &url).await else { return };
    let reply = {
        let mut log = log.lock().unwrap();
        let reply = script(log.len(), &request);
        log.push(request);
        reply
    };
    // The client may leave at any time: that is often what the test is about.
    let _ = match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Late(wait, bytes) => {
            tokio::time::sleep(wait).await;
            stream.write_all(&bytes).await
        }
        Reply::Together(barrier, bytes) => {
            barrier.wait().await;
            stream.write_all(&bytes).await
        }
        Reply::Endless(first, then, pause) => endless(&mut stream, &first, &then, pause).await,
        Reply::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending().await
        }
    };
    let _ = stream.shutdown().await;
}

async fn endless(
    stream: &mut TcpStream,
    first: &[u8],
    then: &[u8],
    pause: Duration,
) -> std::io::Result<()> {
    stream.write_all(first).await?;
    loop {
        stream.write_all(then).await?;
        tokio::time::sleep(pause).await;
    }
}

async fn read_request(stream: &mut TcpStream, url: &Url) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let at = Instant::now();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let original = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let mut words = original.split(' ');
    Some(Received {
        at,
        method: words.next()?.to_owned(),
        url: url.join(words.next()?).unwrap(),
        body: String::from_utf8(bytes[end..].to_vec()).unwrap(),
        head: original,
    })
}
