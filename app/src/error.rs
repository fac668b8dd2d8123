//! The one error type of all server functions: the domain's error, as JSON.

use std::fmt;

use hyvve_domain::{Code, Error};
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::client::TextJson;

/// A domain error on its way to the browser.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiError(pub Error);

impl ApiError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// A detail that is a text: `decidedBy`, `field`, …
    pub fn detail(&self, key: &str) -> Option<&str> {
        self.0.details.as_ref()?.get(key)?.as_str()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ApiError {}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        error.0
    }
}

impl FromServerFnError for ApiError {
    type Encoder = TextJson;

    fn from_server_fn_error(failure: ServerFnErrorErr) -> Self {
        let (code, message) = match failure {
            ServerFnErrorErr::Request(_) => {
                (Code::Unavailable, "The server cannot be reached. Check your connection, then try again.")
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                (Code::ValidationError, "The form was not understood. Reload the page, then try again.")
            }
            _ => (Code::InternalError, "The answer was not understood. Reload the page, then try again."),
        };
        Self(Error::new(code, message))
    }
}
