//! Pictures of people and of workspaces: how they come, and how they are shown.
//!
//! They come by forms that need no JavaScript, which are answered with the page that they stand on, and by programs, which are
//! answered with what has changed.

use axum::{
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyvve_app::{
    context::RequestContext,
    flash::Flash,
    forms::{is_plain, page_before},
};
use hyvve_domain::{
    Error,
    auth::account,
    ids::{PictureId, WorkspaceId},
    pictures::service,
    workspaces::service::{self as workspaces, Named},
};
use serde::Serialize;

use crate::{
    asking::{Admin, Anyone, Caller, Person},
    extract::Ids,
    guard::Unread,
    problem::Problem,
    reply::{Answer, data},
};

/// Another picture has another address.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
/// No other site can have a browser show it.
pub(super) const RESOURCE_POLICY: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin");

/// `GET /api/pictures/{id}`
pub(crate) async fn get(asking: Caller, Ids(id): Ids<PictureId>, headers: HeaderMap) -> Answer<Response> {
    let (services, viewer) = asking.viewer()?;
    let picture = service::get(&services, &viewer, id).await?;
    let tag = format!("\"{id}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let kept = ([(header::CACHE_CONTROL, FOR_EVER)], [(header::ETAG, tag)], [RESOURCE_POLICY]);
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(header::CONTENT_TYPE, picture.kind.as_str())], picture.bytes).into_response())
}

/// A form with a picture in it, or with the wish to have none.
pub(crate) struct Upload(Option<Bytes>);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        if let Some(Unread(error)) = request.extensions_mut().remove() {
            return Err(error.into());
        }
        let broken = || Error::invalid("body", "form", "The body is not a multipart form with a file.");
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| broken())?;
        while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
            match part.name() {
                Some("remove") => return Ok(Self(None)),
                // Empty where nobody has chosen any.
                Some("image") => {
                    let file = part.bytes().await.map_err(|_| broken())?;
                    if !file.is_empty() {
                        return Ok(Self(Some(file)));
                    }
                }
                _ => {}
            }
        }
        Err(Error::invalid("image", "required", "Please choose a picture first.").into())
    }
}

/// `POST /api/account/picture`
pub(crate) async fn of_person(
    Anyone(context): Anyone,
    asking: Answer<Person>,
    headers: HeaderMap,
    upload: Answer<Upload>,
) -> Response {
    let set = async {
        let asking = asking?;
        let user = account::set_picture(&asking.services, &asking.signed_in, upload?.0, &asking.origin).await?;
        Ok((user, "/account/profile".to_owned()))
    };
    answer(&context, &headers, set.await)
}

/// `POST /api/workspaces/{id}/picture`
pub(crate) async fn of_workspace(
    Anyone(context): Anyone,
    asking: Answer<Caller>,
    Ids(id): Ids<WorkspaceId>,
    headers: HeaderMap,
    upload: Answer<Upload>,
) -> Response {
    let set = async {
        let asking = asking?.enter::<Admin>(&Named::Id(id)).await?;
        let workspace = workspaces::set_picture(&asking.services, &asking.actor, upload?.0).await?;
        let page = format!("/w/{}/settings/general", workspace.slug);
        Ok((workspace, page))
    };
    answer(&context, &headers, set.await)
}

/// What is there now; to a form, its page, which says what has come of it.
fn answer<T: Serialize>(context: &RequestContext, headers: &HeaderMap, set: Answer<(T, String)>) -> Response {
    if !is_plain(headers) {
        return set.map(|(now, _)| data(now)).into_response();
    }
    let (flash, page) = match set {
        Ok((_, page)) => (Flash::done("Saved.".to_owned()), page),
        Err(problem) => (problem.flash(), page_before(headers)),
    };
    let cookie = [(header::SET_COOKIE, flash.set_cookie(context.secure_cookies))];
    (StatusCode::SEE_OTHER, cookie, [(header::LOCATION, page)]).into_response()
}
