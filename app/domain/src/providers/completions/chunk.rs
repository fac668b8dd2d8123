//! One streamed chunk, as servers really send it: any field may be missing or `null`.

use serde::Deserialize;
use serde_json::Value;

use crate::providers::Usage;

#[derive(Deserialize)]
pub(super) struct Chunk {
    pub(super) id: Option<Value>,
    pub(super) model: Option<String>,
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<Value>,
    /// OpenRouter, LiteLLM and vLLM report a failure in mid-stream here.
    pub(super) error: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) delta: Option<Delta>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Delta {
    pub(super) content: Option<Value>,
    /// OpenAI: why the model declines; it is what the model says.
    pub(super) refusal: Option<String>,
    /// DeepSeek, vLLM, llama.cpp.
    pub(super) reasoning_content: Option<String>,
    /// OpenRouter, Ollama. A server that sends both sends the same text twice.
    pub(super) reasoning: Option<String>,
    /// OpenRouter: the same for returning, with signatures.
    pub(super) reasoning_details: Option<Vec<Value>>,
    pub(super) tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Deserialize)]
pub(super) struct CallDelta {
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionDelta>,
}

#[derive(Deserialize)]
pub(super) struct FunctionDelta {
    pub(super) name: Option<String>,
    /// Text; some servers send the object itself.
    pub(super) arguments: Option<Value>,
}

/// Reads a `usage` object; unknown forms count as nothing rather than break an answer. `charges`: it says what was charged.
pub(super) fn usage(value: &Value, charges: bool) -> Usage {
    let tokens = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let input = tokens("/prompt_tokens");
    Usage {
        input,
        // xAI and Gemini count reasoning beside the completion, and in the total.
        output: tokens("/completion_tokens").max(tokens("/total_tokens").saturating_sub(input)),
        reasoning: tokens("/completion_tokens_details/reasoning_tokens"),
        // The second is DeepSeek's own name; it sends either or both.
        cache_read: tokens("/prompt_tokens_details/cached_tokens").max(tokens("/prompt_cache_hit_tokens")),
        cache_write: tokens("/prompt_tokens_details/cache_write_tokens"),
        cost_micros: charged(value).filter(|_| charges).and_then(micros),
    }
}

/// What OpenRouter charged. With a maker's key of the workspace's own the maker charges the rest itself.
fn charged(value: &Value) -> Option<f64> {
    let dollars = |pointer: &str| value.pointer(pointer).and_then(Value::as_f64);
    let own = dollars("/cost")?;
    match value.get("is_byok").and_then(Value::as_bool) {
        Some(true) => Some(own + dollars("/cost_details/upstream_inference_cost")?),
        _ => Some(own),
    }
}

/// From US dollars.
fn micros(dollars: f64) -> Option<u64> {
    let micros = (dollars * 1e6).round();
    (0.0..=1e15).contains(&micros).then_some(micros as u64)
}

/// The text in `content`: a string, or (Mistral) a list of parts, some of which are reasoning.
pub(super) enum Words {
    Text(String),
    Reasoning(String),
}

/// What `content` says, in order.
pub(super) fn words(content: Value) -> Vec<Words> {
    match content {
        Value::String(text) => vec![Words::Text(text)],
        Value::Array(parts) => parts.into_iter().filter_map(part).collect(),
        _ => Vec::new(),
    }
}

fn part(mut part: Value) -> Option<Words> {
    if let Some(Value::String(text)) = part.get_mut("text").map(Value::take) {
        return Some(Words::Text(text));
    }
    let thinking = part.get("thinking")?.as_array()?;
    Some(Words::Reasoning(thinking.iter().filter_map(|t| t.get("text")?.as_str()).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usage_is_read_in_every_dialect() {
        let usage = |value: &Value| usage(value, false);
        let openai = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}});
        let expected = Usage { input: 10, output: 5, reasoning: 2, cache_read: 4, ..Usage::default() };
        assert_eq!(usage(&openai), expected);
        let deepseek = json!({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8});
        assert_eq!(usage(&deepseek).cache_read, 8);
        let xai = json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
            "completion_tokens_details": {"reasoning_tokens": 94}});
        assert_eq!((usage(&xai).output, usage(&xai).reasoning), (103, 94));
        let strange = json!({"prompt_tokens": -1, "completion_tokens": "many", "total_tokens": [], "cost": -3,
            "prompt_tokens_details": null});
        assert_eq!(super::usage(&strange, true), Usage::default());
    }

    #[test]
    fn what_was_charged_is_believed_of_openrouter_alone_with_what_the_maker_charges_itself() {
        let mut openrouter = json!({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.013_317_6, "is_byok": false,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 7},
            "cost_details": {"upstream_inference_cost": 0.25}});
        let charged = |value: &Value| usage(value, true).cost_micros;
        assert_eq!((charged(&openrouter), usage(&openrouter, true).cache_write), (Some(13_318), 7));
        assert_eq!(usage(&openrouter, false).cost_micros, None);
        openrouter["is_byok"] = json!(true);
        assert_eq!(charged(&openrouter), Some(263_318));
        // What the maker charged is not said: then nobody has said what it cost.
        openrouter["cost_details"] = Value::Null;
        assert_eq!(charged(&openrouter), None);
    }
}
