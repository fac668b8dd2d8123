//! A program that receives webhooks, well or badly.

use std::{
    convert::Infallible,
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::stream;
use serde_json::Value;
use tokio::{net::TcpListener, time::sleep};

/// What an endless answer would come to.
const TWO_GB: u64 = 2 << 30;

/// What it got.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) timestamp: i64,
    pub(super) signatures: Vec<String>,
    pub(super) body: String,
}

impl Told {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub(super) enum Manner {
    /// With a status and a text.
    Say(u16, String),
    /// Not at all.
    Hang,
    /// By naming another place.
    Redirect,
    /// With 200 and two gigabytes.
    Endless,
}

#[derive(Clone)]
pub(super) struct Receiver {
    at: String,
    manner: Arc<Mutex<Manner>>,
    told: Arc<Mutex<Vec<Told>>>,
    /// Bytes of endless answers that were taken.
    poured: Arc<AtomicU64>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            at: format!("http://{}", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Say(200, "thanks".to_owned()))),
            told: Arc::default(),
            poured: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("{}/hooks?token=in-the-address", self.at)
    }

    pub(super) fn answers(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(super) fn says(&self, status: u16, text: &str) {
        self.answers(Manner::Say(status, text.to_owned()));
    }

    pub(super) fn poured(&self) -> u64 {
        self.poured.load(Ordering::Relaxed)
    }

    pub(super) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// What it got, once it is so much.
    pub(super) async fn wait_for(&self, n: usize) -> Vec<Told> {
        for _ in 0..1_000 {
            if self.told().len() >= n {
                return self.told();
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("{n} were expected, this came: {:#?}", self.told());
    }
}

async fn receive(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert_eq!(text("content-type"), "application/json");
    receiver.told.lock().unwrap().push(Told {
        path: uri.to_string(),
        id: text("webhook-id"),
        // What is no delivery has none.
        timestamp: text("webhook-timestamp").parse().unwrap_or_default(),
        signatures: text("webhook-signature").split(' ').map(str::to_owned).collect(),
        body,
    });
    let manner = receiver.manner.lock().unwrap().clone();
    match manner {
        Manner::Say(status, said) => (StatusCode::from_u16(status).unwrap(), said).into_response(),
        Manner::Hang => future::pending().await,
        Manner::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Manner::Endless => {
            let chunk = Bytes::from(vec![b'x'; 64 << 10]);
            let poured = Arc::clone(&receiver.poured);
            Body::from_stream(stream::unfold((), move |()| {
                let chunk = chunk.clone();
                let so_far = poured.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                future::ready((so_far < TWO_GB).then_some((Ok::<_, Infallible>(chunk), ())))
            }))
            .into_response()
        }
    }
}

/// Standard Webhooks' signature, by HMAC as RFC 2104 has it and nothing of HYVVE's.
pub(super) fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(key.len(), 32);
    let padded = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ with).collect() };
    let sha256 = |parts: [&[u8]; 2]| digest::digest(&digest::SHA256, &parts.concat()).as_ref().to_vec();
    let inner = sha256([&padded(0x36), format!("{id}.{timestamp}.{body}").as_bytes()]);
    format!("v1,{}", STANDARD.encode(sha256([&padded(0x5c), &inner])))
}
