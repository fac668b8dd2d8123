//! Pages, server functions, and the files of the browser's side.

use std::{net::SocketAddr, path::Path, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
    routing::{any, any_service},
};
use hyvve_app::{
    App,
    docs::ApiDescription,
    shell::{document, gate},
};
use hyvve_domain::{Code, Error};
use leptos::config::{Env, LeptosOptions};
use leptos_axum::{ErrorHandler, LeptosRoutes, generate_route_list};
use tokio::time::timeout;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use crate::{
    config::Site,
    openapi,
    problem::{Problem, wants_page},
    state::AppState,
};

/// Where the browser's side lies below the site's root.
const PACKAGE: &str = "pkg";
/// A file whose name has its hash never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// One without is asked for again.
const ASK_AGAIN: &str = "no-cache";

/// Below it lie the server functions.
const FUNCTIONS: &str = "/_fn/";
/// The longest that a page is waited for. It comes in one piece, so without an end whoever asked would see nothing, for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// What pages have to know of the build of the browser's side.
pub(crate) fn options(site: &Site, address: SocketAddr) -> LeptosOptions {
    // An absolute path: a relative one would be looked for beside the program.
    let hashes =
        std::path::absolute(&site.hashes).map_or_else(|_| site.hashes.clone(), |path| path.display().to_string());
    LeptosOptions::builder()
        .output_name("hyvve")
        .site_root(site.root.as_str())
        .site_pkg_dir(PACKAGE)
        .site_addr(address)
        .env(Env::PROD)
        .hash_files(Path::new(&hashes).is_file())
        .hash_file(hashes.into())
        .build()
}

/// Pages and server functions; what matches nothing is a file of the site, or the page that says so.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let options = state.leptos.clone();
    Router::new()
        .leptos_routes(state, generate_route_list(App), move || document(options.clone()))
        .layer(from_fn(in_time))
        .layer(Extension(ApiDescription(openapi::document)))
        .route("/_fn/{*rest}", any(async || Problem::no_such_address()))
        .fallback(elsewhere)
        .layer(from_fn(gate))
}

/// Gives a page up that is not there in time. Server functions take as long as what they do: a provider may be slow.
async fn in_time(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(FUNCTIONS) {
        return next.run(request).await;
    }
    timeout(PATIENCE, next.run(request)).await.unwrap_or_else(|_| {
        // Which one, the request's span says, as far as the log may have it.
        tracing::error!("a page was not made in time");
        Problem::from(Error::new(Code::Unavailable, "This page took too long to make. Load it again.")).into_response()
    })
}

/// A file of the site, else the page that says that there is nothing; a program gets an error instead of a page.
///
/// Files are served here and not by `leptos_axum::file_and_error_handler`: in 0.8.10 it gives a file the headers of whatever page
/// is being made on the same thread, which then goes without its cookies and its policy.
async fn elsewhere(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let files = ServeDir::new(state.leptos.site_root.as_ref()).precompressed_br().precompressed_gzip();
    let Ok(file) = files.oneshot(Request::from_parts(parts.clone(), Body::empty())).await;
    // Anything else is no file: unknown, not asked for, or of a name that no file can have.
    if matches!(
        file.status(),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RANGE_NOT_SATISFIABLE
    ) {
        return file.map(Body::new);
    }
    if !wants_page(&parts.headers) {
        return Problem::no_such_address().into_response();
    }
    let page = ErrorHandler::new(document, state.leptos);
    page.oneshot(Request::from_parts(parts, body)).await.into_response()
}

/// The browser's side: compressed when it was built, kept by browsers for as long as its names have hashes.
pub(crate) fn package(options: &LeptosOptions) -> Router<AppState> {
    let files =
        ServeDir::new(Path::new(options.site_root.as_ref()).join(PACKAGE)).precompressed_br().precompressed_gzip();
    let kept = if options.hash_files { FOR_EVER } else { ASK_AGAIN };
    let keep = move |mut response: Response| async move {
        if response.status().is_success() {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        }
        response
    };
    Router::new().nest_service("/pkg", any_service(files)).layer(map_response(keep))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::routing::get;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_page_that_never_comes_is_given_up_and_a_slow_function_is_not() {
        let slow = async || tokio::time::sleep(2 * PATIENCE).await;
        let routes = Router::<()>::new()
            .route("/w/acme", get(pending::<()>))
            .route("/_fn/test_provider", get(slow))
            .layer(from_fn(in_time));
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            routes.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(ask("/w/acme").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ask("/_fn/test_provider").await, StatusCode::OK);
    }
}
