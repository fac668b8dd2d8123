//! Drawing, keeping and showing pictures. Whose `image` it is, the slice of its owner says, in the same transaction.

use bytes::Bytes;

use super::{Change, Picture, drawing, store};
use crate::{
    Error, Result,
    db::{SystemTx, TenantTx},
    ids::{PictureId, UserId, WorkspaceId},
    services::Services,
};

/// Who looks at a picture.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The person, or whose program it is.
    pub user: UserId,
    /// The only workspace that a program may look into.
    pub only: Option<WorkspaceId>,
    /// A second factor was shown, or the program's person has one.
    pub has_second_factor: bool,
}

/// A picture; one that is not for this viewer answers like one that never was.
pub async fn get(s: &Services, viewer: &Viewer, id: PictureId) -> Result<Picture> {
    let mut tx = s.db.system("a picture, for whoever may see it").await?;
    store::seen_by(&mut tx, viewer, id).await?.ok_or_else(|| Error::not_found("picture"))
}

/// Draws what somebody has uploaded. It is kept nowhere yet.
pub(crate) async fn draw(change: Change<Bytes>) -> Result<Change<Picture>> {
    Ok(match change {
        Change::Keep => Change::Keep,
        Change::Remove => Change::Remove,
        Change::Take(file) => Change::Take(drawing::draw(file).await?),
    })
}

/// A person's picture, after the person's row was changed: that puts those who do so at once into one order.
pub(crate) async fn set_of_person(tx: &mut SystemTx, user: UserId, change: &Change<Picture>) -> Result<()> {
    match change {
        Change::Keep => Ok(()),
        Change::Remove => store::delete_of_person(tx, user).await,
        Change::Take(picture) => store::put_of_person(tx, user, picture).await,
    }
}

/// The picture of the transaction's workspace, likewise.
pub(crate) async fn set_of_workspace(tx: &mut TenantTx, change: &Change<Picture>) -> Result<()> {
    match change {
        Change::Keep => Ok(()),
        Change::Remove => store::delete_of_workspace(tx).await,
        Change::Take(picture) => store::put_of_workspace(tx, picture).await,
    }
}
