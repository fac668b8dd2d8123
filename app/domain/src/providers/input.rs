//! What people enter about AI providers, and what a test of one answers. Shared with the browser.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{ids::ProviderId, said::said};

/// A provider's key on its way in. It travels only from the browser to the server, and does not print.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ProviderApiKey"))]
#[serde(transparent)]
pub struct ApiKey(pub String);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// A provider to add.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProvider {
    /// Its wire format.
    pub provider: Kind,
    /// What to call it; unless set, the kind’s name, or the host of a compatible server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where requests go; unless set, the kind’s own address. The sandbox has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The key; many self-hosted servers want none. Empty is the same as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKey>,
    /// The model that agents use unless they name one; unless set, a sensible one of those that the provider lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Agents without a provider of their own use this one from now on.
    #[serde(default)]
    pub make_default: bool,
}

/// Changes of a provider; what is missing stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderChanges {
    /// What to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where requests go. Where there is a key, it has to be entered again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Another key. Empty is the same as missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKey>,
    /// The model that agents use unless they name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Agents without a provider of their own use this one from now on.
    #[serde(default)]
    pub make_default: bool,
    /// Calls that go on at once; `null`: as many as come.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub max_at_once: Option<Option<i32>>,
    /// Calls that begin in a minute; `null`: as many as come.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub max_per_minute: Option<Option<i32>>,
}

/// Somebody to ask when an agent's provider gives no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FallbackChoice {
    /// Which provider.
    pub provider_id: ProviderId,
    /// The model; unless set, the provider's default.
    #[serde(default)]
    pub model: Option<String>,
}

/// What a test of a provider found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The provider took the key and listed its models.
    pub valid: bool,
    /// What went wrong and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The models that it offers, in its order.
    pub models: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_input_does_not_print_and_unknown_fields_are_refused() -> Result<(), serde_json::Error> {
        let body =
            r#"{"provider":"openai_compatible","baseUrl":"https://a.example","apiKey":"sk-canary","defaultModel":"m"}"#;
        let input: NewProvider = serde_json::from_str(body)?;
        assert_eq!(input.api_key, Some(ApiKey("sk-canary".into())));
        assert!(!format!("{input:?}").contains("canary"));
        assert!(serde_json::from_str::<NewProvider>(&body.replace("baseUrl", "base")).is_err());
        Ok(())
    }
}
