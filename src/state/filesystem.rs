//! Whether a directory lies on this machine's own disks.
//!
//! Locks and `fsync` do not hold on a network file system as SQLite needs them, so what must not be
//! lost or doubled is not kept there.

use std::io;
use std::path::Path;

/// Where a directory lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filesystem {
    /// On this machine.
    Local,
    /// On another one; by which means.
    Network(String),
}

/// Asks the system (`statfs`) where `path` lies.
///
/// # Errors
/// What the system says.
pub fn filesystem_of(path: &Path) -> io::Result<Filesystem> {
    Ok(judge(path, &rustix::fs::statfs(path)?))
}

/// The numbers of statfs(2) and `linux/magic.h`.
#[cfg(target_os = "linux")]
const NETWORKS: [(u32, &str); 13] = [
    (0x0000_6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0000_517b, "smb"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x0000_564c, "ncp"),
    (0x00c3_6400, "ceph"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x0bd0_0bd0, "lustre"),
];

/// Of every FUSE file system alike; which one it is stands in the table of mounts.
#[cfg(target_os = "linux")]
const FUSE: u32 = 0x6573_5546;

/// FUSE file systems that keep their files on this machine; of another one it cannot be told.
#[cfg(target_os = "linux")]
const LOCAL_FUSE: [&str; 8] = [
    "fuseblk",
    "fuse.fuse-overlayfs",
    "fuse.bindfs",
    "fuse.gocryptfs",
    "fuse.encfs",
    "fuse.cryfs",
    "fuse.mergerfs",
    "fuse.zfs",
];

#[cfg(target_os = "linux")]
fn judge(path: &Path, stat: &rustix::fs::StatFs) -> Filesystem {
    // Signed on some systems and wider on others; the numbers have 32 bits.
    let number = u32::try_from(i128::from(stat.f_type) & 0xffff_ffff).unwrap_or_default();
    by_number(number, || {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        kind_of_mount(&table, &path)
    })
}

#[cfg(target_os = "linux")]
fn by_number(number: u32, kind: impl FnOnce() -> Option<String>) -> Filesystem {
    if number == FUSE {
        let kind = kind().unwrap_or_else(|| "fuse".to_owned());
        return if LOCAL_FUSE.contains(&kind.as_str()) {
            Filesystem::Local
        } else {
            Filesystem::Network(kind)
        };
    }
    match NETWORKS.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Filesystem::Network((*name).to_owned()),
        None => Filesystem::Local,
    }
}

/// The type of the file system that `path` lies on, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)):
/// the fifth field is the mount point with blanks as `\040`, the type stands behind the dash.
#[cfg(target_os = "linux")]
fn kind_of_mount(table: &str, path: &Path) -> Option<String> {
    let mounts = table.lines().filter_map(|line| {
        let (before, behind) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?.replace("\\040", " ").replace("\\134", "\\");
        Some((point, behind.split(' ').next()?))
    });
    // Of two mounts at one place the later one covers the other.
    let (_, kind) =
        mounts.filter(|(point, _)| path.starts_with(point)).max_by_key(|(point, _)| point.len())?;
    Some(kind.to_owned())
}

/// `MNT_LOCAL` of sys/mount.h on the BSDs and macOS.
#[cfg(not(target_os = "linux"))]
fn judge(_path: &Path, stat: &rustix::fs::StatFs) -> Filesystem {
    const LOCAL: u64 = 0x1000;
    if u64::from(stat.f_flags) & LOCAL == 0 {
        Filesystem::Network("network".to_owned())
    } else {
        Filesystem::Local
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn by_the_numbers_of_the_kernel() {
        for (number, name) in [(0x6969, "nfs"), (0xff53_4d42, "cifs"), (0x0102_1997, "9p")] {
            assert_eq!(by_number(number, || None), Filesystem::Network(name.to_owned()));
        }
        // ext4, btrfs, xfs, tmpfs, overlay, zfs.
        for number in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(by_number(number, || None), Filesystem::Local, "{number:x}");
        }
    }

    #[test]
    fn of_fuse_the_table_of_mounts_tells() {
        let table = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            40 21 0:41 / /home/a\\040b rw shared:7 - fuse.sshfs host:/ rw\n\
            41 21 0:42 / /srv rw - fuseblk /dev/sdb1 rw";
        let found = |path: &str| by_number(0x6573_5546, || kind_of_mount(table, Path::new(path)));
        assert_eq!(found("/home/a b/state"), Filesystem::Network("fuse.sshfs".to_owned()));
        assert_eq!(found("/srv/state"), Filesystem::Local);
        assert_eq!(by_number(0x6573_5546, || None), Filesystem::Network("fuse".to_owned()));
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(filesystem_of(Path::new("/no/such/place")).is_err());
    }
}
