//! What the pages of an account have in common.

use hyvve_domain::jobs::service as jobs;
use leptos::prelude::*;

use crate::{
    auth::SIGN_OUT,
    context,
    flash::Flash,
    ui::{Button, PageHeader, Variant},
};

/// Where operators see how jobs go.
pub(crate) const JOBS: &str = "/operator/jobs";
/// What the paths of operators' pages begin with.
pub(crate) const OPERATOR: &str = "/operator/";
/// Where they see letters that could not leave.
const LETTERS: &str = "/operator/letters";

/// A page of the account, and its path.
const SECTIONS: [(&str, &str); 4] = [
    ("Profile", "/account/profile"),
    ("Security", "/account/security"),
    ("Sessions", "/account/sessions"),
    ("Workspaces", "/account/workspaces"),
];

/// A page of the account: its title, a sentence about it, what came of the last form, and what stands on it.
pub(super) fn account_page(title: &'static str, lead: &'static str, flash: &Flash, content: AnyView) -> AnyView {
    let links = SECTIONS.iter().map(|(name, path)| {
        let current = (*name == title).then_some("page");
        view! { <a href=*path class="subnav-link" aria-current=current>{*name}</a> }
    });
    let operates = context::signed_in().ok().filter(|(services, who)| jobs::is_for(services, who));
    let silent = operates.as_ref().is_some_and(|(services, _)| services.mailer.is_silent());
    let jobs = operates.map(|_| view! { <a href=JOBS class="subnav-link">"Jobs of all workspaces"</a> });
    let letters = silent.then(|| view! { <a href=LETTERS class="subnav-link">"Letters that could not leave"</a> });
    view! {
        {header()}
        <div class="page settings">
            <nav class="subnav" aria-label="Your account">{links.collect_view()}{jobs}{letters}</nav>
            <div class="min-w-0">
                <PageHeader title=title lead=lead/>
                <div class="stack">
                    {done(flash)}
                    {content}
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// What stands above a page that belongs to no workspace.
pub(crate) fn header() -> AnyView {
    view! {
        <header class="app-header">
            <nav class="breadcrumb" aria-label="Breadcrumb"><a href="/">"Back to your workspace"</a></nav>
            <div class="grow"></div>
            <form method="post" action=SIGN_OUT>
                <Button variant=Variant::Ghost kind="submit">"Sign out"</Button>
            </form>
        </header>
    }
    .into_any()
}

/// What the last form did.
pub(crate) fn done(flash: &Flash) -> AnyView {
    let done = Some(flash.typed("done")).filter(|done| !done.is_empty());
    done.map(|done| view! { <p class="form-done" role="status">{done}</p> }).into_any()
}

/// What the server said about none of a form's fields.
pub(super) fn message(flash: &Flash, fields: &[&str]) -> AnyView {
    flash.beside(fields).map(|message| view! { <p class="form-message" role="alert">{message}</p> }).into_any()
}
