//! What a collector is told of a model call, and what happens when there is none.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Caller, Process, Reply, Story, id, until};

const KEY: &str = "sk-canary-of-the-traces";
const QUESTION: &str = "a canary of a question";
const ANSWER: &str = "a canary of an answer";
/// A question for which the agent looks into the records.
const LOOK_UP: &str = "a canary of a search";

/// What came to a collector: bodies as they were, and what it was told beside them.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

async fn collector() -> (Collected, String) {
    let collected = Collected::default();
    let take = async |State(Collected(all)): State<Collected>, headers: HeaderMap, body: Bytes| {
        all.lock().unwrap().push((headers, body));
    };
    let at = serve(Router::new().route("/v1/traces", post(take)).with_state(collected.clone())).await;
    (collected, at)
}

/// A provider that answers in a few words, under a name of its own.
async fn provider() -> String {
    let answer = async |Json(body): Json<Value>| -> Response {
        let said = json!({ "id": "answer-1", "model": "served", "choices": [{ "delta": { "content": ANSWER } }] });
        let looks = json!({ "id": "answer-0", "choices": [{ "delta": { "tool_calls": [{
            "index": 0, "id": "call_1", "type": "function",
            "function": { "name": "search_records", "arguments": "{\"collection\":\"customers\",\"query\":\"Ada\"}" },
        }] } }] });
        // Whoever asks to look something up is looked something up for first.
        let last = body["messages"].as_array().and_then(|messages| messages.last()).cloned().unwrap_or_default();
        let said = if last["content"] == LOOK_UP { looks } else { said };
        let end = json!({
            "choices": [{ "delta": {}, "finish_reason": "stop" }],
            "usage": {
                "prompt_tokens": 11, "completion_tokens": 7,
                "prompt_tokens_details": { "cached_tokens": 5 },
                "completion_tokens_details": { "reasoning_tokens": 3 },
            },
        });
        let stream = format!("data: {said}\n\ndata: {end}\n\ndata: [DONE]\n\n");
        ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
    };
    let models = async || Json(json!({ "data": [{ "id": "asked" }] }));
    serve(Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(answer))).await
}

impl Collected {
    /// Every span, none of which says any of these.
    fn spans(&self, secrets: &[&str]) -> Vec<Span> {
        let mut spans = Vec::new();
        for (_, body) in std::mem::take(&mut *self.0.lock().unwrap()) {
            let text = String::from_utf8_lossy(&body);
            for secret in secrets {
                assert!(!text.contains(secret), "the collector was told {secret:?}");
            }
            for part in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                assert_eq!(read(&part.resource.unwrap().attributes)["service.name"], "hyvve");
                spans.extend(part.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        spans
    }
}

/// One whole run on a provider; answers the ids of agent and conversation.
async fn run_on(user: &Caller, provider: &str) -> (String, String) {
    add(user, provider).await;
    ask(user, QUESTION).await
}

async fn add(user: &Caller, provider: &str) {
    let new = json!({
        "provider": "openai_compatible", "baseUrl": provider, "apiKey": KEY, "defaultModel": "asked", "makeDefault": true,
    });
    user.post("/api/ai-providers", &new).await.expect(201);
}

async fn ask(user: &Caller, question: &str) -> (String, String) {
    let agents = user.get("/agents").await;
    let agent = id(&agents.body[0]).to_owned();
    let form = [("message", question), ("stream", "true")];
    let frames = user.open_form(&format!("/agents/{agent}/runs"), &form).await.rest().await;
    let last = frames.last().unwrap();
    assert_eq!(last.event, "RunCompleted", "{frames:?}");
    (agent, last.data["session_id"].as_str().unwrap().to_owned())
}

/// Attributes in words.
fn read(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let word = |value: &Any| match value {
        Any::StringValue(text) => text.clone(),
        Any::BoolValue(yes) => yes.to_string(),
        Any::IntValue(number) => number.to_string(),
        Any::DoubleValue(number) => number.to_string(),
        Any::ArrayValue(list) => format!("{:?}", list.values.iter().map(|v| v.value.clone()).collect::<Vec<_>>()),
        other => panic!("an attribute of another kind: {other:?}"),
    };
    let value = |pair: &KeyValue| pair.value.as_ref().and_then(|v| v.value.as_ref()).map_or_else(String::new, word);
    attributes.iter().map(|pair| (pair.key.clone(), value(pair))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_of_each_call_with_the_standards_names_and_nothing_of_what_was_said() {
    let (collected, at) = collector().await;
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", at.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=hyvve")];
    // What the log leaves out is sent all the same.
    let process = Process::start_with("error", &settings).await;
    let user = process.anonymous().sign_up("Ada").await;
    let (agent, conversation) = run_on(&user, &provider().await).await;
    let workspace = user.workspace().to_owned();
    let (well, log) = process.stop().await;
    assert!(well && log.is_empty(), "{log}");

    for (headers, _) in collected.0.lock().unwrap().iter() {
        assert_eq!(
            (&headers["content-type"], &headers["x-tenant"]),
            (&"application/x-protobuf".parse().unwrap(), &"hyvve".parse().unwrap())
        );
    }
    let spans = collected.spans(&[KEY, QUESTION, ANSWER, user.token()]);
    let [span, run] = spans.as_slice() else { panic!("{} spans", spans.len()) };
    assert_eq!((run.name.as_str(), run.kind()), ("invoke_agent Operations assistant", SpanKind::Internal));
    assert_eq!((&span.parent_span_id, &span.trace_id), (&run.span_id, &run.trace_id));
    let of_run = read(&run.attributes);
    assert_eq!((&*of_run["gen_ai.operation.name"], &of_run["gen_ai.conversation.id"]), ("invoke_agent", &conversation));
    assert!(run.parent_span_id.is_empty() && !of_run.contains_key("error.type"), "{of_run:?}");
    assert_eq!((span.name.as_str(), span.kind()), ("chat asked", SpanKind::Client));
    assert!(span.events.is_empty() && span.end_time_unix_nano > span.start_time_unix_nano);
    let mut attributes = read(&span.attributes);
    assert!(attributes.remove("gen_ai.response.time_to_first_chunk").unwrap().parse::<f64>().unwrap() > 0.0);
    assert!(uuid::Uuid::parse_str(&attributes.remove("run_id").unwrap()).is_ok());
    let list = format!("{:?}", [Some(Any::StringValue("stop".to_owned()))]);
    let name = attributes.remove("gen_ai.agent.name").unwrap();
    assert!(!name.is_empty());
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai_compatible"),
        ("gen_ai.request.model", "asked"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.response.id", "answer-1"),
        ("gen_ai.response.model", "served"),
        ("gen_ai.response.finish_reasons", &list),
        ("gen_ai.usage.input_tokens", "11"),
        ("gen_ai.usage.output_tokens", "7"),
        ("gen_ai.usage.cache_read.input_tokens", "5"),
        ("gen_ai.usage.cache_creation.input_tokens", "0"),
        ("gen_ai.usage.reasoning.output_tokens", "3"),
        ("gen_ai.conversation.id", &conversation),
        ("gen_ai.agent.id", &agent),
        ("workspace_id", &workspace),
    ];
    assert_eq!(attributes, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

/// Spans of that name.
fn named<'s>(spans: &'s [Span], name: &str) -> Vec<&'s Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_stand_beside_calls_in_their_run_and_an_effect_stands_by_itself() {
    let (collected, at) = collector().await;
    let process = Process::start_with("trace", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &at)]).await;
    let story = Story::of(process.anonymous().sign_up("Ada").await).await;
    let user = &story.user;
    let item = format!("/api/approvals/{}", id(&story.change));
    user.post(&format!("{item}/approve"), &json!({})).await.expect(200);
    until(user, &item, |body| body["data"]["effect"] == "done").await;
    add(user, &provider().await).await;
    ask(user, LOOK_UP).await;
    let token = user.token().to_owned();
    let (well, log) = process.stop().await;
    assert!(well && !log.contains(LOOK_UP) && !log.contains(ANSWER), "{log}");

    let spans = collected.spans(&[KEY, LOOK_UP, ANSWER, &token, "Lovelace"]);
    let tool = |span: &Span| {
        let of = read(&span.attributes);
        (of["gen_ai.operation.name"].clone(), of["gen_ai.tool.name"].clone(), of["gen_ai.tool.type"].clone())
    };
    let expected = |name: &str| ("execute_tool".to_owned(), name.to_owned(), "function".to_owned());
    let searches = named(&spans, "execute_tool search_records");
    let search = searches.last().unwrap();
    assert_eq!(tool(search), expected("search_records"));
    assert_eq!(read(&search.attributes)["gen_ai.tool.call.id"], "call_1");
    let calls = named(&spans, "chat asked");
    assert_eq!(calls.len(), 2, "{calls:?}");
    let runs = named(&spans, "invoke_agent Operations assistant");
    let run = runs.iter().find(|run| run.span_id == search.parent_span_id).expect("a run around the search");
    assert!(calls.iter().all(|call| call.parent_span_id == run.span_id && call.trace_id == run.trace_id));
    // The run waits while an effect is carried out, so it is in a trace of its own, with the run's id.
    let effects = named(&spans, "execute_tool update_record");
    let [effect] = effects.as_slice() else { panic!("{} effects", effects.len()) };
    assert_eq!(tool(effect), expected("update_record"));
    assert!(effect.parent_span_id.is_empty());
    assert_eq!(read(&effect.attributes)["run_id"], story.run);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_told_where_the_workspace_says_so_and_in_no_log() {
    let (collected, at) = collector().await;
    let process = Process::start_with("trace", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &at)]).await;
    let user = process.anonymous().sign_up("Ada").await;
    let path = format!("/api/workspaces/{}/openness", user.workspace());
    assert_eq!(user.get(&path).await.expect(200).body["data"]["contentInTraces"], false);
    let open = user.request(Method::PATCH, &path).json(&json!({ "contentInTraces": true }));
    assert_eq!(Reply::of(open).await.expect(200).body["data"]["contentInTraces"], true);
    run_on(&user, &provider().await).await;
    let audit = user.get("/api/audit-log?limit=50").await;
    let rows = audit.expect(200).body["data"].as_array().unwrap();
    let change = rows.iter().find(|row| row["action"] == "workspace.openness_changed").expect("an entry");
    assert_eq!(change["details"]["after"]["contentInTraces"], true);
    let token = user.token().to_owned();
    let (well, log) = process.stop().await;
    assert!(well && !log.contains(ANSWER), "{log}");
    assert!(!log.contains("gen_ai.input.messages"));

    let spans = collected.spans(&[KEY, &token]);
    let of = read(&named(&spans, "chat asked")[0].attributes);
    let messages = |name: &str| serde_json::from_str::<Value>(&of[name]).unwrap();
    let asked = messages("gen_ai.input.messages");
    let last = asked.as_array().unwrap().last().unwrap();
    assert_eq!(*last, json!({ "role": "user", "parts": [{ "type": "text", "content": QUESTION }] }));
    assert_eq!(asked[0]["role"], "system");
    let answer =
        json!([{ "role": "assistant", "finish_reason": "stop", "parts": [{ "type": "text", "content": ANSWER }] }]);
    assert_eq!(messages("gen_ai.output.messages"), answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_silent_disturbs_nobody() {
    let provider = provider().await;
    // Nobody listens on the first; the second takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = (format!("http://{}", silent.local_addr().unwrap()), Some(silent));
    for (at, _open) in [("http://127.0.0.1:9".to_owned(), None), silent] {
        let process = Process::start_with("warn", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &at)]).await;
        let user = process.anonymous().sign_up("Ada").await;
        run_on(&user, &provider).await;
        let asked = Instant::now();
        let (well, log) = process.stop().await;
        assert!(well, "{log}");
        assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?} to end", asked.elapsed());
        assert!(log.contains("collector") && !log.contains(r#""level":"error""#), "{log}");
        assert!(!log.contains(KEY) && !log.contains(QUESTION));
    }
}
