//! The form that changes what would run: made here as HTML, sent the plain way, and shown again with what was refused.

mod fields;

use hyvve_domain::{
    Actor, Error,
    approvals::{
        Detail,
        edit::{self, Edit},
        form,
        outside::DecisionKind,
        service,
    },
    ids::ApprovalId,
    services::Services,
};
use serde_json::Value;

use super::edit::{Editor, TypedValue};
use crate::{
    ApiError,
    context::{actor, parts},
    flash::Flash,
    forms::{TOLD_MAX, go_on, page_before},
};

/// Under which name the next page is told which approval the form was about.
const OF: &str = "approval";
/// Under which name it is told where the argument stands that did not pass.
const AT: &str = "at";
/// The longest place that it is told.
const AT_MAX: usize = 300;

/// The form for somebody who may decide; nothing for what cannot be changed.
pub(super) async fn of(services: &Services, actor: &Actor, detail: &Detail) -> Result<Option<Editor>, Error> {
    if detail.outside.as_ref().is_some_and(|outside| !outside.allowed.contains(&DecisionKind::Edit)) {
        return Ok(None);
    }
    let fields = edit::fields(services, actor, detail).await?;
    Ok((!fields.is_empty()).then(|| fields::editor(detail, &fields, &refused(detail.item.id))))
}

/// Changes what would run as the form says, and approves that; answers as well what of the form is to survive an error.
pub(super) async fn change(
    id: ApprovalId,
    hash: String,
    values: Vec<TypedValue>,
) -> (Vec<(String, String)>, Result<(), ApiError>) {
    let mut typed = Vec::new();
    let Err(mut error) = attempt(id, hash, values, &mut typed).await else { return (Vec::new(), Ok(())) };
    let count = typed.len();
    let mut kept = fitting(typed);
    if kept.len() < count {
        error.0.message.push_str(" The longest of what you typed was too long to keep; it shows as it was proposed.");
    }
    kept.push((OF.to_owned(), id.to_string()));
    let at = error.detail("path").filter(|path| path.len() <= AT_MAX).map(str::to_owned);
    kept.extend(at.map(|path| (AT.to_owned(), path)));
    (kept, Err(error))
}

/// `typed`: what turned out not to be as it was.
async fn attempt(
    id: ApprovalId,
    hash: String,
    values: Vec<TypedValue>,
    typed: &mut Vec<(String, String)>,
) -> Result<(), ApiError> {
    let (services, actor) = actor().await?;
    let detail = service::get(&services, &actor, id).await?;
    let fields = edit::fields(&services, &actor, &detail).await?;
    let Value::Object(arguments) = detail.arguments else {
        return Err(Error::invalid("arguments", "object", "These are no arguments.").into());
    };
    let values: Vec<_> = values.into_iter().map(|TypedValue { path, value }| (path, value)).collect();
    *typed = form::changed(&fields, &values);
    let arguments = form::filled(&fields, arguments, &values)?;
    let change = Edit { arguments, note: None, hash: Some(hash), interactive: true };
    let new = Box::pin(edit::edit(&services, &actor, id, change)).await?;
    go_beside(new.item.id);
    Ok(())
}

/// Sends the form on to another approval than the one that it stood on.
fn go_beside(id: ApprovalId) {
    let Ok(parts) = parts() else { return };
    let page = page_before(&parts.headers);
    if let Some((queue, _)) = page.rsplit_once('/') {
        go_on(&format!("{queue}/{id}"));
    }
}

/// Of what was typed what the next page can be told, the shortest first.
fn fitting(mut typed: Vec<(String, String)>) -> Vec<(String, String)> {
    typed.sort_by_key(|(_, text)| text.len());
    let mut room = TOLD_MAX;
    typed.retain(|pair| {
        let size = serde_json::to_string(pair).map_or(usize::MAX, |json| json.len());
        let fits = size <= room;
        room -= if fits { size } else { 0 };
        fits
    });
    typed
}

/// What was refused of this very form, for the page that shows next; what the browser asks for later knows nothing of it.
fn refused(id: ApprovalId) -> Flash {
    let is_page = parts().is_ok_and(|parts| !parts.uri.path().starts_with("/_fn/"));
    let flash = if is_page { Flash::look() } else { None };
    flash.filter(|flash| flash.typed(OF) == id.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{TOLD_MAX, fitting};

    #[test]
    fn what_is_too_long_for_the_next_page_is_left_behind_and_nothing_else() {
        let typed = [("/body", "x".repeat(TOLD_MAX)), ("/subject", "Hello".to_owned()), ("/to", "a".to_owned())];
        let kept = fitting(typed.map(|(path, text)| (path.to_owned(), text)).to_vec());
        let paths: Vec<_> = kept.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["/to", "/subject"]);
        let quotes = vec![("/a".to_owned(), "\"".repeat(TOLD_MAX * 2 / 3))];
        assert!(fitting(quotes).is_empty(), "they need twice their room");
    }
}
