//! HTTP for the metrics: three pages. What a client does, or does not do, costs it its own connection only.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::figures::openmetrics;
use crate::session::asked::{Asker, Figures};
use crate::telemetry::Readiness;
use crate::wire::places::Places;

/// How many connections are served at once.
const MAX_CONNECTIONS: usize = 64;

/// How long a connection keeps its place while others wait for one: most are served in a millisecond.
const KEPT: Duration = Duration::from_millis(200);

/// How long a connection may take, from its beginning to its end.
const MAX_TIME: Duration = Duration::from_secs(5);

/// How many bytes of a request are kept: a longer head is refused, and a body is never read.
const MAX_HEAD: usize = 16 * 1024;

/// How long figures are given again instead of new ones, so that no number of clients makes the engine slower: longer
/// if it took long to make them, because the keys of many partitions are sorted.
const FRESH: Duration = Duration::from_millis(100);
const FRESH_FACTOR: u32 = 20;
const MAX_FRESH: Duration = Duration::from_secs(1);

/// How long the front end may take to answer: it does other things, too.
const ANSWER: Duration = Duration::from_secs(2);

/// How long the workers may take to answer about their partitions: each finishes what it is at first.
const ANSWERS: Duration = Duration::from_secs(1);

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What all connections share.
struct Pages {
    asker: Asker,
    /// How many keys the figures name.
    keys: usize,
    latest: Mutex<Option<Latest>>,
}

/// The figures that were made last.
struct Latest {
    figures: Bytes,
    /// Until when they are given again.
    until: Instant,
}

/// Serves clients for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, asker: Asker, keys: usize) {
    let pages = Arc::new(Pages { asker, keys, latest: Mutex::new(None) });
    let serve = |(stream, _), place| {
        let pages = Arc::clone(&pages);
        async move {
            connection(stream, pages).await;
            drop(place);
        }
    };
    Places::new(MAX_CONNECTIONS, KEPT).serve(|| listener.accept(), serve).await;
}

async fn connection(stream: TcpStream, pages: Arc<Pages>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&pages)));
    let mut http = http1::Builder::new();
    http.keep_alive(false).max_buf_size(MAX_HEAD);
    let served = http.serve_connection(TokioIo::new(stream), service);
    // A client that is too slow or speaks no HTTP has lost its connection: there is no more to be done.
    let _ = timeout(MAX_TIME, served).await;
}

async fn answer(
    request: Request<Incoming>,
    pages: Arc<Pages>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refused);
    }
    Ok(match request.uri().path() {
        "/metrics" => match pages.metrics().await {
            Ok(figures) => page(StatusCode::OK, OPENMETRICS, figures),
            Err(why) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, why),
        },
        "/healthz" => page(StatusCode::OK, TEXT, "alive\n"),
        "/readyz" => {
            let (status, said) = pages.readiness().await;
            page(status, TEXT, said)
        }
        _ => page(StatusCode::NOT_FOUND, TEXT, "there are /metrics, /healthz and /readyz\n"),
    })
}

impl Pages {
    /// The figures as OpenMetrics, or why there are none.
    async fn metrics(&self) -> Result<Bytes, String> {
        // One asks at a time; the others get the same answer.
        let mut latest = self.latest.lock().await;
        let asked = Instant::now();
        if let Some(latest) = &*latest
            && asked < latest.until
        {
            return Ok(latest.figures.clone());
        }
        let figures = timeout(ANSWER, self.asker.figures(self.keys)).await;
        let Figures { measured, counting, top } =
            figures.map_err(|_| BUSY.to_owned())?.map_err(|why| format!("{why}\n"))?;
        // Those that have answered count if it is too late for the others.
        let answers = move || {
            let (since, partitions) = (Instant::now(), counting.wait(ANSWERS).partitions);
            let left = ANSWERS.saturating_sub(since.elapsed());
            (partitions, top.map(|top| top.wait(left)).unwrap_or_default())
        };
        let answers = spawn_blocking(answers).await;
        let (partitions, top) = answers.map_err(|_| BUSY.to_owned())?;
        let figures = Bytes::from(openmetrics(measured, partitions, top));
        let now = Instant::now();
        let until = now + (now - asked).saturating_mul(FRESH_FACTOR).clamp(FRESH, MAX_FRESH);
        *latest = Some(Latest { figures: figures.clone(), until });
        Ok(figures)
    }

    async fn readiness(&self) -> (StatusCode, String) {
        match timeout(ANSWER, self.asker.readiness()).await {
            Ok(Readiness::Ready) => (StatusCode::OK, format!("{}\n", Readiness::Ready)),
            Ok(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, BUSY.to_owned()),
        }
    }
}

const BUSY: &str = "not ready: the program is busy with something else\n";

fn page(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    page
}
