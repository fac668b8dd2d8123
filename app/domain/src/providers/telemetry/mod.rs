//! One span for each call of a model, under the names that OpenTelemetry gives to what generative AI does
//! (<https://github.com/open-telemetry/semantic-conventions-genai>). None of these names is stable, so all of them stand here.
//!
//! No span says what was asked or answered unless the workspace wants it: a conversation belongs to it, and whoever watches the
//! server is not part of it. The log says it never.

mod content;
mod spans;
#[cfg(test)]
mod tests;

pub use spans::{Execution, RunSpan, ToolSpan, Work};

use std::time::{Duration, Instant};

use tracing::{Span, field::Empty};

use self::content::Said;
use super::{ChatRequest, Failure, Finish, Kind, ModelEvent, ModelStream, Usage};

/// What the spans of calls are filtered by, in the log and wherever else they go.
pub const TARGET: &str = module_path!();

/// What the attributes are called.
pub mod names {
    /// What is done: `chat`, `invoke_agent`, `execute_tool`.
    pub const OPERATION: &str = "gen_ai.operation.name";
    /// Which format the provider speaks.
    pub const PROVIDER: &str = "gen_ai.provider.name";
    /// The model that was asked for.
    pub const REQUEST_MODEL: &str = "gen_ai.request.model";
    /// Whether the answer was to be streamed.
    pub const REQUEST_STREAM: &str = "gen_ai.request.stream";
    /// What the provider calls the answer.
    pub const RESPONSE_ID: &str = "gen_ai.response.id";
    /// The model that answered, as the provider names it.
    pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
    /// Why the answer ended; a list wherever attributes can be lists.
    pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
    /// Seconds until the first piece of the answer.
    pub const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
    /// Tokens read, those of caches included.
    pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    /// Tokens written, reasoning included.
    pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    /// Of those read: from a cache.
    pub const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
    /// Of those read: written into a cache.
    pub const CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
    /// Of those written: reasoning.
    pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
    /// The conversation.
    pub const CONVERSATION: &str = "gen_ai.conversation.id";
    /// The agent.
    pub const AGENT_ID: &str = "gen_ai.agent.id";
    /// What the workspace calls it.
    pub const AGENT_NAME: &str = "gen_ai.agent.name";
    /// The tool.
    pub const TOOL_NAME: &str = "gen_ai.tool.name";
    /// What kind of tool it is.
    pub const TOOL_TYPE: &str = "gen_ai.tool.type";
    /// What the model calls its call of the tool.
    pub const TOOL_CALL: &str = "gen_ai.tool.call.id";
    /// What the model was asked: only where the workspace wants it, and in no log.
    pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
    /// What it answered: likewise.
    pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
    /// What went wrong: a [`super::super::FailureKind`], or `cancelled`.
    pub const ERROR_TYPE: &str = "error.type";
    /// The span's own name, which is made of operation and model.
    pub const SPAN: &str = "otel.name";
    /// On which side of the call HYVVE is.
    pub const SPAN_KIND: &str = "otel.kind";
    /// Whether it went wrong.
    pub const SPAN_STATUS: &str = "otel.status_code";
}

/// The operation: the model continues a conversation.
const CHAT: &str = "chat";
/// Nobody wanted the rest of the answer.
const CANCELLED: &str = "cancelled";
/// The most characters of an answer's id: it is the provider's word.
const ID: usize = 200;

/// Who calls which model.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Which format the provider speaks.
    pub provider: Kind,
    /// The model that is asked for.
    pub model: &'a str,
    /// In which run.
    pub work: Work<'a>,
    /// The run's span.
    pub within: Option<&'a RunSpan>,
    /// What is asked, where the workspace wants that and the answer in its traces.
    pub content: Option<&'a ChatRequest>,
}

/// The span of one call, open from its beginning until the answer is complete, has failed, or is wanted no more.
#[derive(Debug)]
pub struct CallSpan {
    span: Span,
    began: Instant,
    seen: Seen,
    is_open: bool,
}

/// What an answer has said of itself so far.
#[derive(Default, Debug)]
struct Seen {
    first_piece: Option<Duration>,
    id: Option<String>,
    model: Option<String>,
    usage: Option<Usage>,
    /// Only where it is to be told.
    said: Option<Said>,
}

impl CallSpan {
    /// The call begins.
    pub fn begin(call: &Call<'_>) -> Self {
        let name = format!("{CHAT} {}", call.model);
        let span = tracing::info_span!(
            parent: call.within.and_then(RunSpan::id),
            "model call",
            { names::SPAN } = name,
            { names::SPAN_KIND } = "client",
            { names::SPAN_STATUS } = Empty,
            { names::OPERATION } = CHAT,
            { names::PROVIDER } = name_of(call.provider),
            { names::REQUEST_MODEL } = call.model,
            { names::REQUEST_STREAM } = true,
            { names::RESPONSE_ID } = Empty,
            { names::RESPONSE_MODEL } = Empty,
            { names::FINISH_REASONS } = Empty,
            { names::TIME_TO_FIRST_CHUNK } = Empty,
            { names::INPUT_TOKENS } = Empty,
            { names::OUTPUT_TOKENS } = Empty,
            { names::CACHE_READ } = Empty,
            { names::CACHE_CREATION } = Empty,
            { names::REASONING_TOKENS } = Empty,
            { names::CONVERSATION } = %call.work.conversation,
            { names::AGENT_ID } = %call.work.agent,
            { names::AGENT_NAME } = call.work.agent_name,
            { names::INPUT_MESSAGES } = call.content.map(content::input),
            { names::OUTPUT_MESSAGES } = Empty,
            { names::ERROR_TYPE } = Empty,
            workspace_id = %call.work.workspace,
            run_id = %call.work.run,
        );
        let seen = Seen { said: call.content.map(|_| Said::default()), ..Seen::default() };
        Self { span, began: Instant::now(), seen, is_open: true }
    }

    /// Waits for the provider's first word, and then goes with the answer.
    pub async fn around(
        mut self,
        opening: impl Future<Output = Result<ModelStream, Failure>>,
    ) -> Result<ModelStream, Failure> {
        match opening.await {
            Ok(stream) => Ok(stream.watched_by(self)),
            Err(failure) => {
                self.failed(failure.kind.as_str());
                Err(failure)
            }
        }
    }

    /// What the provider calls the answer, as far as it has said so.
    pub(super) fn identify(&mut self, id: Option<&str>) {
        if let (None, Some(id)) = (&self.seen.id, id) {
            self.seen.id = Some(id.chars().take(ID).collect());
        }
    }

    /// What the answer brought next.
    pub(super) fn saw(&mut self, next: &Result<Option<Vec<ModelEvent>>, Failure>) {
        let events = match next {
            Ok(events) => events.as_deref().unwrap_or_default(),
            Err(failure) => return self.failed(failure.kind.as_str()),
        };
        self.seen.first_piece.get_or_insert_with(|| self.began.elapsed());
        for event in events {
            if let Some(said) = &mut self.seen.said {
                said.take(event);
            }
            match event {
                ModelEvent::Model(name) => self.seen.model = Some(name.clone()),
                ModelEvent::Usage(usage) => self.seen.usage = Some(*usage),
                ModelEvent::Finish(finish) => self.answered(*finish),
                _ => {}
            }
        }
    }

    fn answered(&mut self, finish: Finish) {
        if self.close(Some(reason(finish))) {
            self.span.record(names::FINISH_REASONS, reason(finish));
            tracing::debug!(parent: &self.span, "a model answered");
        }
    }

    fn failed(&mut self, why: &'static str) {
        if self.close(None) {
            self.span.record(names::SPAN_STATUS, "ERROR");
            self.span.record(names::ERROR_TYPE, why);
            tracing::debug!(parent: &self.span, { "error.type" = why }, "a model call failed");
        }
    }

    /// Notes what the answer has said of itself; once, because names of a span do not have two values.
    fn close(&mut self, finish: Option<&'static str>) -> bool {
        let was_open = std::mem::take(&mut self.is_open);
        if was_open {
            let Seen { first_piece, id, model, usage, said } = std::mem::take(&mut self.seen);
            self.span.record(names::RESPONSE_ID, id);
            self.span.record(names::OUTPUT_MESSAGES, said.map(|said| said.output(finish)));
            self.span.record(names::RESPONSE_MODEL, model);
            self.span.record(names::TIME_TO_FIRST_CHUNK, first_piece.map(|time| time.as_secs_f64()));
            if let Some(usage) = usage {
                for (name, tokens) in [
                    (names::INPUT_TOKENS, usage.input),
                    (names::OUTPUT_TOKENS, usage.output),
                    (names::CACHE_READ, usage.cache_read),
                    (names::CACHE_CREATION, usage.cache_write),
                    (names::REASONING_TOKENS, usage.reasoning),
                ] {
                    // Attributes of spans have signed numbers only.
                    self.span.record(name, tokens as i64);
                }
            }
        }
        was_open
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        self.failed(CANCELLED);
    }
}

/// As the conventions call the provider, where they do; otherwise as HYVVE does.
const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Gemini => "gcp.gemini",
        other => other.as_str(),
    }
}

const fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::ToolCalls => "tool_calls",
        Finish::Length => "length",
        Finish::ContentFilter => "content_filter",
    }
}
