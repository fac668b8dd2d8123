//! Anyone who sends requests: the same helper with and without a session.

use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{COOKIE, HeaderMap, SET_COOKIE},
};
use serde_json::{Value, json};

use super::{Sse, TestApp};

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Caller {
    base: String,
    http: reqwest::Client,
    cookie: Option<String>,
    key: Option<String>,
    workspace: Option<String>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null where it is none.
    pub(crate) body: Value,
}

impl Caller {
    pub(super) fn new(base: String, http: reqwest::Client) -> Self {
        Self { base, http, cookie: None, key: None, workspace: None }
    }

    /// With an account and a workspace of his or her own from now on.
    pub(crate) async fn sign_up(self, name: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase());
        let account = json!({ "name": name, "email": email, "password": password_of(name) });
        let reply = self.post("/api/auth/sign-up/email", &account).await;
        reply.expect(200);
        let cookie = reply.cookie().expect("a session cookie");
        let workspace = reply.body["session"]["activeOrganizationId"].as_str().expect("a workspace").to_owned();
        self.with_cookie(&cookie).in_workspace(&workspace)
    }

    /// The secret of the session.
    pub(crate) fn token(&self) -> &str {
        self.cookie.as_deref().and_then(|cookie| Some(cookie.split_once('=')?.1)).expect("a session")
    }

    pub(crate) fn with_cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    /// With one more.
    pub(crate) fn and_cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(self.cookie.map_or_else(|| cookie.to_owned(), |before| format!("{before}; {cookie}")));
        self
    }

    /// The same at a server on the same database.
    pub(crate) fn at(mut self, app: &TestApp) -> Self {
        self.base = app.anonymous().base;
        self
    }

    /// A program with this key, and without a session.
    pub(crate) fn with_key(mut self, key: &str) -> Self {
        (self.cookie, self.key) = (None, Some(key.to_owned()));
        self
    }

    pub(crate) fn in_workspace(mut self, id: &str) -> Self {
        self.workspace = Some(id.to_owned());
        self
    }

    /// The workspace that every request names.
    pub(crate) fn workspace(&self) -> &str {
        self.workspace.as_deref().expect("a workspace")
    }

    /// As a client that leaves it to the address, or to the session.
    pub(crate) fn naming_no_workspace(mut self) -> Self {
        self.workspace = None;
        self
    }

    /// A request to be filled further.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some(workspace) = &self.workspace {
            request = request.header("x-workspace-id", workspace);
        }
        request
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    /// Multipart, as AgentOS's clients send forms.
    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        Reply::of(self.request(Method::POST, path).multipart(form(fields))).await
    }

    /// Opens a stream.
    pub(crate) async fn open(&self, path: &str) -> Sse {
        Sse::of(self.request(Method::GET, path).send().await.unwrap())
    }

    /// Opens a stream with a form.
    pub(crate) async fn open_form(&self, path: &str, fields: &[(&str, &str)]) -> Sse {
        Sse::of(self.request(Method::POST, path).multipart(form(fields)).send().await.unwrap())
    }
}

/// The password of whoever signed up under this name.
pub(crate) fn password_of(name: &str) -> String {
    format!("{name}-has-a-password")
}

fn form(fields: &[(&str, &str)]) -> reqwest::multipart::Form {
    fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()))
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer, whatever it is");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a whole body");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, body }
    }

    /// Whether anybody answers.
    pub(crate) async fn is_there(request: RequestBuilder) -> bool {
        request.send().await.is_ok()
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The cookie that was set, as it is to be sent back.
    pub(crate) fn cookie(&self) -> Option<String> {
        let line = self.headers.get(SET_COOKIE)?.to_str().ok()?;
        line.split(';').next().map(str::to_owned)
    }

    /// The cookie of that name that was set, likewise.
    pub(crate) fn cookie_named(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.filter_map(|line| line.split(';').next());
        pairs.find(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name)).map(str::to_owned)
    }

    /// The body without what differs between two answers to the same question.
    pub(crate) fn without_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
            error.remove("requestId").expect("the request's id in the error");
        }
        body
    }
}
