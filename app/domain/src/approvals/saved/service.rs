//! Looking at, making, changing and removing one's own.

use super::{FilterChanges, MAX, NewFilter, SavedFilter, store};
use crate::{
    Actor, Code, Error, Result,
    approvals::service::{reader, sensible},
    ids::{FilterId, UserId},
    services::Services,
};

/// The most characters of a name.
const MAX_NAME: usize = 80;

/// One's own, by their names.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<SavedFilter>> {
    let user = own(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    store::list(&mut tx, user, None).await
}

/// Saves one.
pub async fn create(s: &Services, actor: &Actor, new: NewFilter) -> Result<SavedFilter> {
    let user = own(actor)?;
    let name = name(&new.name)?;
    sensible(&new.filter.clone().into())?;
    let mut tx = s.db.tenant(actor).await?;
    if store::lock_count(&mut tx, user).await? >= MAX {
        let why = format!("You have {MAX} saved filters here, which is as many as there may be. Remove one first.");
        return Err(Error::new(Code::Unprocessable, why));
    }
    let id = FilterId::new();
    if !store::insert(&mut tx, user, id, name, &new.filter).await? {
        return Err(taken(name));
    }
    let made = found(store::list(&mut tx, user, Some(id)).await?)?;
    tx.commit().await?;
    Ok(made)
}

/// Names one anew, or lets it show something else.
pub async fn update(s: &Services, actor: &Actor, id: FilterId, changes: FilterChanges) -> Result<SavedFilter> {
    let user = own(actor)?;
    let called = changes.name.as_deref().map(name).transpose()?;
    if let Some(filter) = &changes.filter {
        sensible(&filter.clone().into())?;
    }
    let mut tx = s.db.tenant(actor).await?;
    found(store::list(&mut tx, user, Some(id)).await?)?;
    if !store::update(&mut tx, user, id, called, changes.filter.as_ref()).await? {
        return Err(taken(called.unwrap_or_default()));
    }
    let changed = found(store::list(&mut tx, user, Some(id)).await?)?;
    tx.commit().await?;
    Ok(changed)
}

/// Removes one.
pub async fn delete(s: &Services, actor: &Actor, id: FilterId) -> Result<()> {
    let user = own(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    if !store::delete(&mut tx, user, id).await? {
        return Err(Error::not_found("filter"));
    }
    tx.commit().await
}

/// Whoever sees approvals has filters of them.
fn own(actor: &Actor) -> Result<UserId> {
    reader(actor)?;
    Ok(actor.person()?.0)
}

fn found(list: Vec<SavedFilter>) -> Result<SavedFilter> {
    list.into_iter().next().ok_or_else(|| Error::not_found("filter"))
}

fn taken(name: &str) -> Error {
    Error::invalid("name", "once", format!("You have a filter called “{name}” already."))
}

fn name(text: &str) -> Result<&str> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err(Error::invalid("name", "required", "Please name the filter.")),
        1..=MAX_NAME if !name.chars().any(char::is_control) => Ok(name),
        _ => Err(Error::invalid("name", "maxLength", "A name has at most 80 characters, none of them for control.")),
    }
}
