//! The file of `--out`: new, and for nobody else.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::refusal::Refusal;

/// Makes the file; one that is there is evidence and stays as it is.
pub(super) fn make(path: &Path) -> anyhow::Result<File> {
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let text = format!("{} is there already, and is not overwritten", path.display());
            Refusal::failed(text, "name another file behind --out").into()
        }
        _ => anyhow::Error::new(error).context(format!("making {}", path.display())),
    })
}
