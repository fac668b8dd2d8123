//! What the form of policies does.

use hyvve_domain::approvals::policies::{Changed, service};
use leptos::prelude::*;

use super::typed::Typed;
pub use super::typed::{TypedHandling, TypedRule, TypedStep, TypedThresholds};
use crate::{
    ApiError, context,
    forms::{answer_at, done_at, page_before},
};

/// Changes a policy, or proposes the change to somebody else.
#[server(prefix = "/_fn", endpoint = "approval-policy/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_policy(
    /// Of which tool, or `*`.
    tool: String,
    /// From which score on which look is enough.
    thresholds: TypedThresholds,
    /// How its items wait.
    #[server(default)]
    handling: TypedHandling,
    /// Rules.
    #[server(default)]
    rules: Vec<TypedRule>,
    /// What happens while nobody decides.
    #[server(default)]
    steps: Vec<TypedStep>,
) -> Result<(), ApiError> {
    let typed = Typed { tool, thresholds, handling, rules, steps };
    let page = page_before(&context::parts()?.headers);
    let here = format!("{page}?{}", typed.query());
    answer_at(here, async move {
        let (services, actor) = context::actor().await?;
        match service::change(&services, &actor, typed.draft()?).await? {
            Changed { approval_id: Some(_), .. } => {
                done_at(&page, "Proposed. It holds as soon as another owner or admin has approved it.".to_owned());
            }
            Changed { version, .. } => {
                done_at(&page, format!("Saved: version {} holds from now on.", version.unwrap_or_default()));
            }
        }
        Ok::<_, ApiError>(())
    })
    .await
}
