//! What a span says of its call, and what it keeps to itself.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};
use uuid::Uuid;

use super::*;
use crate::{
    ids::{AgentId, AgentSessionId, RunId, WorkspaceId},
    providers::{FailureKind, Message, SANDBOX_MODEL},
};

/// Every attribute of every span, and how often each was given a value.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl<S: Subscriber> Layer<S> for Book {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut self.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

impl Visit for Book {
    fn record_str(&mut self, field: &Field, value: &str) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.entry(field.name().to_owned()).or_default().push(value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// What stands in the span of a call that went so.
async fn written(happens: impl AsyncFnOnce(CallSpan)) -> BTreeMap<String, String> {
    written_with(None, happens).await
}

/// The same where the workspace wants to read there what was asked.
async fn written_with(content: Option<&ChatRequest>, happens: impl AsyncFnOnce(CallSpan)) -> BTreeMap<String, String> {
    let book = Book::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(book.clone()));
    let id = Uuid::nil();
    happens(CallSpan::begin(&Call {
        provider: Kind::Gemini,
        model: "gemini-x",
        work: Work {
            workspace: WorkspaceId(id),
            run: RunId(id),
            conversation: AgentSessionId(id),
            agent: AgentId(id),
            agent_name: "Ada's helper",
        },
        within: None,
        content,
    }))
    .await;
    drop(guard);
    let book = std::mem::take(&mut *book.0.lock().unwrap_or_else(PoisonError::into_inner));
    let once = |(name, values): (String, Vec<String>)| {
        assert_eq!(values.len(), 1, "{name} has more than one value: {values:?}");
        (name, values.concat())
    };
    book.into_iter().map(once).collect()
}

fn failure() -> Failure {
    Failure {
        kind: FailureKind::RateLimited,
        provider: "canary".into(),
        status: Some(429),
        retry_after: None,
        said: Some("canary".into()),
    }
}

#[tokio::test]
async fn an_answer_is_in_its_span_with_the_names_of_the_conventions() {
    let usage = Usage { input: 30, output: 12, reasoning: 5, cache_read: 20, cache_write: 4, cost_micros: None };
    let mut span = written(async |mut call| {
        call.identify(Some("resp-1"));
        call.identify(Some("resp-2"));
        call.saw(&Ok(Some(vec![ModelEvent::Model("gemini-x-001".into()), ModelEvent::Text("canary".into())])));
        call.saw(&Ok(Some(vec![ModelEvent::Usage(Usage { input: 30, ..Usage::default() })])));
        call.saw(&Ok(Some(vec![ModelEvent::Usage(usage), ModelEvent::Finish(Finish::ToolCalls)])));
        call.saw(&Ok(None));
    })
    .await;
    let seconds = span.remove("gen_ai.response.time_to_first_chunk");
    assert!(seconds.is_some_and(|text| text.parse::<f64>().is_ok_and(|seconds| (0.0..60.0).contains(&seconds))));
    let nil = Uuid::nil().to_string();
    let expected = [
        ("otel.name", "chat gemini-x"),
        ("otel.kind", "client"),
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "gcp.gemini"),
        ("gen_ai.request.model", "gemini-x"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.response.id", "resp-1"),
        ("gen_ai.response.model", "gemini-x-001"),
        ("gen_ai.response.finish_reasons", "tool_calls"),
        ("gen_ai.usage.input_tokens", "30"),
        ("gen_ai.usage.output_tokens", "12"),
        ("gen_ai.usage.cache_read.input_tokens", "20"),
        ("gen_ai.usage.cache_creation.input_tokens", "4"),
        ("gen_ai.usage.reasoning.output_tokens", "5"),
        ("gen_ai.conversation.id", &nil),
        ("gen_ai.agent.id", &nil),
        ("gen_ai.agent.name", "Ada's helper"),
        ("workspace_id", &nil),
        ("run_id", &nil),
    ];
    assert_eq!(span, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn what_was_said_is_in_a_span_where_the_workspace_wants_it_there() {
    let request = ChatRequest { messages: vec![Message::user("A question")], ..ChatRequest::default() };
    let span = written_with(Some(&request), async |mut call| {
        call.saw(&Ok(Some(vec![ModelEvent::Text("An ".into()), ModelEvent::Text("answer".into())])));
        call.saw(&Ok(Some(vec![ModelEvent::Finish(Finish::Stop)])));
    })
    .await;
    let said = |name: &str| span.get(name).cloned().unwrap_or_default();
    assert_eq!(said(names::INPUT_MESSAGES), r#"[{"parts":[{"content":"A question","type":"text"}],"role":"user"}]"#);
    let answer = r#"[{"finish_reason":"stop","parts":[{"content":"An answer","type":"text"}],"role":"assistant"}]"#;
    assert_eq!(said(names::OUTPUT_MESSAGES), answer);
}

#[tokio::test]
async fn a_failure_is_in_its_span_by_its_kind_and_without_the_providers_words() {
    for late in [false, true] {
        let span = written(async |mut call| {
            if late {
                call.saw(&Ok(Some(vec![ModelEvent::Usage(Usage { input: 3, ..Usage::default() })])));
                call.saw(&Err(failure()));
            } else {
                assert!(call.around(async { Err(failure()) }).await.is_err());
            }
        })
        .await;
        assert_eq!(span.get("error.type").map(String::as_str), Some("rate_limited"));
        assert_eq!(span.get("otel.status_code").map(String::as_str), Some("ERROR"));
        assert_eq!(span.get("gen_ai.usage.input_tokens").map(String::as_str), late.then_some("3"));
        assert!(!format!("{span:?}").contains("canary"));
    }
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_was_cancelled_and_one_that_is_complete_was_not() {
    let request =
        ChatRequest { model: SANDBOX_MODEL.into(), messages: vec![Message::user("canary")], ..ChatRequest::default() };
    for whole in [false, true] {
        let span = written(async |call| {
            let opening = async { Ok(ModelStream::sandbox(&request, Duration::ZERO)) };
            let Ok(mut stream) = call.around(opening).await else { return };
            if whole {
                while let Ok(Some(_)) = stream.next().await {}
            }
        })
        .await;
        assert_eq!(span.contains_key("gen_ai.response.finish_reasons"), whole);
        assert_eq!(span.get("error.type").map(String::as_str), (!whole).then_some("cancelled"));
        assert!(!format!("{span:?}").contains("canary"));
    }
}
