//! Where things that can be fetched again are kept, outside every checkout.

use std::env;
use std::path::PathBuf;

/// A cache that every account can read, for when root installs what another account runs.
pub(crate) const SHARED_CACHE: &str = "/var/cache/hyvve";

/// `$HYVVE_CACHE`, else `$XDG_CACHE_HOME/hyvve`, else `~/.cache/hyvve`.
///
/// `None` when none of them is set to an absolute path.
pub fn cache_directory() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("HYVVE_CACHE")
        .or_else(|| absolute("XDG_CACHE_HOME").map(|cache| cache.join("hyvve")))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache/hyvve")))
}
