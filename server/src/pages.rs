//! Pages, server functions, and the files of the browser's side.

use std::{net::SocketAddr, path::Path};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    middleware::{from_fn, map_response},
    response::{IntoResponse, Response},
    routing::{any, any_service},
};
use hyvve_app::{
    App,
    shell::{document, gate},
};
use leptos::config::{Env, LeptosOptions};
use leptos_axum::{LeptosRoutes, file_and_error_handler, generate_route_list};
use tower_http::services::ServeDir;

use crate::{config::Site, problem::Problem, state::AppState};

/// Where the browser's side lies below the site's root.
const PACKAGE: &str = "pkg";
/// A file whose name has its hash never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// One without is asked for again.
const ASK_AGAIN: &str = "no-cache";

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
        .route("/_fn/{*rest}", any(async || Problem::no_such_address()))
        .fallback(elsewhere)
        .layer(from_fn(gate))
}

/// A file of the site, else the page that says that there is nothing; a program gets an error instead of a page.
async fn elsewhere(uri: Uri, state: State<AppState>, request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let is_browser = accept.contains("text/html");
    let reply = file_and_error_handler::<AppState, _>(document)(uri, state, request).await;
    let is_missing = reply.status() == StatusCode::NOT_FOUND;
    if is_missing && !is_browser { Problem::no_such_address().into_response() } else { reply }
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
