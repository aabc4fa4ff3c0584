//! Asks everything on one connection and makes a check of each answer, or of its absence.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Tries, latency, server, sessions};
use crate::checks::dlq::{self, DeadLetterFacts};
use crate::checks::{connections, locks};
use crate::config::{DlqTable, Origin, Thresholds};
use crate::dlq::settled::LocalPlace;
use crate::domain::check::Times;
use crate::domain::{
    Caveat, Check, Clock, Judgement, Reason, ReasonClass, ReasonCode, Redactor, Source,
};
use crate::postgres::{Limits, PgError, Session, Target};

/// Every check of the group, in the order in which a report lists them.
pub const CHECKS: [(Source, &str); 12] = [
    (Source::Database, "connect"),
    (Source::Database, "query"),
    (Source::Database, "read-only"),
    (Source::Database, "statements"),
    (Source::Database, "idle-in-transaction"),
    (Source::Database, "slots"),
    (Source::Database, "xid"),
    (Source::Connections, "connections"),
    (Source::Locks, "blocked"),
    (Source::Dlq, "last-24h"),
    (Source::Dlq, "p0"),
    (Source::Dlq, "last-hour"),
];

/// What to ask, whom, and until when.
pub struct DatabaseInput<'a> {
    /// The server and where its URL came from, or why there is none; then every check says so.
    pub target: Result<(&'a Target, &'a Origin), Judgement>,
    /// The dead-letter table.
    pub table: &'a DlqTable,
    /// Where this machine keeps the replays' ledger, where it does.
    pub ledger: LocalPlace<'a>,
    /// Where green ends.
    pub thresholds: &'a Thresholds,
    /// Sources that are reported; of the others nothing is asked.
    pub wanted: &'a BTreeSet<Source>,
    /// For the time of each check.
    pub clock: Clock,
    /// Takes secrets out of what the server says.
    pub redactor: &'a Redactor,
    /// When the whole group has to be over.
    pub deadline: Instant,
    /// Only the connect and so many times `SELECT 1`.
    pub ping: Option<Tries>,
}

/// The checks of a ping.
const PING: [&str; 2] = ["connect", "query"];

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct DatabaseReport {
    /// The checks of the wanted sources, in the order of [`CHECKS`].
    pub checks: Vec<Check>,
    /// What the dead letters say, where they could be read.
    pub dead_letters: Option<DeadLetterFacts>,
    /// What the reader has to know of all this.
    pub caveats: Vec<Caveat>,
}

/// Asks the database. Never fails: what cannot be measured is a check that says why.
pub async fn gather(input: DatabaseInput<'_>) -> DatabaseReport {
    let mut report = Report { input: &input, out: DatabaseReport::default() };
    match &input.target {
        Err(why) => report.all_are(why),
        Ok((target, from)) => report.connect_and_ask(target, from).await,
    }
    let mut out = report.out;
    out.checks.sort_by_key(|check| {
        CHECKS.iter().position(|(source, name)| (*source, *name) == (check.source, &*check.name))
    });
    out
}

/// The report while it grows.
struct Report<'a> {
    input: &'a DatabaseInput<'a>,
    out: DatabaseReport,
}

impl Report<'_> {
    fn wants(&self, source: Source) -> bool {
        self.input.wanted.contains(&source)
    }

    fn push(&mut self, source: Source, name: &str, began: Instant, judgement: Judgement) {
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let times = Times { took_ms, measured_at: self.input.clock.now() };
        let asked = self.input.ping.is_none() || PING.contains(&name);
        if self.wants(source) && asked {
            self.out.checks.push(judgement.check(source, name, times));
        }
    }

    fn all_are(&mut self, why: &Judgement) {
        let began = Instant::now();
        for (source, name) in CHECKS {
            self.push(source, name, began, why.clone());
        }
    }

    async fn connect_and_ask(&mut self, target: &Target, from: &Origin) {
        let began = Instant::now();
        let thresholds = self.input.thresholds;
        let limits = Limits {
            connect: Duration::from_millis(thresholds.db_connect_red_ms),
            deadline: self.input.deadline,
        };
        match Session::connect(target, self.input.redactor, limits).await {
            Ok(mut session) => {
                let judgement = latency::judge_connect(session.connect_ms(), thresholds);
                self.push(Source::Database, "connect", began, judgement);
                self.ask(&mut session).await;
                session.close().await;
            }
            Err(error) => self.not_connected(began, &error, from),
        }
    }

    /// In the order of worth.
    async fn ask(&mut self, session: &mut Session) {
        if self.wants(Source::Database) {
            self.query(session).await;
        }
        if self.input.ping.is_some() {
            return;
        }
        if self.wants(Source::Dlq) {
            self.dead_letters(session).await;
        }
        if self.wants(Source::Connections) {
            self.connections(session).await;
        }
        if self.wants(Source::Locks) {
            let began = Instant::now();
            let facts = locks::facts(session).await;
            let judgement = judged(&facts, |facts| locks::judge(facts, self.input.thresholds));
            self.push(Source::Locks, "blocked", began, judgement);
        }
        if self.wants(Source::Database) {
            self.server(session).await;
        }
    }

    /// A refused credential is the reason of every check, and says where it came from; of any other
    /// cause the rest only knows that it was not tried. `53300` measures the connections as well.
    fn not_connected(&mut self, began: Instant, error: &PgError, from: &Origin) {
        let mut connect = error.judgement();
        let code = match connect.reason.code {
            code if code.class() == ReasonClass::Ours => {
                connect.reason = Reason::new(code, format!("{error} (URL from {from})"));
                code
            }
            _ => ReasonCode::NotTried,
        };
        let text = format!("not tried: the connection failed: {}", connect.reason.text);
        let rest = Judgement::unknown(code, text).reach(connect.reach);
        for (source, name) in CHECKS {
            let judgement = match source {
                Source::Connections => saturated(error).unwrap_or_else(|| rest.clone()),
                Source::Database if name == "connect" => connect.clone(),
                _ => rest.clone(),
            };
            self.push(source, name, began, judgement);
        }
    }

    fn tries(&self) -> Tries {
        self.input.ping.unwrap_or_default()
    }

    async fn query(&mut self, session: &mut Session) {
        let began = Instant::now();
        let judgement = latency::query(session, self.input.thresholds, self.tries()).await;
        self.push(Source::Database, "query", began, judgement);
    }

    async fn dead_letters(&mut self, session: &mut Session) {
        let mut began = Instant::now();
        let mut reader = dlq::Reader::look(session, self.input.table, &self.input.ledger).await;
        let p0 = reader.p0(session).await;
        self.push(Source::Dlq, "p0", began, either(p0.as_ref().map(dlq::judge_p0)));

        began = Instant::now();
        let day = reader.day(session).await;
        self.push(Source::Dlq, "last-24h", began, either(day.as_ref().map(dlq::judge_day)));

        began = Instant::now();
        let hour = reader.hour(session).await;
        let judge = |hour| dlq::judge_hour(hour, self.input.thresholds);
        let judgement = either(hour.as_ref().map(judge));
        self.push(Source::Dlq, "last-hour", began, judgement);

        self.out.caveats.extend(reader.caveats());
        let (p0, day, hour) = (p0.ok(), day.ok(), hour.ok());
        let mut facts = DeadLetterFacts::of(p0.as_ref(), day.as_ref(), hour.as_ref());
        // Without an open row there is no start to look for.
        if let Some(facts) = facts.as_mut().filter(|facts| facts.open_24h != Some(0)) {
            let start = reader.start(session).await;
            facts.first_open_after_quiet_hour = start.unwrap_or_default();
        }
        self.out.dead_letters = facts;
    }

    async fn connections(&mut self, session: &mut Session) {
        let began = Instant::now();
        let judgement = match connections::facts(session).await {
            Ok(facts) => connections::judge(&facts, self.input.thresholds),
            Err(error) => saturated(&error).unwrap_or_else(|| error.judgement()),
        };
        self.push(Source::Connections, "connections", began, judgement);
    }

    async fn server(&mut self, session: &mut Session) {
        let thresholds = self.input.thresholds;
        let mut began = Instant::now();
        let identity = server::identity(session).await;
        self.out.caveats.extend(identity.as_ref().ok().and_then(server::Identity::caveat));
        self.push(Source::Database, "read-only", began, judged(&identity, server::judge_read_only));

        began = Instant::now();
        self.sessions(session, began).await;

        began = Instant::now();
        let slots = server::slots(session).await;
        let judgement = judged(&slots, |slots| server::judge_slots(slots, thresholds));
        self.push(Source::Database, "slots", began, judgement);

        began = Instant::now();
        let xid = server::xid(session).await;
        let judgement = judged(&xid, |xid| server::judge_xid(xid, thresholds));
        self.push(Source::Database, "xid", began, judgement);
    }

    /// One read serves both checks.
    async fn sessions(&mut self, session: &mut Session, began: Instant) {
        let (statements, idle) = match sessions::sessions(session).await {
            Ok(Some(facts)) => (
                sessions::judge_statements(&facts, self.input.thresholds),
                sessions::judge_idle(&facts, self.input.thresholds),
            ),
            Ok(None) => (sessions::limited_view(), sessions::limited_view()),
            Err(error) => (error.judgement(), error.judgement()),
        };
        self.push(Source::Database, "statements", began, statements);
        self.push(Source::Database, "idle-in-transaction", began, idle);
    }
}

fn judged<T>(facts: &Result<T, PgError>, judge: impl FnOnce(&T) -> Judgement) -> Judgement {
    facts.as_ref().map_or_else(PgError::judgement, judge)
}

/// Both sides are judgements already.
fn either(judgement: Result<Judgement, &Judgement>) -> Judgement {
    judgement.unwrap_or_else(Clone::clone)
}

fn saturated(error: &PgError) -> Option<Judgement> {
    (error.sqlstate() == Some("53300"))
        .then(|| Judgement::red(ReasonCode::Saturated, error.to_string()).with("sqlstate", "53300"))
}
