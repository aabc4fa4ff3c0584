//! Who a process is, so that another one can tell whether it still lives.
//!
//! Reads `/proc` where there is one. A process number alone says little: it is given away again, so
//! the machine's boot and the process' start time stand beside it. A process in another container
//! has numbers of its own; the number space is therefore part of the start time's text.

use std::fs;

use serde::Serialize;

/// A process that replays, told from every other one, dead ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Who operates.
    pub operator: String,
    /// The machine's name.
    pub host: String,
    /// The machine's boot, so that a process number of before a restart means nobody.
    pub boot_id: String,
    /// Process number.
    pub pid: u32,
    /// When that process started, in the system's own ticks since boot.
    pub pid_started: String,
    /// This program's version.
    pub version: String,
}

impl Owner {
    /// This process. `operator`: who operates; `version`: of this program.
    pub fn of_this_process(operator: &str, version: &str) -> Self {
        let pid = std::process::id();
        Self {
            operator: operator.to_owned(),
            host: host(),
            boot_id: boot_id(),
            pid,
            pid_started: started(pid).unwrap_or_default(),
            version: version.to_owned(),
        }
    }

    /// Whether `self` is known to be gone, as `me` sees it: the same machine's name, and another
    /// boot, no such process, or one that started at another time. `None`: on another machine or in
    /// another container, so nobody here can tell, and only its lease does.
    ///
    /// Two machines of one name would hold each other's processes for dead. That costs a claim or
    /// makes a row unsure too early; the fences keep it from being sent twice.
    pub fn is_dead(&self, me: &Self) -> Option<bool> {
        self.is_dead_by(me, started)
    }

    /// `started`: a living process' start time.
    fn is_dead_by(&self, me: &Self, started: impl Fn(u32) -> Option<String>) -> Option<bool> {
        if self.host.is_empty() || self.host != me.host {
            return None;
        }
        if self.boot_id != me.boot_id {
            return Some(true);
        }
        if number_space(&self.pid_started) != number_space(&me.pid_started) {
            return None;
        }
        Some(match started(self.pid) {
            None => true,
            // Where start times cannot be read, a process of that number is taken for it.
            Some(now) => !now.is_empty() && !self.pid_started.is_empty() && now != self.pid_started,
        })
    }
}

/// What stands behind the `@` of a start time.
fn number_space(pid_started: &str) -> Option<&str> {
    pid_started.split_once('@').map(|(_, space)| space)
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Empty where there is no `/proc`.
fn boot_id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// The start time of a living process, as `ticks@number space`; empty where it lives but its start
/// cannot be told. A zombie is dead: it will not finish anything.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        // `hidepid` hides the processes of others.
        return lives(pid).then(String::new);
    };
    let (state, ticks) = state_and_start(&stat)?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let space = fs::read_link("/proc/self/ns/pid")
        .map(|link| link.to_string_lossy().replace(|c: char| !c.is_ascii_digit(), ""))
        .unwrap_or_default();
    Some(format!("{ticks}@{space}"))
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    lives(pid).then(String::new)
}

/// Fields 3 and 22 of `/proc/PID/stat` (proc_pid_stat(5)). The name before them may hold blanks and
/// parentheses.
#[cfg(target_os = "linux")]
fn state_and_start(stat: &str) -> Option<(&str, &str)> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace();
    let state = fields.next()?;
    Some((state, fields.nth(18)?))
}

/// Whether there is a process of this number, ours or not.
fn lives(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Owner {
        Owner::of_this_process("sato", "0.1.0")
    }

    #[test]
    fn this_process_lives() {
        assert_eq!(me().is_dead(&me()), Some(false));
        assert!(!me().host.is_empty());
    }

    #[test]
    fn another_machine_or_container_cannot_be_told() {
        let elsewhere = Owner { host: "elsewhere".to_owned(), boot_id: "b".to_owned(), ..me() };
        assert_eq!(elsewhere.is_dead(&me()), None);
        let nameless = Owner { host: String::new(), ..me() };
        assert_eq!(nameless.is_dead(&nameless), None);
        let contained = Owner { pid_started: "12@34".to_owned(), ..me() };
        assert_eq!(contained.is_dead(&me()), None);
    }

    #[test]
    fn dead_by_boot_by_number_and_by_start_time() {
        let owner = |boot: &str, pid_started: &str| Owner {
            boot_id: boot.to_owned(),
            pid_started: pid_started.to_owned(),
            ..me()
        };
        let mine = owner("b", "12@3");
        let dead =
            |owner: &Owner, now: Option<&str>| owner.is_dead_by(&mine, |_| now.map(str::to_owned));
        assert_eq!(dead(&owner("a", "12@3"), Some("12@3")), Some(true), "another boot");
        assert_eq!(dead(&owner("b", "12@3"), None), Some(true), "no such process");
        assert_eq!(dead(&owner("b", "12@3"), Some("99@3")), Some(true), "another start");
        assert_eq!(dead(&owner("b", "12@3"), Some("12@3")), Some(false));
        assert_eq!(dead(&owner("b", "12@3"), Some("")), Some(false), "start unreadable");
    }

    #[test]
    fn a_child_that_ended_is_dead() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner { pid: child.id(), pid_started: started(child.id()).unwrap(), ..me() };
        assert_eq!(owner.is_dead(&me()), Some(false));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(owner.is_dead(&me()), Some(true));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_with_parentheses_shifts_no_field() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(state_and_start(stat), Some(("S", "4242")));
        assert_eq!(state_and_start("7 (a"), None);
        assert_eq!(state_and_start("7 (a) S 1"), None);
    }
}
