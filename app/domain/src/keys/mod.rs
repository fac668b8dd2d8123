//! How keys are kept: a few master keys outside the database, a data key for each workspace inside it.
//!
//! What a workspace entrusts to HYVVE (its providers' keys) is sealed with the workspace's **data key**, which is sealed with
//! the **master key** and stands in `workspace_keys` (`data.rs`). The data key goes with the workspace: what was sealed with it
//! is then noise, in every backup that does not hold the key as well. What belongs to no workspace (signing keys, authenticator
//! secrets, letters that wait) is sealed with the master key itself.
//!
//! The master key is **rotated beside running servers** (`rotation.rs`), and nothing is refused meanwhile:
//!
//! 1. Every server knows the new key before anybody seals with it. Servers read their keys again every few seconds and say in
//!    `key_holders` which they know; [`switch`] refuses while one that runs does not know the new key. A server that starts
//!    does so under the same lock, and does not start without a key that is in use.
//! 2. The row in `master_keys` that began last names the key that seals. Servers notice within seconds of each other, which
//!    harms nothing: all of them open both.
//! 3. What other keys have sealed is sealed anew in the background, row by row, each locked while it is.
//! 4. Once nothing is left, no server seals with an old key, and what was under way then has ended, the old key is retired: it
//!    opens nothing any more, and can be removed from the configuration.
//!
//! A **data key** is followed by another one by command (`data_rotation.rs`), beside running servers as well.
//!
//! A provider's key of before data keys (format 1) opens as it always has, and is sealed anew in the same way.

mod data;
mod data_rotation;
mod rotation;
mod store;

pub(crate) use self::data::{for_opening, for_opening_of, for_sealing, for_sealing_of};
pub use self::data_rotation::{Holder, NewDataKey, holders, rotate_data};
pub use self::rotation::{Keeper, Listed, Swept, Switch, Unsettled, leave, list, settle, sweep, switch};
