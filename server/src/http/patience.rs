//! Long polls: an answer as soon as there is one, or what there is after a while.

use std::time::Duration;

use hyvve_domain::Error;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{asking::Entered, problem::Problem};

/// The longest wait, in seconds: proxies end what is silent for longer.
const MAX_SECONDS: u64 = 60;
/// A busy workspace has news all the time; looking more often than this helps nobody.
const GAP: Duration = Duration::from_millis(100);
/// How often it is looked at although nothing said so: a lost hint only delays.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long the caller waits.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wait {
    #[serde(default)]
    wait_seconds: u64,
}

impl Wait {
    fn checked(&self) -> Result<Duration, Error> {
        if self.wait_seconds > MAX_SECONDS {
            let why = format!("At most {MAX_SECONDS} seconds, please; then ask again.");
            return Err(Error::invalid("waitSeconds", "range", why));
        }
        Ok(Duration::from_secs(self.wait_seconds))
    }
}

/// Looks until what it sees is final, or the time is over, or the server stops. Whoever loses the right to look meanwhile is told
/// nothing more.
pub(crate) async fn patiently<T, F>(
    asking: &Entered,
    stopping: &CancellationToken,
    wait: &Wait,
    look: impl Fn() -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<(T, bool), Error>>,
{
    let until = Instant::now() + wait.checked()?;
    let welcome = asking.welcome();
    let mut news = asking.services.hub.follow_workspace(asking.actor.workspace);
    loop {
        news.mark_unchanged();
        let (seen, is_final) = look().await?;
        if is_final || Instant::now() >= until || stopping.is_cancelled() {
            return Ok(seen);
        }
        tokio::select! {
            // The hub is gone only when the process ends.
            _ = news.changed() => sleep(GAP).await,
            () = sleep_until(until.min(Instant::now() + LOOK_AGAIN)) => {}
            () = stopping.cancelled() => {}
        }
        if !welcome.lasts().await {
            return Err(Error::unauthorized().into());
        }
    }
}
