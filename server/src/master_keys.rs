//! `hyvve keys rotate-master`: another master key seals from now on. Works beside running servers, which refuse nothing meanwhile.

use std::{io::Write, path::Path, time::Duration};

use anyhow::{Result, bail};
use hyvve_domain::{
    keys::{self, Listed, Switch},
    services::Services,
};
use tokio::time::{Instant, sleep};

use crate::{secrets, startup};

/// Between two questions whether all servers know the key.
const GLANCE: Duration = Duration::from_millis(500);

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Rotation<'a> {
    /// Where keys stand that came later than the first.
    pub data_dir: &'a Path,
    /// HYVVE makes its keys itself.
    pub embedded: bool,
    /// Which key is to seal, where the command names one.
    pub to: Option<u32>,
    /// For how long servers may take to know it.
    pub wait: Duration,
}

/// Waits until every server knows the key, lets it seal, and seals anew what others have sealed.
pub async fn rotate(services: &Services, rotation: Rotation<'_>, out: &mut impl Write) -> Result<()> {
    let Rotation { data_dir, embedded, to, wait } = rotation;
    let to = match to {
        Some(to) => to,
        None => next(services.sealer.seals(), data_dir, embedded)?,
    };
    startup::learn(&services.sealer, data_dir)?;
    let began = Instant::now();
    loop {
        match keys::switch(services, to).await? {
            Switch::Done => {
                writeln!(out, "Master key {to} seals from now on.")?;
                break;
            }
            Switch::Already => {
                writeln!(out, "Master key {to} seals already.")?;
                break;
            }
            Switch::Unknown { without, servers } if began.elapsed() >= wait => bail!(
                "{without} of {servers} servers that run do not know master key {to}, so nothing was changed. Give it to them, \
                 in ENCRYPTION_KEYS or as secrets/encryption-key-{to} in the data folder, and try again"
            ),
            Switch::Unknown { .. } => sleep(GLANCE).await,
        }
    }
    let mut anew = 0;
    loop {
        let swept = keys::sweep(services, false).await?;
        anew += swept.done;
        if swept.found == 0 {
            writeln!(out, "Everything is sealed with it ({anew} values by this command).")?;
            return Ok(());
        }
        if swept.done == 0 {
            bail!("{} values cannot be sealed anew: the log says why", swept.found)
        }
    }
}

/// The key that was made last and has not sealed yet, else a new one.
fn next(present: u32, data_dir: &Path, embedded: bool) -> Result<u32> {
    let newer = secrets::further_keys(data_dir)?.into_iter().map(|(id, _)| id).filter(|id| *id > present).max();
    match newer {
        Some(id) => Ok(id),
        None if embedded => secrets::make_further_key(data_dir),
        None => bail!(
            "HYVVE makes no keys for a database of your own. Make one (`openssl rand -hex 32`), give it to every server, as \
             2:<key> in ENCRYPTION_KEYS or as the file secrets/encryption-key-2 in its data folder, keep a copy, and run \
             `hyvve keys rotate-master --to 2`"
        ),
    }
}

/// Writes a line for each master key.
pub async fn list(services: &Services, out: &mut impl Write) -> Result<()> {
    for key in keys::list(services).await? {
        writeln!(out, "{}", in_words(&key))?;
    }
    Ok(())
}

fn in_words(Listed { id, since, seals, retired_at }: &Listed) -> String {
    match retired_at {
        _ if *seals => format!("master key {id}: seals since {since}"),
        Some(at) => format!("master key {id}: retired {at}, nothing needs it"),
        None => format!("master key {id}: opens what it has sealed before"),
    }
}
