//! What is settled before a page is rendered: who may come in, and what the frame around the page shows.
//!
//! It stands in front of the pages, not inside of them, so that a redirect is a redirect, a foreign workspace is a 404, and
//! the frame renders in one go.

use axum::{
    extract::Request,
    http::Uri,
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use hyvve_domain::{
    Error,
    address::percent_encode,
    approvals,
    auth::{self, SignedIn},
    events, notifications,
    services::Services,
    workspaces::{self, Membership, service::Named},
};

use super::{
    bell::Unread,
    entry::{Entry, FrameData, Pictures, WorkspaceName},
};
use crate::{
    account::{layout::OPERATOR, set_up_for},
    context::{RequestContext, slug},
    forms::local,
};

enum Gate {
    /// The page needs nothing.
    Open,
    /// The page comes in this frame, with these pictures, and so many notifications that were not read.
    In(Box<(Entry, Pictures, Unread)>),
    /// Somewhere else.
    To(String),
}

/// The layer in front of all pages; it finds the [`RequestContext`] in the request's extensions.
pub async fn gate(mut request: Request, next: Next) -> Response {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else { return next.run(request).await };
    match open(&context, request.uri()).await {
        Gate::Open => next.run(request).await,
        Gate::In(found) => {
            let (entry, pictures, unread) = *found;
            request.extensions_mut().insert(entry);
            request.extensions_mut().insert(pictures);
            request.extensions_mut().insert(unread);
            next.run(request).await
        }
        Gate::To(path) => Redirect::to(&path).into_response(),
    }
}

async fn open(context: &RequestContext, uri: &Uri) -> Gate {
    let (services, path) = (&context.services, uri.path());
    match (&context.signed_in, path, slug(path)) {
        (Some(signed_in), "/", _) => Gate::To(home(services, signed_in).await),
        (Some(_), "/sign-in" | "/sign-in/second-factor" | "/sign-up" | "/forgot-password", _) => Gate::To(next(uri)),
        (Some(_), "/account", _) => Gate::To("/account/profile".to_owned()),
        (Some(signed_in), _, Some(slug)) => match frame(services, signed_in, &slug).await {
            // The error says so to programs; people are sent to where they can do something about it.
            Err(error) if workspaces::service::asks_for_second_factor(&error) => Gate::To(set_up_for(&slug)),
            Ok((frame, pictures, unread)) => Gate::In(Box::new((Entry(Ok(frame)), pictures, unread))),
            Err(error) => Gate::In(Box::new((Entry(Err(error)), Pictures::default(), Unread::default()))),
        },
        (None, "/", _) => Gate::To("/sign-in".to_owned()),
        (None, path, slug) if slug.is_some() || path.starts_with("/account") || path.starts_with(OPERATOR) => {
            Gate::To(format!("/sign-in?next={}", percent_encode(&uri.to_string())))
        }
        _ => Gate::Open,
    }
}

/// The workspace that the person used last, or the first one; without any, where one makes one or has one back.
async fn home(services: &Services, signed_in: &SignedIn) -> String {
    let memberships = workspaces::service::memberships(services, signed_in.user.id).await.unwrap_or_default();
    let last = signed_in.session.active_organization_id;
    let found = memberships.iter().find(|m| Some(m.workspace.id) == last).or(memberships.first());
    found.map_or_else(|| "/account/workspaces".to_owned(), |m| format!("/w/{}", m.workspace.slug))
}

async fn frame(services: &Services, signed_in: &SignedIn, slug: &str) -> Result<(FrameData, Pictures, Unread), Error> {
    let person = &signed_in.user;
    let actor = workspaces::service::actor(services, signed_in, &Named::Slug(slug.to_owned())).await?;
    // Before everything that is read after it: what happens in between comes twice rather than never.
    let cursor = events::service::head(services, &actor).await?;
    let memberships = workspaces::service::memberships(services, person.id).await?;
    let is_here = |m: &&Membership| m.workspace.id == actor.workspace;
    let here = memberships.iter().find(is_here).ok_or_else(|| Error::not_found("workspace"))?;
    let name = |m: &Membership| WorkspaceName { name: m.workspace.name.clone(), slug: m.workspace.slug.clone() };
    auth::service::use_workspace(services, signed_in, actor.workspace).await?;
    let pictured = memberships.iter().filter_map(|m| Some((m.workspace.slug.clone(), m.workspace.image.clone()?)));
    let pictures = Pictures { person: person.image.clone(), workspaces: pictured.collect() };
    let frame = FrameData {
        workspace: actor.workspace,
        name: name(here),
        others: memberships.iter().filter(|m| !is_here(m)).map(name).collect(),
        user: person.id,
        person: person.name.clone(),
        email: person.email.clone(),
        role: here.role,
        pending: approvals::service::pending_count(services, &actor).await?,
        cursor,
    };
    let unread = Unread(notifications::service::unread(services, &actor).await?);
    Ok((frame, pictures, unread))
}

/// Where somebody who is signed in already wanted to go.
fn next(uri: &Uri) -> String {
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let next = query.find_map(|(name, value)| (name == "next").then_some(value));
    local(&next.unwrap_or_default()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_query_survives_the_way_through_sign_in() {
        let page = "/w/acme/approvals?tab=all&page=2";
        assert_eq!(percent_encode(page), "/w/acme/approvals%3Ftab%3Dall%26page%3D2");
        let uri = |text: &str| text.parse::<Uri>().unwrap_or_default();
        assert_eq!(next(&uri(&format!("/sign-in?next={}", percent_encode(page)))), page);
        for elsewhere in
            ["/sign-in", "/sign-in?next=https://evil.example", "/sign-in?next=%2F%2Fevil.example", "/sign-in?next=%ff"]
        {
            assert_eq!(next(&uri(elsewhere)), "/");
        }
    }
}
