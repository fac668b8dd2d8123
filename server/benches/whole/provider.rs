//! A stand-in for a model provider: OpenAI chat completions. Every answer is the same words, streamed where that is asked for.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Pieces of an answer.
pub(crate) const PIECES: usize = 20;
/// The model that answers at once.
pub(crate) const QUICK: &str = "quick";
/// The model that pauses before every piece.
pub(crate) const SLOW: &str = "slow";
/// For how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts it; answers its base URL.
pub(crate) async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(answer));
    tokio::spawn(async { axum::serve(listener, router).await });
    base
}

/// What whoever adds it asks.
async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": QUICK }, { "id": SLOW }] }))
}

async fn answer(Json(request): Json<Value>) -> Response {
    let model = request["model"].as_str().unwrap_or_default();
    if request["stream"] != true {
        return Json(whole(model)).into_response();
    }
    let body = if model == SLOW {
        Body::from_stream(stream::iter(pieces(model)).then(async |piece| {
            tokio::time::sleep(PAUSE).await;
            Ok::<_, Infallible>(piece)
        }))
    } else {
        // All that there is to say in one write, as a fast provider's pieces arrive.
        Body::from(pieces(model).concat())
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn word(n: usize) -> String {
    format!("word{n} ")
}

fn usage() -> Value {
    json!({ "prompt_tokens": 100, "completion_tokens": PIECES, "total_tokens": 100 + PIECES })
}

fn whole(model: &str) -> Value {
    let words: String = (0..PIECES).map(word).collect();
    let choice = json!({ "index": 0, "message": { "role": "assistant", "content": words }, "finish_reason": "stop" });
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": model, "choices": [choice], "usage": usage() })
}

fn pieces(model: &str) -> Vec<Bytes> {
    let frame = |choices: Value, usage: Value| {
        let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": model, "choices": choices, "usage": usage });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let delta = |delta: Value, reason: Value| {
        frame(json!([{ "index": 0, "delta": delta, "finish_reason": reason }]), Value::Null)
    };
    let mut pieces = vec![delta(json!({ "role": "assistant", "content": "" }), Value::Null)];
    pieces.extend((0..PIECES).map(|n| delta(json!({ "content": word(n) }), Value::Null)));
    pieces.push(delta(json!({}), json!("stop")));
    pieces.push(frame(json!([]), usage()));
    pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
    pieces
}
