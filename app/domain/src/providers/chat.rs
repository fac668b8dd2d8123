//! What a model is asked and what it streams, in no provider's words.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request for one answer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The model's id at the provider.
    pub model: String,
    /// Models that the provider itself may answer with instead, best first. Only OpenRouter does so; no other is told.
    pub fallback_models: Vec<String>,
    /// Standing instructions.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// The form that the answer's text shall have; free text unless set.
    pub output: Option<OutputForm>,
    /// At most this many output tokens, if set.
    pub max_output_tokens: Option<u32>,
}

impl ChatRequest {
    /// How much there is to read: bytes of text, and pictures.
    pub fn size(&self) -> (u64, u64) {
        let (mut text, mut pictures) = (self.system.len(), 0);
        for message in &self.messages {
            match message {
                Message::User { text: words, images } => {
                    text += words.len();
                    pictures += images.len();
                }
                Message::Assistant { parts } => text += parts.iter().map(|part| part.content.len()).sum::<usize>(),
                Message::Tool { name, content, .. } => text += name.len() + content.len(),
            }
        }
        for tool in &self.tools {
            text += tool.name.len() + tool.description.len() + tool.parameters.to_string().len();
        }
        (text as u64, pictures as u64)
    }
}

/// One message of a conversation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// A person's words.
    User {
        /// The text.
        text: String,
        /// Pictures that belong to it.
        images: Vec<Image>,
    },
    /// A model's answer.
    Assistant {
        /// What it is made of, in the model's order.
        parts: Vec<Part>,
    },
    /// What a tool answered.
    Tool {
        /// The call that it answers.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// The answer as text (usually JSON).
        content: String,
        /// The call failed, was refused or was rejected.
        is_error: bool,
    },
}

impl Message {
    /// A person's words without pictures.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into(), images: Vec::new() }
    }

    /// The calls in it, in order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        let parts = if let Self::Assistant { parts } = self { parts.as_slice() } else { &[] };
        parts.iter().filter_map(|part| if let Content::Call(call) = &part.content { Some(call) } else { None })
    }
}

/// A piece of a model's answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// What it says.
    pub content: Content,
    /// What the provider wants back with it, unchanged; only ever of the model that is asked.
    pub seal: Option<Seal>,
}

impl From<Content> for Part {
    fn from(content: Content) -> Self {
        Self { content, seal: None }
    }
}

/// What a part says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Words of the answer.
    Text(String),
    /// Words of its reasoning; empty where the provider keeps them to itself.
    Reasoning(String),
    /// A call of a tool.
    Call(ToolCall),
}

impl Content {
    /// The bytes of its text.
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Reasoning(text) => text.len(),
            Self::Call(call) => call.name.len() + call.arguments.len(),
        }
    }
}

/// A provider's own proof of what its model thought: a signature, or the thoughts encrypted. HYVVE reads nothing in it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seal(pub Value);

impl Seal {
    /// Whether it proves a thought to whoever made it, who may hold it to everything that stood before. What only names the
    /// field that plain reasoning goes back in is as good anywhere.
    pub fn is_proof(&self) -> bool {
        self.0.get("field").is_none()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

/// A picture for the model to look at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What it is encoded as.
    pub media_type: ImageType,
    /// The bytes, in base64 with padding (RFC 4648, 4).
    pub base64: String,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}, {} characters)", self.media_type.as_str(), self.base64.len())
    }
}

impl Image {
    /// As a `data:` URL (RFC 2397).
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.media_type.as_str(), self.base64)
    }
}

/// The encodings that every provider with eyes reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ImageType {
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
    /// GIF; models look at its first picture.
    #[serde(rename = "image/gif")]
    Gif,
}

impl ImageType {
    /// The media type (RFC 6838).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// JSON of a schema, instead of free text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OutputForm {
    /// `snake_case`, at most 64 characters.
    pub name: String,
    /// JSON Schema, an object in which everything is required and nothing else allowed: all providers enforce that much.
    pub schema: Value,
}

/// A call that a model made. The arguments are its own text, not yet trusted to be JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ToolCall {
    /// The provider's id of the call; made up by the adapter when a provider sends none.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// JSON text as the model wrote it.
    pub arguments: String,
}

/// A tool as a model is told of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ToolSpec {
    /// `snake_case`, unique.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// One thing that a model streamed.
#[derive(Clone, PartialEq, Debug)]
pub enum ModelEvent {
    /// The model that really answers, as the provider names it.
    Model(String),
    /// More of the answer. Empty text begins a part that has none.
    Text(String),
    /// More of the model's reasoning. Empty text begins a part that shows none.
    Reasoning(String),
    /// A call begins. `index` orders parallel calls.
    ToolCallStart {
        /// The call's place among the answer's calls, from 0.
        index: usize,
        /// The provider's id of it.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a call's arguments.
    ToolCallArguments {
        /// Which call.
        index: usize,
        /// JSON text.
        delta: String,
    },
    /// The part that was begun last is complete, with what the provider wants back with it. Parts that nobody ends end
    /// where another begins.
    PartEnd(Option<Seal>),
    /// What the answer cost; the last one counts.
    Usage(Usage),
    /// The answer is complete.
    Finish(Finish),
}

/// Tokens of one answer. `input` includes those read from a cache and written into it, `output` includes reasoning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "TokenUsage"))]
#[serde(default)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Of `output`: spent on reasoning, where the provider tells.
    pub reasoning: u64,
    /// Of `input`: read from the provider's cache.
    #[serde(alias = "cached")]
    pub cache_read: u64,
    /// Of `input`: written into the provider's cache, where that has a price.
    pub cache_write: u64,
    /// What the provider says it charged, in micro-dollars, where it does (OpenRouter).
    pub cost_micros: Option<u64>,
}

impl Usage {
    /// The same, where no count is larger than `most`.
    #[must_use]
    pub fn within(self, most: u64) -> Self {
        Self {
            input: self.input.min(most),
            output: self.output.min(most),
            reasoning: self.reasoning.min(most),
            cache_read: self.cache_read.min(most),
            cache_write: self.cache_write.min(most),
            cost_micros: self.cost_micros.map(|cost| cost.min(most)),
        }
    }

    /// As AgentOS names it (`metrics` of its events and runs); the cost, in dollars, only where the provider says it.
    pub fn metrics(&self) -> Value {
        let mut metrics = json!({
            "input_tokens": self.input,
            "output_tokens": self.output,
            "total_tokens": self.input + self.output,
            "reasoning_tokens": self.reasoning,
            "cache_read_tokens": self.cache_read,
            "cache_write_tokens": self.cache_write,
        });
        if let Some(micros) = self.cost_micros {
            metrics["cost"] = json!(micros as f64 / 1e6);
        }
        metrics
    }
}

impl std::iter::Sum for Usage {
    /// What they cost together is known where it is known of each.
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let both = |one: Self, other: Self| Self {
            input: one.input + other.input,
            output: one.output + other.output,
            reasoning: one.reasoning + other.reasoning,
            cache_read: one.cache_read + other.cache_read,
            cache_write: one.cache_write + other.cache_write,
            cost_micros: one.cost_micros.zip(other.cost_micros).map(|(one, other)| one + other),
        };
        all.reduce(both).unwrap_or_default()
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was complete.
    Stop,
    /// The model wants tools called.
    ToolCalls,
    /// The output limit, or the end of the model's context, cut it off.
    Length,
    /// The model declined, or the provider's filter cut it off.
    ContentFilter,
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn usage_that_was_stored_before_caches_were_told_apart_still_reads() -> Result<(), serde_json::Error> {
        let old = json!({"input": 10, "output": 5, "reasoning": 2, "cached": 4, "cost_micros": null});
        let expected = Usage { input: 10, output: 5, reasoning: 2, cache_read: 4, ..Usage::default() };
        assert_eq!(serde_json::from_value::<Usage>(old)?, expected);
        Ok(())
    }

    #[test]
    fn usage_adds_up_and_an_unknown_price_is_not_a_price_of_nothing() {
        let priced = |cost: u64| Usage { cost_micros: Some(cost), input: 1, ..Usage::default() };
        let unpriced = Usage { input: 2, cache_write: 3, ..Usage::default() };
        let total: Usage = [priced(5), priced(6)].into_iter().sum();
        assert_eq!((total.input, total.cost_micros), (2, Some(11)));
        for part in
            [[priced(5), unpriced, priced(6)], [unpriced, priced(5), priced(6)], [priced(5), priced(6), unpriced]]
        {
            let total: Usage = part.into_iter().sum();
            assert_eq!((total.input, total.cache_write, total.cost_micros), (4, 3, None));
        }
        assert_eq!(iter::empty().sum::<Usage>(), Usage::default());
    }

    #[test]
    fn what_is_large_or_sealed_does_not_print() {
        let image = Image { media_type: ImageType::Png, base64: "canary".into() };
        assert_eq!(format!("{image:?} {:?}", Seal(json!("canary"))), "Image(image/png, 6 characters) Seal(…)");
        assert_eq!(image.data_url(), "data:image/png;base64,canary");
    }
}
