//! What the home page asks the server.

use hyvve_domain::{agents::Run, approvals::figures::Figures, audit::Row};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{PageRequest, Role, agents, approvals, audit};

/// What happened last, as far as the reader's role goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Activity {
    /// Everything, from the audit log.
    Log(Vec<Row>),
    /// The runs that the reader may see.
    Runs(Vec<Run>),
}

/// How many rows of activity show.
#[cfg(feature = "ssr")]
const SHOWN: i64 = 8;

/// The queue in numbers.
#[server(prefix = "/_fn", endpoint = "home/figures", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn get_figures() -> Result<Figures, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        approvals::figures::figures(&services, &actor).await
    })
    .await
}

/// What happened last.
#[server(prefix = "/_fn", endpoint = "home/activity", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn get_activity() -> Result<Activity, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        if actor.role().is_some_and(Role::can_audit) {
            return audit::service::list(&services, &actor, None, SHOWN).await.map(Activity::Log);
        }
        let runs =
            agents::service::runs(&services, &actor, Default::default(), PageRequest::new(None, Some(SHOWN))).await?;
        Ok(Activity::Runs(runs.items))
    })
    .await
}
