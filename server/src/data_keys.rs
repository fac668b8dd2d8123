//! `hyvve keys rotate-data`: a workspace's secrets are sealed with another key from now on. Works beside running servers.

use std::io::Write;

use anyhow::{Result, bail};
use hyvve_domain::{
    keys::{self, NewDataKey},
    services::Services,
};

/// Gives a workspace another data key, or every workspace that has one.
pub async fn rotate(services: &Services, workspace: Option<&str>, out: &mut impl Write) -> Result<()> {
    let holders = keys::holders(services, workspace).await?;
    if let (Some(slug), true) = (workspace, holders.is_empty()) {
        bail!("there is no workspace {slug:?}");
    }
    let mut left = 0;
    for holder in holders {
        if !holder.has_key {
            writeln!(out, "{}: nothing is sealed there, so there is no data key", holder.slug)?;
            continue;
        }
        let new = keys::rotate_data(services, holder.workspace).await?;
        left += new.swept.found - new.swept.done;
        writeln!(out, "{}: {}", holder.slug, in_words(&new))?;
    }
    if left > 0 {
        bail!("{left} values cannot be sealed anew, so their data keys stay: the log says why");
    }
    Ok(())
}

fn in_words(NewDataKey { version, swept, removed }: &NewDataKey) -> String {
    let gone: Vec<String> = removed.iter().map(|version| format!(", data key {version} is removed")).collect();
    format!("data key {version} seals from now on, {} values were sealed anew{}", swept.done, gone.concat())
}
