//! Tells the team's channel and the journal that a rollback begins, and how it ended.
//!
//! The rollback waits for none of it: the first message leaves beside the request, and goes on while
//! what is live is read back and watched. Only when all that is done are the messages waited for, each
//! for a moment ([`AFTER`]). What could not leave is kept in the spool, what may have arrived is told,
//! and neither changes the exit code.

use std::pin::pin;
use std::time::Duration;

use parky_ops::discord::{Discord, Message, Violation};
use parky_ops::domain::{Caveat, Consent};
use parky_ops::notify::{
    Address, Courier, Delivery, DeliveryState, Hurry, Parcel, Parts, Patience,
};
use parky_ops::rollback::notice::Teller;
use parky_ops::rollback::{Journalled, Notice, Report};
use parky_ops::state::filesystem_of;
use tokio::sync::watch;
use tokio::time::Instant;

use super::book::{Book, Lines};
use super::job::Job;
use super::planned::webhook;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::Ui;

/// How long the first message may take while the rollback goes on.
const BESIDE: Duration = Duration::from_secs(15);
/// How long each message is waited for when there is nothing else to do.
const AFTER: Duration = Duration::from_secs(2);
/// The same where the operator wants to stop.
const STOPPED: Duration = Duration::from_secs(1);
/// Longer than any rollback.
const LONG: Duration = Duration::from_secs(86_400);

/// How far the rollback is, for those who tell of it.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The request leaves.
    pub(super) begun: watch::Sender<bool>,
    /// The operator wants to stop.
    pub(super) stopped: watch::Sender<bool>,
}

/// See the module.
pub(super) struct Telling<'a> {
    job: &'a Job<'a>,
    consent: &'a Consent,
    operator: String,
    courier: Courier,
    book: Book,
    /// The line of the journal on the beginning.
    line: Option<i64>,
    /// What became of the first message; `None`: the request never left.
    started: Option<Delivery>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(job: &'a Job<'a>, consent: &'a Consent, ctx: &Context) -> Self {
        let (config, planned) = (&job.world.config, &job.notice);
        let late = || Err("its webhook could not be read in time".to_owned());
        let address = Address {
            channel: planned.channel.to_owned(),
            webhook: planned.webhook.clone().unwrap_or_else(late),
            channel_id: config.channels.get(planned.channel).and_then(|known| known.id.clone()),
            guild: planned.guild.clone(),
        };
        let courier = Courier::new(Parts {
            env: config.env.clone(),
            clock: ctx.clock,
            discord: Discord::new(job.world.http(), config.urls.discord.value.clone(), None),
            state_dir: config.state_dir.as_ref().map(|directory| directory.value.clone()),
            probe: filesystem_of,
            address,
        });
        let (operator, book) = (ctx.operator(), Book::closed());
        Self { job, consent, operator, courier, book, line: None, started: None }
    }

    /// Carries out `work`, and tells of its beginning once `course` says that the request leaves.
    pub(super) async fn beside<T>(&mut self, course: &Course, work: impl Future<Output = T>) -> T {
        let (hurry, patience) = Patience::until(Instant::now() + LONG);
        let mut stopped = course.stopped.subscribe();
        let begin = Box::pin(self.begin(course.begun.subscribe(), &hurry, &patience));
        let (mut work, mut begin) = (pin!(work), pin!(begin));
        let (mut told, mut hurried) = (false, false);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                () = &mut begin, if !told => told = true,
                _ = stopped.wait_for(|stopped| *stopped), if !hurried => {
                    hurried = true;
                    hurry.by(Instant::now() + STOPPED);
                }
            }
        };
        if !told && *course.begun.borrow() {
            hurry.by(Instant::now() + AFTER);
            begin.await;
        }
        done
    }

    /// Gets ready, waits for the request, and tells of it.
    async fn begin(&mut self, begun: watch::Receiver<bool>, hurry: &Hurry, patience: &Patience) {
        let Self { job, consent, operator, courier, book, line, started } = self;
        let (job, clock, planned) = (*job, job.world.clock, &job.notice);
        let writing = async {
            *book = Book::open(job.world).await;
            beginning(begun.clone()).await;
            let begun = lines(job, operator).begun(clock.now());
            *line = book.put(&begun, clock.now()).await;
        };
        let telling = async {
            let ready = async {
                if planned.off.is_some() {
                    return;
                }
                if planned.webhook.is_none() {
                    courier.found(webhook(job.world, planned.channel).await);
                }
                courier.prepare(patience).await;
            };
            let begins = async {
                beginning(begun.clone()).await;
                hurry.by(Instant::now() + BESIDE);
            };
            tokio::join!(ready, begins);
            *started = Some(match planned.off {
                Some(off) => Delivery::skipped(off),
                None => {
                    let message = teller(job, operator).started(&job.card, clock.now());
                    deliver(courier, job, message, consent, patience).await
                }
            });
        };
        tokio::join!(writing, telling);
    }

    /// Tells how it ended, in the journal first; what became of both goes into `report`. A signal
    /// that comes meanwhile ends the waiting, and is handed back.
    pub(super) async fn end(
        mut self,
        report: &mut Report,
        course: &Course,
        signals: &mut Signals,
        ui: &Ui,
    ) -> (Option<Outcome>, Vec<Caveat>) {
        let (job, now) = (self.job, self.job.world.clock.now());
        if self.started.is_none() {
            self.book = Book::open(job.world).await;
        }
        let ended = lines(job, &self.operator).ended(report, self.line, now);
        let result = self.book.put(&ended, now).await;
        report.journal = Journalled { started: self.line, result };
        let (mut signal, mut caveats) = (None, Vec::new());
        let channel = job.notice.channel;
        if let Some(started) = self.started.clone() {
            let result = match job.notice.off {
                Some(off) => Delivery::skipped(off),
                None => {
                    ui.note(&format!("telling #{channel}"));
                    let limit = if *course.stopped.borrow() { STOPPED } else { AFTER };
                    let patience = Patience::until(Instant::now() + limit);
                    self.tell_end(report, patience, signals, &mut signal).await
                }
            };
            report.notice = Notice { channel, started, result };
            if job.notice.off.is_none() {
                caveats.extend(untold(&report.notice));
            }
        }
        caveats.extend(self.book.caveat());
        (signal, caveats)
    }

    async fn tell_end(
        &mut self,
        report: &Report,
        (hurry, patience): (Hurry, Patience),
        signals: &mut Signals,
        signal: &mut Option<Outcome>,
    ) -> Delivery {
        let Self { job, consent, operator, courier, .. } = self;
        let message = teller(job, operator).result(&job.card, report, job.world.clock.now());
        let mut sending = pin!(Box::pin(deliver(courier, job, message, consent, &patience)));
        loop {
            tokio::select! {
                delivery = &mut sending => return delivery,
                outcome = signals.next(), if signal.is_none() => {
                    *signal = Some(outcome);
                    hurry.by(Instant::now());
                }
            }
        }
    }
}

/// Comes back when the request leaves, and never where it does not.
async fn beginning(mut begun: watch::Receiver<bool>) {
    if begun.wait_for(|begun| *begun).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn deliver(
    courier: &mut Courier,
    job: &Job<'_>,
    message: Result<Message, Vec<Violation>>,
    consent: &Consent,
    patience: &Patience,
) -> Delivery {
    match message {
        Ok(message) => {
            let subject = job.card.id();
            let parcel = Parcel { kind: "rollback", subject: &subject, message: &message };
            courier.deliver(parcel, consent, patience).await
        }
        Err(found) => {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            Delivery::skipped(format!("Discord would refuse it: {}", found.join("; ")))
        }
    }
}

fn lines<'b>(job: &'b Job<'_>, operator: &'b str) -> Lines<'b> {
    let method = if job.program.is_some() { "script" } else { "api" };
    let redactor = &job.world.redactor;
    Lines { card: &job.card, method, operator, reason: job.reason, redactor }
}

fn teller<'b>(job: &'b Job<'_>, operator: &'b str) -> Teller<'b> {
    let name = job.program.as_ref().and_then(|program| program.path.file_name()?.to_str());
    let (lang, redactor) = (job.notice.lang, &job.world.redactor);
    Teller { lang, operator, reason: job.reason, script: name, redactor }
}

/// What the channel was not told, and where that is now.
fn untold(notice: &Notice) -> Vec<Caveat> {
    let Notice { channel, started, result } = notice;
    let one = |what: &str, delivery: &Delivery| {
        let why = delivery.reason.as_deref().unwrap_or_default();
        let text = match delivery.state {
            DeliveryState::Delivered => return None,
            DeliveryState::Spooled => {
                let line = delivery.spool.map(|id| format!(" (number {id})")).unwrap_or_default();
                format!("#{channel} was not told {what}, which is kept in the spool{line}: {why}")
            }
            DeliveryState::Unsure => {
                format!("whether #{channel} was told {what} is not known, look there: {why}")
            }
            DeliveryState::Skipped => format!("#{channel} was not told {what}: {why}"),
        };
        Some(Caveat::new("not-told", text))
    };
    let both = [one("that it began", started), one("how it ended", result)];
    both.into_iter().flatten().collect()
}
