//! Webhooks of a workspace: for owners and admins.

use axum::{
    Json as Reply,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Timestamp,
    ids::{WebhookDeliveryId, WebhookId},
    webhooks::{
        Changes, Endpoint, NewEndpoint, Secret,
        buttons::service::{self as buttons, Signed},
        service,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paging;
use crate::{
    asking::{Admin, Anyone, Member, Read},
    extract::{Empty, Ids, Json, Query},
    reply::{Answer, Success, created, data, page},
};

/// An endpoint with a secret that was just made: only the replies that make one have it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookWithSecret")]
pub(crate) struct WithSecret {
    #[serde(flatten)]
    endpoint: Endpoint,
    secret: String,
}

impl From<(Endpoint, Secret)> for WithSecret {
    fn from((endpoint, secret): (Endpoint, Secret)) -> Self {
        Self { endpoint, secret: secret.expose().to_owned() }
    }
}

/// From when on events are sent again, and which.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    since: Timestamp,
    #[serde(default)]
    types: Vec<String>,
}

/// How many events are sent again.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Replayed {
    events: i64,
}

/// `GET /api/webhooks`
pub(crate) async fn list(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/webhooks`
pub(crate) async fn create(asking: Member<Admin>, Json(new): Json<NewEndpoint>) -> Answer<Response> {
    Ok(created(WithSecret::from(service::create(&asking.services, &asking.actor, new).await?)))
}

/// `GET /api/webhooks/{id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<WebhookId>) -> Answer<Response> {
    Ok(data(service::get(&asking.services, &asking.actor, id).await?))
}

/// `PATCH /api/webhooks/{id}`
pub(crate) async fn update(
    asking: Member<Admin>,
    Ids(id): Ids<WebhookId>,
    Json(changes): Json<Changes>,
) -> Answer<Response> {
    Ok(data(service::update(&asking.services, &asking.actor, id, changes).await?))
}

/// `DELETE /api/webhooks/{id}`
pub(crate) async fn delete(asking: Member<Admin>, Ids(id): Ids<WebhookId>, _: Empty) -> Answer<Response> {
    service::delete(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `POST /api/webhooks/{id}/rotate`
pub(crate) async fn rotate(asking: Member<Admin>, Ids(id): Ids<WebhookId>, _: Empty) -> Answer<Response> {
    Ok(data(WithSecret::from(service::rotate(&asking.services, &asking.actor, id).await?)))
}

/// `POST /api/webhooks/{id}/test`: sends one now, and answers what came of it.
pub(crate) async fn test(asking: Member<Admin>, Ids(id): Ids<WebhookId>, _: Empty) -> Answer<Response> {
    Ok(data(service::test(&asking.services, &asking.actor, id).await?))
}

/// `POST /api/webhooks/{id}/replay`: of some types only, if `types` names any.
pub(crate) async fn replay(
    asking: Member<Admin>,
    Ids(id): Ids<WebhookId>,
    Json(Since { since, types }): Json<Since>,
) -> Answer<Response> {
    let events = service::replay(&asking.services, &asking.actor, id, since, types).await?;
    Ok(data(Replayed { events }))
}

/// `POST /api/slack/{id}`: somebody has pressed a button in a channel. Who that is, Slack says and signs.
pub(crate) async fn pressed(
    Anyone(context): Anyone,
    Ids(id): Ids<WebhookId>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Response> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = Signed { timestamp: text("x-slack-request-timestamp"), signature: text("x-slack-signature") };
    buttons::press(&context.services, id, signed, &body).await?;
    Ok(StatusCode::OK.into_response())
}

/// `GET /api/webhooks/{id}/deliveries`
pub(crate) async fn deliveries(
    asking: Member<Read>,
    Ids(id): Ids<WebhookId>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    Ok(page(service::log_of(&asking.services, &asking.actor, id, paging.into()).await?))
}

/// `POST /api/webhooks/{id}/deliveries/{delivery_id}/redeliver`
pub(crate) async fn redeliver(
    asking: Member<Admin>,
    Ids((id, delivery)): Ids<(WebhookId, WebhookDeliveryId)>,
    _: Empty,
) -> Answer<Response> {
    Ok(data(service::redeliver(&asking.services, &asking.actor, id, delivery).await?))
}
