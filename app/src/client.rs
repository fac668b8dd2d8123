//! How the browser calls server functions: the usual way, naming the page's workspace in a header, and reading the answer
//! as text.
//!
//! A loaded document belongs to exactly one workspace (switching loads a new one), so the name is set once, by the shell.

use std::{future::Future, sync::OnceLock};

use serde::{Serialize, de::DeserializeOwned};
use server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    client::{Client, browser::BrowserClient},
    codec::Post,
    error::FromServerFnError,
    request::browser::BrowserRequest,
    response::browser::BrowserResponse,
};

/// The header that names the workspace of a call.
pub const WORKSPACE_HEADER: &str = "x-workspace-id";

static WORKSPACE: OnceLock<String> = OnceLock::new();

/// Remembers the document's workspace; in the browser only, where there is but one.
pub fn set_workspace(id: &str) {
    if cfg!(target_arch = "wasm32") {
        WORKSPACE.get_or_init(|| id.to_owned());
    }
}

/// JSON, decoded from text like the data that comes with a page: one decoder per type in the download instead of two.
pub struct TextJson;

/// The output of all server functions.
pub type Json = Post<TextJson>;

impl ContentType for TextJson {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for TextJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for TextJson {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for TextJson {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }
}

/// The client of all server functions that act in a workspace.
pub struct InWorkspace;

impl<E, I, O> Client<E, I, O> for InWorkspace
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: BrowserRequest) -> impl Future<Output = Result<BrowserResponse, E>> + Send {
        if let Some(id) = WORKSPACE.get() {
            request.headers().set(WORKSPACE_HEADER, id);
        }
        <BrowserClient as Client<E, I, O>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (
                impl futures::Stream<Item = Result<Bytes, Bytes>> + Send + 'static,
                impl futures::Sink<Bytes> + Send + 'static,
            ),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, I, O>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, I, O>>::spawn(future);
    }
}
