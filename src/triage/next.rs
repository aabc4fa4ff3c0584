//! What to type next: for each red, then unknown, then yellow check its step, without doubles.
//!
//! A step is a command that exists: one of ours, or the runbook's own (wrangler, curl) where there is
//! none.

use serde_json::Value;

use crate::checks::pages::Served;
use crate::checks::workers::{Deployed, way_back};
use crate::config::{Config, Host, Origin, Worker};
use crate::domain::{
    Check, Invocation, NextStep, PagesBuild, ReasonClass, ReasonCode, Source, State,
};

use super::{Suspect, SuspectKind};

/// What the steps are made from.
pub(super) struct Ground<'a> {
    pub(super) config: &'a Config,
    pub(super) invocation: &'a Invocation,
    pub(super) workers: &'a [Deployed],
    pub(super) pages: &'a [Served],
    pub(super) suspect: Option<&'a Suspect>,
    /// Whether users meet a host that is down; without that a fresh deploy is no reason to go back.
    pub(super) hosts_red: bool,
}

/// The most severe steps, three at most. Of equally severe checks each source has its first step
/// before any has its second: four hosts that are down must not hide the database.
pub(super) fn steps(checks: &[Check]) -> Vec<NextStep> {
    let nth = |i: usize| {
        let same = |c: &&Check| c.source == checks[i].source && c.state == checks[i].state;
        checks[..i].iter().filter(same).count()
    };
    let mut by_severity: Vec<_> = checks
        .iter()
        .enumerate()
        .filter(|(_, check)| check.state.rank() >= State::Yellow.rank())
        .collect();
    by_severity.sort_by_key(|(i, check)| (std::cmp::Reverse(check.state.rank()), nth(*i)));
    let mut steps: Vec<NextStep> = Vec::new();
    for step in by_severity.into_iter().filter_map(|(_, check)| check.next.as_ref()) {
        if !steps.iter().any(|known| known.command == step.command) {
            steps.push(step.clone());
        }
    }
    steps.truncate(3);
    steps
}

impl Ground<'_> {
    /// The step that `check` asks for, if any.
    pub(super) fn step(&self, check: &Check) -> Option<NextStep> {
        if check.state == State::Green || check.state == State::Skipped {
            return None;
        }
        if check.reason.code.class() == ReasonClass::Ours && check.state == State::Unknown {
            let why = format!("shows which credential or setting {} lacks", check.source);
            return Some(NextStep::new(self.invocation.own(["doctor"]), why));
        }
        match check.source {
            Source::Hosts => Some(self.host(check)),
            Source::Certificates => Some(self.probe(check)),
            Source::Workers => self.worker(&check.name),
            Source::Pages => Some(self.project(check)),
            Source::Actions => Some(self.run(check)),
            Source::Synthetic => Some(self.healthcheck(check)),
            Source::Vendors => Some(self.vendor(check)),
            Source::Database => Some(self.database(check)),
            Source::Connections => {
                Some(self.own(&["db", "connections"], "shows who holds the connections"))
            }
            Source::Locks => Some(self.own(&["db", "locks"], "shows who waits for whom")),
            Source::Dlq => Some(self.dead_letters(check)),
            Source::Config | Source::Credentials | Source::Tokens => None,
        }
    }

    /// A host that is down: the way back where its worker was just deployed, else its logs.
    fn host(&self, check: &Check) -> NextStep {
        let worker = self.config.workers.iter().find(|w| w.hosts.contains(&check.name));
        worker
            .and_then(|worker| self.way_back(worker))
            .or_else(|| worker.filter(|_| check.state == State::Red).and_then(|w| self.logs(w)))
            .or_else(|| self.built_back(self.served_at(&check.name)?))
            .unwrap_or_else(|| self.probe(check))
    }

    fn probe(&self, check: &Check) -> NextStep {
        let host = self.short_name(&check.name);
        let command = self.invocation.own(["health", host]);
        NextStep::new(command, format!("probes {host} again, step by step"))
    }

    /// The host's bare name where no other host shares it: shorter, and the same in every sandbox.
    fn short_name<'b>(&'b self, name: &'b str) -> &'b str {
        let bare = |host: &'b Host| host.url.host_str();
        let hosts = &self.config.hosts;
        let wanted = hosts.iter().find(|host| host.name == name).and_then(bare);
        let unique = hosts.iter().filter(|host| bare(host) == wanted).count() == 1;
        wanted.filter(|_| unique).unwrap_or(name)
    }

    fn worker(&self, name: &str) -> Option<NextStep> {
        let worker = self.config.workers.iter().find(|w| w.name == name)?;
        self.way_back(worker).or_else(|| self.logs(worker))
    }

    /// The way back from the suspect, where it is a deployment of `worker` and users are hit. The
    /// version is named outright: what is suspected now may not be what is live when it is typed.
    fn way_back(&self, worker: &Worker) -> Option<NextStep> {
        let suspect = self.suspected(SuspectKind::Worker, &worker.name)?;
        let deployed = self.workers.iter().find(|deployed| deployed.worker == worker.name)?;
        let version = way_back(deployed.result.as_ref().ok()?, &suspect.deployment_id)?;
        let words = ["rollback", "worker", &worker.name, "--to", &version.version_id];
        let command = self.invocation.own(words);
        let name = version.number.map_or_else(String::new, |n| format!(" (@{n})"));
        let why = format!("puts {} back to the version that was live before{name}", worker.name);
        Some(NextStep::new(command, why))
    }

    /// The suspect, where it is this thing and users are hit.
    fn suspected(&self, kind: SuspectKind, target: &str) -> Option<&Suspect> {
        self.suspect.filter(|s| s.kind == kind && s.target == target && self.hosts_red)
    }

    /// The Pages project that serves a host of the configuration, as Cloudflare tells its domains.
    fn served_at(&self, host: &str) -> Option<&Served> {
        let host = self.config.hosts.iter().find(|known| known.name == host)?.url.host_str()?;
        self.pages.iter().find(|served| {
            let past = served.result.as_ref().ok();
            past.is_some_and(|past| past.project.domains.iter().any(|domain| domain == host))
        })
    }

    /// The way back from the suspect, where it is the build of `served` that is live.
    fn built_back(&self, served: &Served) -> Option<NextStep> {
        let past = served.result.as_ref().ok()?;
        let suspect = self.suspected(SuspectKind::Pages, &past.project.project)?;
        let to = past.way_back(&suspect.deployment_id)?;
        let words = ["rollback", "pages", &served.project, "--to", &to.deployment_id];
        let why = format!("puts {} back to the build that was live before", served.project);
        Some(NextStep::new(self.invocation.own(words), why))
    }

    /// A project: the way back, else the log of the build that failed, else its builds.
    fn project(&self, check: &Check) -> NextStep {
        let served = self.pages.iter().find(|served| served.project == check.name);
        let back = served.and_then(|served| self.built_back(served));
        let failed = || {
            let past = served?.result.as_ref().ok()?;
            let newest = past.builds.first().filter(|build| build.build() == PagesBuild::Failed)?;
            let words = ["pages", "logs", &check.name, &newest.deployment_id];
            Some(self.own(&words, "shows the log of the build that failed"))
        };
        back.or_else(failed).unwrap_or_else(|| {
            self.own(
                &["pages", "show", &check.name],
                "shows what production serves, and its builds",
            )
        })
    }

    /// A run: what it wrote, who may let it go, or how it stands.
    fn run(&self, check: &Check) -> NextStep {
        let ended_as = check.evidence.get("conclusion").and_then(Value::as_str);
        let Some(id) = run_id(check) else {
            return self.own(&["runs", "list"], "lists the newest runs");
        };
        match (check.reason.code, ended_as) {
            // Neither of these has jobs that could have written anything.
            (_, Some("startup_failure" | "action_required")) => {
                self.own(&["runs", "view", &id], "shows how the run stands")
            }
            (ReasonCode::RunFailed, _) => {
                self.own(&["runs", "logs", &id], "shows what the failed jobs wrote")
            }
            (ReasonCode::AwaitingApproval, _) => {
                self.own(&["runs", "approvals", &id], "shows who may let it go, and since when")
            }
            _ => self.own(&["runs", "view", &id], "shows how the run stands, job by job"),
        }
    }

    /// The healthcheck: what it found, or when it ran last.
    fn healthcheck(&self, check: &Check) -> NextStep {
        let failed = run_id(check).filter(|_| check.reason.code == ReasonCode::HealthcheckFailed);
        if let Some(id) = failed {
            return self.own(&["runs", "logs", &id], "shows what the healthcheck found");
        }
        let mut words = vec!["runs", "list"];
        let workflow = self.config.github.healthcheck_workflow.as_deref();
        words.extend(workflow.iter().flat_map(|workflow| ["--workflow", workflow]));
        self.own(
            &words,
            "shows when the healthcheck ran; GitHub stops schedules after 60 quiet days",
        )
    }

    fn logs(&self, worker: &Worker) -> Option<NextStep> {
        let command = match &worker.wrangler_file {
            Some(_) => self.wrangler(worker, &["tail"])?,
            None => {
                let script = worker.script.as_ref().ok()?;
                let script = shell_words::quote(&script.value);
                format!("{}npx wrangler tail {script}", self.at_cloudflare())
            }
        };
        Some(NextStep::new(command, format!("shows what {} says now", worker.name)))
    }

    /// A wrangler command for `worker`: by its file where there is one, else by the script's name.
    fn wrangler(&self, worker: &Worker, words: &[&str]) -> Option<String> {
        let mut line = vec!["npx", "wrangler"];
        line.extend(words);
        let file = worker.wrangler_file.as_ref().map(|file| file.display().to_string());
        match (&file, &worker.script) {
            (Some(file), _) => line.extend(["--config", file, "--env", self.config.env.as_str()]),
            (None, Ok(script)) => line.extend(["--name", &script.value]),
            (None, Err(_)) => return None,
        }
        Some(format!("{}{}", self.at_cloudflare(), shell_words::join(line)))
    }

    /// Where wrangler has to ask, if that is not the usual place: a command made for a sandbox must not
    /// meet the real account.
    fn at_cloudflare(&self) -> String {
        match &self.config.urls.cloudflare.origin {
            Origin::BuiltIn => String::new(),
            _ => {
                let url = self.config.urls.cloudflare.value.as_str();
                format!("CLOUDFLARE_API_BASE_URL={} ", shell_words::quote(url))
            }
        }
    }

    fn vendor(&self, check: &Check) -> NextStep {
        let why = format!("shows what {} says of itself, with its incidents", check.name);
        self.own(&["vendors", &check.name], &why)
    }

    /// The P0 by name; what was lost today as the plan of a replay, which sends nothing; else the cause.
    fn dead_letters(&self, check: &Check) -> NextStep {
        let (words, why): (&[_], _) = match (check.name.as_str(), check.state) {
            ("p0", _) => (&["dlq", "p0"], "lists every open P0, those first that reached nobody"),
            ("last-24h", State::Red | State::Yellow) => (
                &["dlq", "replay", "--since", "24h", "--dry-run"],
                "shows what a replay would deliver; sends nothing",
            ),
            _ => (
                &["dlq", "stats", "--since", "1h"],
                "says whether it is the webhook, Discord or the network",
            ),
        };
        NextStep::new(self.invocation.own(words.iter().copied()), why)
    }

    fn database(&self, check: &Check) -> NextStep {
        match (check.name.as_str(), check.reason.code) {
            // Without a connection left none of ours can look either, but one may be free by then.
            (_, ReasonCode::Saturated) => {
                self.own(&["db", "connections"], "shows who holds the connections")
            }
            ("statements" | "idle-in-transaction", _) => {
                self.own(&["db", "queries"], "lists long statements and open transactions")
            }
            ("connect" | "query", _) => {
                self.own(&["db", "ping", "--count", "3"], "tries the database again")
            }
            _ => self.own(&["db", "health"], "checks the database again, one thing after another"),
        }
    }

    fn own(&self, words: &[&str], why: &str) -> NextStep {
        NextStep::new(self.invocation.own(words.iter().copied()), why)
    }
}

/// The run that a check is about.
fn run_id(check: &Check) -> Option<String> {
    check.evidence.get("run_id").and_then(Value::as_u64).map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::DateTime;

    use super::*;
    use crate::config::{LoadInput, Vars, load};
    use crate::domain::Judgement;
    use crate::domain::check::Times;

    fn check(state: State, command: &str) -> Check {
        let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
        Judgement::new(state, ReasonCode::Ok, "").next(NextStep::new(command, "")).check(
            Source::Hosts,
            command,
            times,
        )
    }

    #[test]
    fn red_first_then_unknown_then_yellow_without_doubles() {
        let list = [
            check(State::Yellow, "y"),
            check(State::Unknown, "u"),
            check(State::Red, "r"),
            check(State::Red, "r"),
            check(State::Red, "s"),
            check(State::Green, "g"),
        ];
        let commands: Vec<_> = steps(&list).into_iter().map(|step| step.command).collect();
        assert_eq!(commands, ["r", "s", "u"]);
    }

    #[test]
    fn dead_letters_lead_to_our_own_commands() {
        let (vars, path) = (Vars::default(), Path::new("/"));
        let config = load(&LoadInput::new(&vars, path)).unwrap().config;
        let sandbox = Some("bad-deploy".to_owned());
        let env = "dev".parse().unwrap();
        let invocation = Invocation { env, say_env: true, config: None, sandbox };
        let ground = Ground {
            config: &config,
            invocation: &invocation,
            workers: &[],
            pages: &[],
            suspect: None,
            hosts_red: false,
        };
        let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
        for (name, state, expected) in [
            ("p0", State::Red, "dlq p0"),
            ("p0", State::Unknown, "dlq p0"),
            ("last-24h", State::Yellow, "dlq replay --since 24h --dry-run"),
            ("last-24h", State::Unknown, "dlq stats --since 1h"),
            ("last-hour", State::Red, "dlq stats --since 1h"),
        ] {
            let check = Judgement::new(state, ReasonCode::Locked, "");
            let step = ground.step(&check.check(Source::Dlq, name, times)).unwrap();
            let start = "parky-ops --sandbox=bad-deploy --env dev ";
            assert_eq!(step.command.strip_prefix(start), Some(expected), "{name}");
        }
    }

    #[test]
    fn each_source_has_its_turn() {
        let mut list = ["a", "b", "c"].map(|command| check(State::Red, command));
        list[2].source = Source::Database;
        let commands: Vec<_> = steps(&list).into_iter().map(|step| step.command).collect();
        assert_eq!(commands, ["a", "c", "b"]);
    }
}
