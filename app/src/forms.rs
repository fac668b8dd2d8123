//! How server functions answer: to a call from the browser with a status, to a form that was posted without JavaScript
//! with a redirect.
//!
//! A plain form's error and what was typed travel to the page in a cookie that lives for a minute and is read once. They
//! do not travel in the address: addresses are logged, and anyone could write a message into a link.

use std::pin::Pin;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyvve_domain::Code;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::{
    ApiError,
    context::{self, cookie, header_text, path_of},
    flash::{FLASH, Flash},
};

/// Runs a use case and answers whoever called: every server function's body.
pub fn answer<T, E: Into<ApiError>>(
    case: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, ApiError>> {
    answer_with(Vec::new(), case)
}

/// The same for forms whose fields should survive an error; never give it a password.
pub fn answer_with<T, E: Into<ApiError>>(
    typed: Vec<(&'static str, String)>,
    case: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, ApiError>> {
    answer_keeping(typed.into_iter().map(|(name, value)| (name.to_owned(), shortened(&value, KEPT))).collect(), case)
}

/// The same for a form whose fields nobody knows beforehand; what is to survive has to fit into a cookie, see [`TOLD_MAX`].
pub(crate) fn answer_keeping<T, E: Into<ApiError>>(
    kept: Vec<(String, String)>,
    case: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, ApiError>> {
    answer_on(None, kept, Box::pin(case))
}

/// The same for a form whose page shows what was typed from its own address: an error leads to that address.
pub fn answer_at<T, E: Into<ApiError>>(
    page: String,
    case: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, ApiError>> {
    answer_on(Some(page), Vec::new(), Box::pin(case))
}

/// `page`: where an error leads; `None`: back. A use case is large, so it comes boxed and is not moved from hand to hand.
async fn answer_on<T, E: Into<ApiError>>(
    page: Option<String>,
    typed: Vec<(String, String)>,
    case: Pin<Box<impl Future<Output = Result<T, E>>>>,
) -> Result<T, ApiError> {
    let outcome = case.await.map_err(Into::into);
    let parts = context::parts()?;
    if !parts.uri.path().starts_with("/_fn/") {
        return outcome;
    }
    if let Err(error) = &outcome {
        if is_plain(&parts.headers) {
            let referer = header_text(&parts.headers, header::REFERER);
            let back = || path_of(referer.as_deref().unwrap_or("/")).to_owned();
            Flash::new(error, typed).send();
            leptos_axum::redirect(local(&page.unwrap_or_else(back)));
        } else {
            page_status(error.code());
        }
    }
    outcome
}

/// Whether a form was posted without JavaScript: a browser that goes to a page wants HTML.
pub fn is_plain(headers: &HeaderMap) -> bool {
    header_text(headers, header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// Sends a form that was posted without JavaScript on to a path of this site; a call from the browser stays where it is.
pub fn go_on(path: &str) {
    if context::parts().is_ok_and(|parts| is_plain(&parts.headers)) {
        leptos_axum::redirect(local(path));
    }
}

/// Sends such a form back to its page, without the query that opened the form.
pub fn leave_form() {
    go_on(&context::parts().map_or_else(|_| "/".to_owned(), |parts| page_before(&parts.headers)));
}

/// Sends such a form back to its page, as it was.
pub fn stay() {
    let referer = context::parts().ok().and_then(|parts| header_text(&parts.headers, header::REFERER));
    go_on(path_of(referer.as_deref().unwrap_or("/")));
}

/// The page that a form stood on, without its query: a path of this site.
pub fn page_before(headers: &HeaderMap) -> String {
    let referer = header_text(headers, header::REFERER);
    let path = path_of(referer.as_deref().unwrap_or("/"));
    local(path.split(['?', '#']).next().unwrap_or("/")).to_owned()
}

/// Gives the running response the status that belongs to an error.
pub fn page_status(code: Code) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(code.status())) {
        response.set_status(status);
    }
}

/// A path on this site, or `/`: nobody is sent elsewhere by what stands in an address.
pub fn local(path: &str) -> &str {
    let plain = path.bytes().all(|b| (b'!'..=b'~').contains(&b) && b != b'\\');
    if plain && path.starts_with('/') && !path.starts_with("//") { path } else { "/" }
}

/// Adds a header to the running response; values that are no header values are left out.
pub(crate) fn add_header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(value)) {
        response.append_header(name, value);
    }
}

/// The longest text that travels to the next page, in bytes; browsers keep cookies of four thousand.
pub(crate) const TOLD_MAX: usize = 1_500;
/// The most characters of an error that do.
const MESSAGE_MAX: usize = 700;
/// The most characters of each field that do, where a form has few.
const KEPT: usize = 300;

/// Tells the page that a plain form goes on to what has come of it.
pub(crate) fn tell(facts: Vec<(&'static str, String)>) {
    if context::parts().is_ok_and(|parts| is_plain(&parts.headers)) {
        Flash { typed: named(facts), ..Flash::default() }.send();
    }
}

/// Goes on to a page that says what has been done.
pub(crate) fn done_at(path: &str, done: String) {
    tell(vec![("done", done)]);
    go_on(path);
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn named(fields: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Flash {
    fn new(error: &ApiError, typed: Vec<(String, String)>) -> Self {
        let message = shortened(&error.to_string(), MESSAGE_MAX);
        Self { message, field: error.0.field().map(str::to_owned), typed }
    }

    /// What went wrong, for a page that is gone to from outside of pages.
    pub fn of(error: impl Into<ApiError>) -> Self {
        Self::new(&error.into(), Vec::new())
    }

    /// What has been done, for such a page.
    pub fn done(done: String) -> Self {
        Self { typed: named(vec![("done", done)]), ..Self::default() }
    }

    /// The same with what was typed into a field: as much as a cookie holds, and it is said where that is not all.
    #[must_use]
    pub fn keeping(mut self, field: &str, text: &str) -> Self {
        let mut kept = text;
        while serde_json::to_string(kept).map_or(0, |json| json.len()) > TOLD_MAX {
            (kept, _) = kept.split_at(kept.floor_char_boundary(kept.len() * 3 / 4));
        }
        if kept.len() < text.len() {
            self.message
                .push_str(" Only the beginning of your text is still here; your browser's way back has all of it.");
        }
        self.typed.push((field.to_owned(), kept.to_owned()));
        self
    }

    /// The value of the `Set-Cookie` that carries it.
    pub fn set_cookie(&self, secure: bool) -> String {
        let value = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        // It may hold the link of an invitation.
        let only_https = if secure { "; Secure" } else { "" };
        format!("{FLASH}={value}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax{only_https}")
    }

    pub(crate) fn send(&self) {
        let secure = context::request().is_ok_and(|r| r.secure_cookies);
        add_header(header::SET_COOKIE, &self.set_cookie(secure));
    }

    /// What the last form left for this page; it is read once.
    pub(crate) fn take() -> Option<Self> {
        let parts = context::parts().ok()?;
        cookie(&parts.headers, FLASH)?;
        add_header(header::SET_COOKIE, &format!("{FLASH}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
        Self::look()
    }

    /// The same for a part of the page, which leaves it to the page.
    pub(crate) fn look() -> Option<Self> {
        let value = cookie(&context::parts().ok()?.headers, FLASH)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Flash, TOLD_MAX, local};

    #[test]
    fn a_long_text_is_kept_as_far_as_a_cookie_holds_it() {
        for text in ["ä".repeat(9_000), "\"\n".repeat(9_000), "\u{1}".repeat(9_000)] {
            let flash = Flash { message: "No.".to_owned(), ..Flash::default() }.keeping("message", &text);
            let kept = flash.typed("message");
            assert!(kept.len() > TOLD_MAX / 16 && text.starts_with(&kept), "{}", kept.len());
            assert!(flash.message.contains("beginning") && flash.set_cookie(true).len() < 4_000);
        }
        let flash = Flash::default().keeping("message", "Hello");
        assert_eq!((flash.typed("message").as_str(), flash.message.as_str()), ("Hello", ""));
    }

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(local("/w/acme/approvals?tab=all"), "/w/acme/approvals?tab=all");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nx: y", "evil", "/\t/evil.example", ""]
        {
            assert_eq!(local(elsewhere), "/", "{elsewhere:?} was followed");
        }
    }
}
