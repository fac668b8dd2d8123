//! Who may connect: the operating-system user that owns the cluster, as one of the named roles, and nobody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cluster::SUPERUSER;
use crate::error::Context;
use crate::{Error, Options};

/// PostgreSQL's settings that name the access files. They lie beside the data, where only the owner can change them.
pub(crate) const FILES: [(&str, &str); 2] = [("hba_file", "pg_hba.conf"), ("ident_file", "pg_ident.conf")];

/// Writes the access files. Done at every start, since the owner and the roles may have changed.
///
/// `peer` asks the kernel for the caller's user id; the map says which roles that user may take. One line per role,
/// because PostgreSQL 15 has no `all` there.
pub(crate) fn write(directory: &Path, caller: &str, options: &Options) -> Result<(), Error> {
    let roles = options.roles.iter().map(String::as_str).chain([SUPERUSER]);
    let lines = roles.map(|role| format!("hyvve {} {}\n", quoted(caller), quoted(role)));
    let map = lines.collect::<Vec<_>>().concat();
    let hba =
        "# Written at every start. Sockets only, the kernel vouches for the caller.\nlocal all all peer map=hyvve\n";
    for ((_, name), content) in FILES.iter().zip([hba, map.as_str()]) {
        let path = directory.join(name);
        fs::write(&path, content).context("writing", &path)?;
        // There is no secret in them, and PostgreSQL's account has to read them, whatever our umask is.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).context("opening up", &path)?;
    }
    Ok(())
}

/// Quotes keep a name from being read as a keyword, a pattern or a list.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
