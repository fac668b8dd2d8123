//! What people choose: which kinds come, and by which ways.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Changes, Channels, Digest, Kind, Settings,
    settings_store::{self as store, Kept},
    store as rows,
};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    events::{DomainEvent, Draft, payload::Nothing},
    services::Services,
};

/// What the log calls it.
pub(super) const SUBJECT: &str = "notification_settings";
/// The hour of a daily digest of whoever has chosen none.
const USUAL_HOUR: i16 = 8;

/// The ways of a kind, as they were chosen, or as usual.
pub(super) fn ways(channels: &Value, kind: Kind) -> Channels {
    serde_json::from_value(channels[kind.as_str()].clone()).unwrap_or_else(|_| kind.usual())
}

fn of(kept: Option<Kept>, role: Role) -> Settings {
    let kept = kept.unwrap_or(Kept { channels: json!({}), digest: Digest::Daily, digest_hour: USUAL_HOUR, hook: None });
    let concerned = Kind::ALL.into_iter().filter(|kind| kind.concerns(role));
    Settings {
        channels: concerned.map(|kind| (kind, ways(&kept.channels, kind))).collect(),
        digest: kept.digest,
        digest_hour: kept.digest_hour,
        webhook: kept.hook,
    }
}

/// The actor's own choices.
pub async fn get(s: &Services, actor: &Actor) -> Result<Settings> {
    let (user, role) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    Ok(of(store::get(&mut tx, user).await?, role))
}

/// Changes the actor's own choices. They count for what was told before as well, as far as it has not left.
pub async fn change(s: &Services, actor: &Actor, changes: Changes) -> Result<Settings> {
    let (user, role) = actor.person()?;
    if changes.digest_hour.is_some_and(|hour| !(0..24).contains(&hour)) {
        return Err(Error::invalid("digestHour", "range", "An hour of the day is between 0 and 23."));
    }
    let named: BTreeMap<Kind, Channels> =
        changes.channels.into_iter().filter(|(kind, _)| kind.concerns(role)).collect();
    let channels = serde_json::to_value(&named).map_err(Error::internal)?;
    let mut tx = s.db.tenant(actor).await?;
    store::put(&mut tx, user, &channels, changes.digest, changes.digest_hour).await?;
    let unlisted = named.iter().filter(|(_, ways)| !ways.in_app).map(|(kind, _)| kind.as_str().to_owned());
    rows::read_unlisted(&mut tx, user, &unlisted.collect::<Vec<_>>()).await?;
    let after = of(store::get(&mut tx, user).await?, role);
    tx.audit(Entry::new("notification_settings.changed", SUBJECT, user.0));
    // What is kept out of the list is not counted any more.
    tx.emit(Draft::about(DomainEvent::NotificationChosen(Nothing {}), None).only_for(user));
    tx.commit().await?;
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::Mail;

    #[test]
    fn what_was_not_chosen_is_as_usual() {
        let chosen = json!({ "mentioned": { "inApp": false, "mail": "digest", "webhook": false }, "budget_alert": { "mail": 7 } });
        assert_eq!(ways(&chosen, Kind::Mentioned), Channels { in_app: false, mail: Mail::Digest, webhook: false });
        assert_eq!(ways(&chosen, Kind::BudgetAlert), Kind::BudgetAlert.usual());
        assert_eq!(ways(&chosen, Kind::RoleChanged), Kind::RoleChanged.usual());
    }
}
