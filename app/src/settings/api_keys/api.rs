//! What the forms of Settings → API keys do.

use hyvve_domain::{
    api_keys::{NewApiKey, Scope, service},
    ids::ApiKeyId,
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, leave_form, tell},
};

/// Makes a key; the page that shows next has its secret, once.
#[server(prefix = "/_fn", endpoint = "api-keys/make", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn make_api_key(
    /// What uses it.
    name: String,
    /// How many days it works.
    days: u32,
    /// It may see what its person sees.
    #[server(default)]
    read: bool,
    /// It may start runs.
    #[server(default)]
    propose: bool,
    /// It may approve and reject.
    #[server(default)]
    decide: bool,
    /// It may change the workspace.
    #[server(default)]
    admin: bool,
) -> Result<(), ApiError> {
    let chosen = [(Scope::Read, read), (Scope::Propose, propose), (Scope::Decide, decide), (Scope::Admin, admin)];
    let scopes: Vec<Scope> = chosen.into_iter().filter_map(|(scope, chosen)| chosen.then_some(scope)).collect();
    let mut typed = vec![("name", name.clone()), ("days", days.to_string()), ("typed", "1".to_owned())];
    typed.extend(scopes.iter().map(|scope| (scope.as_str(), "1".to_owned())));
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let new = NewApiKey { name, scopes, expires_in_days: Some(days) };
        let (key, secret) = service::create(&services, &actor, new).await?;
        tell(vec![("made", key.name), ("secret", secret.expose().to_owned())]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends a key.
#[server(prefix = "/_fn", endpoint = "api-keys/revoke", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn revoke_api_key(
    /// Which one.
    id: ApiKeyId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let key = service::revoke(&services, &actor, id).await?;
        tell(vec![("done", format!("“{}” opens nothing any more.", key.name))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
