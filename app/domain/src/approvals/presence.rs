//! Who else looks at an item now. A browser says so every ten seconds while the card is open, and once more when it leaves; what
//! it said is over after 25 seconds. That is no event of record: it stands in no log, and may be lost.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// Somebody else who has the card open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Watcher {
    /// Who.
    pub user_id: UserId,
    /// The name.
    pub name: String,
}

#[cfg(feature = "ssr")]
pub use self::said::{may_see, purge, say};

#[cfg(feature = "ssr")]
mod said {
    use super::Watcher;
    use crate::{
        Actor, Error, Result, Role,
        approvals::{presence_store as store, service::reader},
        ids::ApprovalId,
        services::Services,
    };

    /// The most characters that name an open card.
    const MAX_TAB: usize = 64;

    /// Says that this person has a card open, or (`here` is false) not any more; answers who else has. `tab` tells several open
    /// cards of one person apart. Whoever looks at the card elsewhere is told when somebody comes or goes.
    pub async fn say(s: &Services, actor: &Actor, id: ApprovalId, tab: &str, here: bool) -> Result<Vec<Watcher>> {
        reader(actor)?;
        let (user, _) = actor.person()?;
        if tab.is_empty() || tab.chars().count() > MAX_TAB || tab.contains('\0') {
            let message = format!("Something that tells open cards apart, please: 1 to {MAX_TAB} characters.");
            return Err(Error::invalid("tab", "length", message));
        }
        let mut tx = s.db.tenant(actor).await?;
        if !store::sees(&mut tx, id).await? {
            return Err(Error::not_found("approval"));
        }
        let before = store::is_here(&mut tx, id, user).await?;
        if here {
            store::come(&mut tx, id, user, tab).await?;
        } else {
            store::leave(&mut tx, id, user, tab).await?;
        }
        let after = store::is_here(&mut tx, id, user).await?;
        let others = store::others(&mut tx, id, user).await?;
        tx.commit().await?;
        if before != after {
            s.hub.poke_presence(actor.workspace, id);
        }
        Ok(others)
    }

    /// Whether somebody may be told that people come and go at an item.
    pub async fn may_see(s: &Services, actor: &Actor, id: ApprovalId) -> Result<bool> {
        if actor.role().is_some_and(Role::sees_all_approvals) {
            return Ok(true);
        }
        if reader(actor).is_err() {
            return Ok(false);
        }
        let mut tx = s.db.tenant(actor).await?;
        store::sees(&mut tx, id).await
    }

    /// Removes what is over; answers how much.
    pub async fn purge(s: &Services) -> Result<u64> {
        let mut tx = s.db.system("open cards that are not open any more").await?;
        let removed = store::purge(&mut tx).await?;
        tx.commit().await?;
        Ok(removed)
    }
}
