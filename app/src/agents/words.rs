//! Tools and models in the words of people who do not write either.

use hyvve_domain::providers::SANDBOX_MODEL;

/// What the sandbox is called wherever it shows: it never passes for AI.
pub const SANDBOX: &str = "Sandbox — scripted, no AI";

/// What a call of a tool does, in plain words.
pub fn tool_label(name: &str) -> String {
    match name {
        "search_records" => "Look records up".to_owned(),
        "create_record" => "Add a record".to_owned(),
        "update_record" => "Change a record".to_owned(),
        "delete_record" => "Delete a record".to_owned(),
        "send_email" => "Send a mail".to_owned(),
        "http_request" => "Ask a web address".to_owned(),
        "ask_human" => "Ask you".to_owned(),
        "change_policy" => "Change a policy".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Provider and model, as far as they are known.
pub fn runs_on(provider: Option<&str>, model: Option<&str>) -> Option<String> {
    match (provider, model) {
        (_, Some(SANDBOX_MODEL)) => Some(SANDBOX.to_owned()),
        (Some(provider), Some(model)) => Some(format!("{model} · {provider}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::{SANDBOX, runs_on};

    #[test]
    fn the_sandbox_never_passes_for_ai() {
        assert_eq!(runs_on(Some("Clever"), Some("sandbox-script")).as_deref(), Some(SANDBOX));
        assert_eq!(runs_on(Some("Acme AI"), Some("m-1")).as_deref(), Some("m-1 · Acme AI"));
        assert_eq!(runs_on(None, None), None);
    }
}
