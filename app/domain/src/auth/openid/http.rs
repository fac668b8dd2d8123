//! What `openidconnect` sends, sent with our client: no redirect is followed, no answer is waited for without end, and none is
//! read without end.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use tokio::time::timeout;

/// How long a provider may take for one answer.
const WITHIN: Duration = Duration::from_secs(10);
/// The longest answer that a provider may give, in bytes.
const LONGEST: usize = 1 << 20;

/// Sends requests to one provider.
pub(super) struct Http(pub(super) reqwest::Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("no answer within {} s", WITHIN.as_secs())]
    TooSlow,
    #[error("an answer of more than {LONGEST} bytes")]
    TooLong,
    #[error(transparent)]
    Network(reqwest::Error),
    #[error(transparent)]
    Malformed(#[from] http::Error),
}

/// An address can hold a secret; what went wrong is told without it.
impl From<reqwest::Error> for NoAnswer {
    fn from(cause: reqwest::Error) -> Self {
        Self::Network(cause.without_url())
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { timeout(WITHIN, send(&self.0, request)).await.unwrap_or(Err(NoAnswer::TooSlow)) })
    }
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let mut response = client.execute(request.try_into()?).await?;
    let mut answer = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await? {
        if body.len() + bytes.len() > LONGEST {
            return Err(NoAnswer::TooLong);
        }
        body.extend_from_slice(&bytes);
    }
    Ok(answer.body(body)?)
}
