//! What `openidconnect` sends, sent with our client: no redirect is followed, no answer is waited for without end, and none is
//! read without end.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http, url::Url};
use tokio::time::timeout;

use super::Issuer;

/// How long a provider may take for one answer.
const WITHIN: Duration = Duration::from_secs(10);
/// The longest answer that a provider may give, in bytes.
const LONGEST: usize = 1 << 20;

/// Sends requests to one provider, and to what it publishes.
pub(super) struct Http {
    pub(super) client: reqwest::Client,
    pub(super) issuer: Issuer,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("{0} is not https")]
    Open(Url),
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
        Box::pin(async move { timeout(WITHIN, self.send(request)).await.unwrap_or(Err(NoAnswer::TooSlow)) })
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let request = reqwest::Request::try_from(request)?;
        if !self.issuer.may_publish(request.url()) {
            return Err(NoAnswer::Open(request.url().clone()));
        }
        let mut response = self.client.execute(request).await?;
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
}
