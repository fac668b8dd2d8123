//! Asking a provider before anything about it is kept: whether it takes the key, which models it has, and whether it has this
//! one. No transaction is open meanwhile.

use std::borrow::Cow;

use serde_json::json;

use super::{Endpoint, Failure, FailureKind, Kind, Listed, choice, sandbox, sender};
use crate::{Code, Error, Result, services::Services};

/// Whose form waits for the answer: its fields are what a refusal names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A provider's, with address, key and default model.
    Provider,
    /// An agent's, which has a model and no more.
    Agent,
}

impl Form {
    /// Its field for the model.
    pub(super) const fn model(self) -> &'static str {
        match self {
            Self::Provider => "defaultModel",
            Self::Agent => "model",
        }
    }
}

/// What a provider says of its models.
pub(super) enum Offer {
    /// These are all that it names.
    Listed(Vec<Listed>),
    /// It has no list. `answers` is a model that has answered.
    Unlisted {
        /// Its id.
        answers: Option<String>,
    },
}

impl Offer {
    /// What is kept of it.
    pub(super) fn models(&self) -> &[Listed] {
        match self {
            Self::Listed(models) => models,
            Self::Unlisted { .. } => &[],
        }
    }

    /// The same, for good.
    pub(super) fn into_models(self) -> Vec<Listed> {
        match self {
            Self::Listed(models) => models,
            Self::Unlisted { .. } => Vec::new(),
        }
    }
}

/// A provider as it would be asked: a new one has no row yet.
pub(super) struct Trial<'t> {
    pub(super) form: Form,
    pub(super) kind: Kind,
    /// What the workspace calls it.
    pub(super) name: &'t str,
    /// The sandbox has none.
    pub(super) endpoint: Option<&'t Endpoint>,
}

impl Trial<'_> {
    /// Tries the key and lists the models. A server that has no list is tried with the cheapest call that there is, of `model`.
    pub(super) async fn models(&self, s: &Services, model: Option<&str>) -> Result<Offer, Failure> {
        let (Some(adapter), Some(endpoint)) = (self.kind.adapter(), self.endpoint) else {
            return Ok(Offer::Listed(vec![Listed::of(sandbox::MODEL)]));
        };
        match sender::models(&s.http, adapter, endpoint, self.name, s.settings.stall).await {
            Ok(listed) => Ok(Offer::Listed(listed)),
            Err(failure) if self.kind == Kind::OpenaiCompatible && matches!(failure.status, Some(404 | 405 | 501)) => {
                self.unlisted(s, model, failure).await
            }
            Err(failure) => Err(no_list(failure)),
        }
    }

    /// Whether there is a server that answers, although it lists nothing. Without a model it can only be asked for none, and
    /// then whatever it says about that, the address is right.
    async fn unlisted(&self, s: &Services, model: Option<&str>, missing: Failure) -> Result<Offer, Failure> {
        match self.answers(s, model.unwrap_or_default()).await {
            Ok(()) => Ok(Offer::Unlisted { answers: model.map(str::to_owned) }),
            Err(failure) if failure.kind == FailureKind::Unreachable => Err(no_list(missing)),
            Err(failure)
                if model.is_none()
                    && matches!(
                        failure.kind,
                        FailureKind::ModelNotFound | FailureKind::Refused | FailureKind::Overloaded
                    ) =>
            {
                Ok(Offer::Unlisted { answers: None })
            }
            Err(failure) => Err(failure),
        }
    }

    /// Asks a model for one token.
    async fn answers(&self, s: &Services, model: &str) -> Result<(), Failure> {
        let (Some(adapter), Some(endpoint)) = (self.kind.adapter(), self.endpoint) else { return Ok(()) };
        sender::answers(&s.http, adapter, endpoint, self.name, model, s.settings.stall).await
    }

    /// The model to keep: the one that is wanted, if the provider has it, else one to begin with.
    pub(super) async fn model(&self, s: &Services, offer: &Offer, wanted: Option<String>) -> Result<String> {
        let listed = match (offer, &wanted) {
            (Offer::Listed(listed), _) => listed.as_slice(),
            (Offer::Unlisted { answers }, Some(model)) if answers.as_ref() != Some(model) => {
                self.answers(s, model).await.map_err(|failure| self.refused(failure))?;
                &[]
            }
            (Offer::Unlisted { .. }, _) => &[],
        };
        let Some(wanted) = wanted else {
            return choice::first(self.kind, listed).map(|model| model.id.clone()).ok_or_else(|| self.lists_none());
        };
        // A list that is empty says nothing: some servers have a model and list none.
        if listed.is_empty() || choice::is_listed(self.kind, listed, &wanted) || self.is_there(s, &wanted).await? {
            return Ok(wanted);
        }
        let close = choice::close(listed, &wanted).join(", ");
        let instead = if close.is_empty() {
            "Please choose one of those that it lists.".to_owned()
        } else {
            format!("Did you mean one of these? {close}")
        };
        Err(unprocessable(self.form.model(), "model", format!("{} has no model “{wanted}”. {instead}", self.name)))
    }

    /// Asks for one model by its id, where the kind's API can be asked so: aliases of models are in no list.
    async fn is_there(&self, s: &Services, model: &str) -> Result<bool> {
        let (Some(adapter), Some(endpoint)) = (self.kind.adapter(), self.endpoint) else { return Ok(false) };
        let asked = sender::has_model(&s.http, adapter, endpoint, self.name, model, s.settings.stall).await;
        asked.map_err(|failure| self.refused(failure))
    }

    fn lists_none(&self) -> Error {
        let message = format!("{} lists no models. Please enter the one that agents shall use.", self.name);
        unprocessable(self.form.model(), "required", message)
    }

    /// What a failed trial is for whoever sent the form: which field it is about, what the provider said, what to do.
    pub(super) fn refused(&self, failure: Failure) -> Error {
        let kind = failure.kind;
        let (field, remedy) = match (self.form, kind) {
            (Form::Agent, _) => (self.form.model(), failure.remedy().into()),
            (_, FailureKind::ModelNotFound) => {
                (self.form.model(), "Check its spelling: this server lists no models.".into())
            }
            (_, FailureKind::InvalidKey | FailureKind::NoCredit | FailureKind::RateLimited) => {
                ("apiKey", self.remedy(&failure))
            }
            _ => ("baseUrl", self.remedy(&failure)),
        };
        unprocessable(field, kind.as_str(), told(&failure, &remedy))
    }

    /// What to do where address and key are at hand.
    fn remedy(&self, failure: &Failure) -> Cow<'static, str> {
        let has_key = self.endpoint.is_some_and(|endpoint| endpoint.key.is_some());
        match (failure.kind, self.kind.keys_page()) {
            (FailureKind::InvalidKey, _) if !has_key => "It wants a key: please enter one.".into(),
            (FailureKind::InvalidKey, Some(page)) => format!("Copy it again from {}, as a whole.", page.name).into(),
            (FailureKind::InvalidKey, None) => "Copy it again, as a whole.".into(),
            (FailureKind::Unreachable, _) => "Check the base URL, and that this server can reach it.".into(),
            _ => failure.remedy().into(),
        }
    }
}

/// Where there is no list of models, there is no such service: the words of the reply may speak of a model nonetheless.
fn no_list(failure: Failure) -> Failure {
    let kind = if failure.kind == FailureKind::ModelNotFound { FailureKind::Unreachable } else { failure.kind };
    Failure { kind, ..failure }
}

/// What happened, in the provider's own words too, and what to do.
pub(super) fn told(failure: &Failure, remedy: &str) -> String {
    let said = failure.said.as_deref().map_or_else(String::new, |words| format!(" “{words}”"));
    format!("{failure}{said} {remedy}")
}

/// Understood, but not so: nothing was saved.
fn unprocessable(field: &str, constraint: &str, message: String) -> Error {
    Error::new(Code::Unprocessable, message).with(json!({ "field": field, "constraint": constraint }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::BaseUrl;

    fn refused(form: Form, kind: FailureKind, of: Kind, key: Option<&str>) -> Result<Error> {
        let failure = Failure {
            kind,
            provider: "P".into(),
            status: Some(401),
            retry_after: None,
            said: Some("Incorrect API key provided.".into()),
        };
        let endpoint = Endpoint { base_url: BaseUrl::parse("https://a.example")?, key: key.map(Into::into) };
        Ok(Trial { form, kind: of, name: "P", endpoint: Some(&endpoint) }.refused(failure))
    }

    #[test]
    fn a_refusal_names_the_field_what_was_said_and_what_to_do() -> Result<()> {
        let error = refused(Form::Provider, FailureKind::InvalidKey, Kind::Openai, Some("sk"))?;
        assert_eq!((error.code, error.field()), (Code::Unprocessable, Some("apiKey")));
        let said = "P refused the key (401). “Incorrect API key provided.”";
        assert_eq!(error.message, format!("{said} Copy it again from OpenAI Platform → API keys, as a whole."));
        let error = refused(Form::Provider, FailureKind::InvalidKey, Kind::Openai, None)?;
        assert_eq!(error.message, format!("{said} It wants a key: please enter one."));
        for (kind, field, constraint) in [
            (FailureKind::NoCredit, "apiKey", "no_credit"),
            (FailureKind::RateLimited, "apiKey", "rate_limited"),
            (FailureKind::Unreachable, "baseUrl", "unreachable"),
            (FailureKind::ModelNotFound, "defaultModel", "model_not_found"),
            (FailureKind::NotAllowed, "baseUrl", "not_allowed"),
            (FailureKind::Stalled, "baseUrl", "stalled"),
            (FailureKind::BadReply, "baseUrl", "bad_reply"),
        ] {
            let details = refused(Form::Provider, kind, Kind::OpenaiCompatible, None)?.details;
            assert_eq!(details, Some(json!({ "field": field, "constraint": constraint })), "{kind:?}");
        }
        let error = refused(Form::Agent, FailureKind::InvalidKey, Kind::Openai, Some("sk"))?;
        assert_eq!(error.field(), Some("model"));
        assert!(error.message.ends_with("Check the key in Settings → AI providers."), "{}", error.message);
        Ok(())
    }
}
