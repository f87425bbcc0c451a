//! A load generator: so many connections, on each of which a request follows the answer to the one before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::stream::{FuturesUnordered, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What is sent to a server.
pub struct Load<'a> {
    /// Where it is sent to.
    pub url: &'a str,
    /// The access token that comes with each request.
    pub token: Option<&'a str>,
    /// How many requests are under way at any time.
    pub connections: usize,
    /// The JSON of the request with this number.
    pub body: &'a (dyn Fn(u64) -> String + Sync),
    /// The number of the next request: each is sent once, also where the load is put on again.
    pub next: &'a AtomicU64,
    /// Whether an answer is what it should be.
    pub is_good: &'a (dyn Fn(&[u8]) -> bool + Sync),
}

impl Load<'_> {
    /// Puts it on the server for so long, from a thread of its own; good answers per second.
    ///
    /// # Errors
    /// Where the server can't be reached or an answer is not good.
    pub fn per_second(&self, duration: Duration) -> anyhow::Result<f64> {
        let measured = thread::scope(|scope| scope.spawn(|| self.measure(duration)).join());
        measured.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn measure(&self, duration: Duration) -> anyhow::Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let start = Instant::now();
            let end = start + duration;
            let each: FuturesUnordered<_> = (0..self.connections).map(|_| self.one(end)).collect();
            let answers: Vec<u32> = each.try_collect().await?;
            Ok(answers.iter().copied().map(f64::from).sum::<f64>() / start.elapsed().as_secs_f64())
        })
    }

    /// Keeps one connection busy; how many answers came over it.
    async fn one(&self, end: Instant) -> anyhow::Result<u32> {
        let uri: Uri = self.url.parse()?;
        let authority = uri.authority().context("a URL with a host")?.as_str();
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let asking = async {
            let mut answers = 0;
            while Instant::now() < end {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let mut request = Request::post(uri.path())
                    .header(HOST, authority)
                    .header(CONTENT_TYPE, "application/json");
                if let Some(token) = self.token {
                    request = request.header(AUTHORIZATION, format!("Bearer {token}"));
                }
                let request = request.body(Full::<Bytes>::from((self.body)(number)))?;
                let response = sender.send_request(request).await?;
                let status = response.status();
                let answer = response.into_body().collect().await?.to_bytes();
                ensure!(
                    status == StatusCode::OK && (self.is_good)(&answer),
                    "{} answers {status} {}",
                    self.url,
                    String::from_utf8_lossy(&answer)
                );
                answers += 1;
            }
            Ok(answers)
        };
        tokio::select! {
            answers = asking => answers,
            ended = connection => {
                ended?;
                anyhow::bail!("{} has closed the connection", self.url)
            }
        }
    }
}
