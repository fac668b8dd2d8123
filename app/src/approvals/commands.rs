//! What the command menu offers of approvals: what the keys and the forms of the open card do, and one's own filters.

use hyvve_domain::{Role, approvals::saved};

use super::{care::PAUSES, narrow};
use crate::{
    ApiError,
    shell::{Command, Visit, use_frame},
    ui::Glyph,
};

/// Where the page has buttons to decide with.
const DECIDABLE: &str = ".actions .decision";
/// Where something can be taken back: what was decided last, or all of the last selection.
const UNDOABLE: &str = ".split form:not([hidden]) [aria-keyshortcuts=z]";

/// What somebody with this role may do with approvals, and his or her filters. What of it is possible, the page says that shows.
pub(crate) async fn commands(visit: &Visit, role: Role) -> Result<Vec<Command>, ApiError> {
    if !role.sees_approvals() {
        return Ok(Vec::new());
    }
    let frame = use_frame();
    let mut commands = Vec::new();
    if role.can_decide() {
        let me = frame.data().user;
        commands.extend(deciding(&format!("choose assign-to {me}"), &format!("#assign-to option[value='{me}']")));
    }
    commands.extend(moving());
    for filter in saved::service::list(&visit.services, &visit.actor).await? {
        let href = frame.href(&narrow::path_of(&filter));
        commands.push(Command::go(format!("Filter: {}", filter.name), Glyph::Approvals, &href));
    }
    Ok(commands)
}

/// What is done with the approval that is open.
fn deciding(to_me: &str, possible: &str) -> Vec<Command> {
    let mut all = vec![
        Command::press("Approve", Glyph::Check, "a").needs(DECIDABLE),
        Command::press("Reject", Glyph::Close, "r").needs(DECIDABLE).words("decline refuse deny"),
        Command::press("Edit & approve", Glyph::Edit, "e")
            .needs(".actions [aria-keyshortcuts=e]")
            .words("edit and approve change"),
        Command::press("Undo", Glyph::Undo, "z").needs(UNDOABLE).words("take back"),
        Command::new("Ask the agent", Glyph::Chat, "unfold ask-question").needs("#ask-question").words("question"),
        Command::new("Assign it to me", Glyph::Person, to_me).needs(possible).words("take over"),
        Command::new("Hand it over", Glyph::Person, "unfold assign-to").needs("#assign-to").words("assign reassign"),
    ];
    all.extend(PAUSES.map(|(hours, words)| {
        Command::new(format!("Put it off {words}"), Glyph::Clock, format!("choose snooze-for {hours}"))
            .needs("#snooze-for")
            .words("snooze")
    }));
    all.push(Command::press("Select it, to decide on several", Glyph::Approvals, "x").needs(DECIDABLE));
    all
}

/// What everybody does who reads the queue.
fn moving() -> [Command; 3] {
    [
        Command::new("Comment on it", Glyph::Chat, "unfold comment-body").needs("#comment-body"),
        Command::press("Next approval", Glyph::Right, "j").needs(".split"),
        Command::press("Previous approval", Glyph::Left, "k").needs(".split"),
    ]
}
