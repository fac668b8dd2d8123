//! The kinds of providers, and what people need to know to begin with one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which wire format a provider speaks, and whose quirks it has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ProviderKind"))]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Built in: a script, no AI, no network.
    Sandbox,
    /// Claude: the Messages API.
    Anthropic,
    /// OpenAI itself: the Responses API.
    Openai,
    /// Google's Gemini: its own API.
    Gemini,
    /// DeepSeek: chat completions that want their reasoning back.
    Deepseek,
    /// OpenRouter: chat completions of many makers, each with its price.
    Openrouter,
    /// Chat completions as OpenAI defines them: Ollama, vLLM, LM Studio, LiteLLM, llama.cpp, …
    OpenaiCompatible,
}

/// Where a provider gives out keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeysPage {
    /// What the provider calls the page.
    pub name: &'static str,
    /// Its address.
    pub url: &'static str,
}

impl Kind {
    /// Those that can be added, in the order in which they are offered.
    pub const ADDABLE: [Self; 6] =
        [Self::Anthropic, Self::Openai, Self::Gemini, Self::Deepseek, Self::Openrouter, Self::OpenaiCompatible];

    /// The name on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Gemini => "gemini",
            Self::Deepseek => "deepseek",
            Self::Openrouter => "openrouter",
            Self::OpenaiCompatible => "openai_compatible",
        }
    }

    /// For people. The sandbox never passes for AI.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sandbox => "Sandbox (scripted, no AI)",
            Self::Anthropic => "Anthropic",
            Self::Openai => "OpenAI",
            Self::Gemini => "Google Gemini",
            Self::Deepseek => "DeepSeek",
            Self::Openrouter => "OpenRouter",
            Self::OpenaiCompatible => "OpenAI-compatible",
        }
    }

    /// One line for whoever chooses.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Sandbox => "A script that plays a model’s part.",
            Self::Anthropic => "Claude, with an API key of the Claude Console.",
            Self::Openai => "GPT, with an API key of the OpenAI Platform.",
            Self::Gemini => "Gemini, with an API key of Google AI Studio.",
            Self::Deepseek => "DeepSeek’s own models.",
            Self::Openrouter => "Models of many makers, with one key.",
            Self::OpenaiCompatible => {
                "A server of your own: Ollama, vLLM, LM Studio, LiteLLM, llama.cpp and their like."
            }
        }
    }

    /// Models to begin with, the best choice first: whole ids, or what the ids of a family begin with. Families, because each
    /// model is soon followed by the next; of one, the provider’s list names the newest first.
    pub const fn suggestions(self) -> &'static [&'static str] {
        match self {
            Self::Sandbox | Self::OpenaiCompatible => &[],
            Self::Anthropic => &["claude-sonnet-", "claude-"],
            Self::Openai => &["gpt-5.4", "gpt-5", "gpt-"],
            Self::Gemini => &["gemini-flash-latest", "gemini-3-flash", "gemini-"],
            Self::Deepseek => &["deepseek-flash", "deepseek-v4-flash", "deepseek-"],
            Self::Openrouter => &["anthropic/claude-sonnet-", "openai/gpt-", "google/gemini-"],
        }
    }

    /// Where requests go unless another address is entered; none where only the person knows.
    pub const fn base_url(self) -> Option<&'static str> {
        match self {
            Self::Sandbox | Self::OpenaiCompatible => None,
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Openai => Some("https://api.openai.com/v1"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com/v1beta"),
            Self::Deepseek => Some("https://api.deepseek.com/v1"),
            Self::Openrouter => Some("https://openrouter.ai/api/v1"),
        }
    }

    /// What comes before all paths of the format, for addresses that were entered as a host only.
    pub const fn root(self) -> &'static str {
        match self {
            Self::Gemini => "/v1beta",
            Self::Openrouter => "/api/v1",
            _ => "/v1",
        }
    }

    /// The page on which the provider gives out keys.
    pub const fn keys_page(self) -> Option<KeysPage> {
        let (name, url) = match self {
            Self::Sandbox | Self::OpenaiCompatible => return None,
            Self::Anthropic => ("Claude Console → API keys", "https://console.anthropic.com/settings/keys"),
            Self::Openai => ("OpenAI Platform → API keys", "https://platform.openai.com/api-keys"),
            Self::Gemini => ("Google AI Studio → API keys", "https://aistudio.google.com/api-keys"),
            Self::Deepseek => ("DeepSeek Platform → API keys", "https://platform.deepseek.com/api_keys"),
            Self::Openrouter => ("OpenRouter → Keys", "https://openrouter.ai/settings/keys"),
        };
        Some(KeysPage { name, url })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such kind that can be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no such kind of AI provider")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ADDABLE.into_iter().find(|kind| kind.as_str() == word).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere_and_everything_to_begin_with() {
        for kind in Kind::ADDABLE {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
            assert_eq!(kind.base_url().is_some(), kind.keys_page().is_some());
            assert!(kind.base_url().is_none_or(|url| url.ends_with(kind.root())), "{kind}");
            assert_eq!(kind.base_url().is_some(), !kind.suggestions().is_empty());
            assert!(kind.about().ends_with('.'), "{kind}");
        }
        assert_eq!("sandbox".parse::<Kind>(), Err(UnknownKind));
    }
}
