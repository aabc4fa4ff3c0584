//! Whom the native server runs as, and where its files can be. PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::DatabaseError;
use crate::config::Vars;
use crate::sandbox::place::{temporary_folder, temporary_roots};

/// An account that has few rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

/// A private folder for a cluster, and the account that owns it; `None`: the one we run as.
pub(super) struct Home {
    pub(super) folder: TempDir,
    account: Option<Account>,
}

impl Home {
    pub(super) fn make(vars: &Vars) -> Result<Self, DatabaseError> {
        let mut roots = temporary_roots(vars);
        // The account that will own it has to reach it.
        roots.retain(|root| is_passable(root));
        let folder = temporary_folder(&roots).map_err(DatabaseError::NoRoom)?;
        // Whoever made it owns it: that is who we are.
        let account = match fs::metadata(folder.path())?.uid() {
            0 => Some(
                unprivileged(&fs::read_to_string("/etc/passwd")?).ok_or(DatabaseError::OnlyRoot)?,
            ),
            _ => None,
        };
        let home = Self { folder, account };
        home.own(home.folder.path())?;
        Ok(home)
    }

    /// Gives `path` to the account.
    pub(super) fn own(&self, path: &Path) -> Result<(), DatabaseError> {
        if let Some(account) = self.account {
            chown(path, Some(account.uid), Some(account.gid))?;
        }
        Ok(())
    }

    /// A command that runs as the account, in this folder, with none of our variables.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.folder.path());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        // Ctrl-C at the terminal is for us: we stop the server when we are done with it.
        command.process_group(0);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }
}

/// Whether every account may pass through `path`.
fn is_passable(path: &Path) -> bool {
    let open = |path: &Path| {
        fs::metadata(path).is_ok_and(|meta| meta.is_dir() && meta.permissions().mode() & 0o001 != 0)
    };
    path.ancestors().all(open)
}

/// `postgres` if there is such an account, else `nobody`.
fn unprivileged(passwd: &str) -> Option<Account> {
    let account = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (uid != 0).then_some(Account { uid, gid })
    };
    account("postgres").or_else(|| account("nobody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n";

    #[test]
    fn postgres_is_preferred_and_root_is_never_chosen() {
        assert_eq!(unprivileged(PASSWD), Some(Account { uid: 65534, gid: 65534 }));
        let with = format!("{PASSWD}postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n");
        assert_eq!(unprivileged(&with), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(unprivileged("postgres:x:0:0::/:/bin/sh"), None);
        assert_eq!(unprivileged(""), None);
    }

    #[test]
    fn a_folder_inside_a_private_one_cannot_be_reached() {
        let outer = tempfile::tempdir_in("/tmp").unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for (mode, passable) in [(0o700, false), (0o711, true)] {
            fs::set_permissions(outer.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_passable(&inner), passable, "{mode:o}");
        }
    }
}
