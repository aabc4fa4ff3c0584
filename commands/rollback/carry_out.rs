//! From a card to the end of the rollback: the plan, the agreement, the change, the watch.
//!
//! Ctrl-C before the request sends nothing; after it, what is live is still read back and told.

use std::pin::pin;

use parky_ops::cloudflare::Client;
use parky_ops::config::Host;
use parky_ops::domain::Consent;
use parky_ops::http::ApiError;
use parky_ops::rollback::verify::{Probed, Watch, verify};
use parky_ops::rollback::{
    Act, Event, Journalled, LiveState, Notice, Posted, Report, Settled, Verification, VerifyState,
    Way, settle,
};

use super::job::Job;
use super::own_tail::OwnTail;
use super::telling::{Course, Telling};
use super::{card, report};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Ui, prompt};

impl Job<'_> {
    pub(super) async fn run(&self, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
        let now = ctx.clock.now();
        let by = self.program.as_ref().map(|program| program.path.display().to_string());
        let mut plan = card::plan(&self.card, by.as_deref(), self.force, now);
        self.notice.put_into(&mut plan);
        let allowed = self.access.may_write(&self.card.env);
        if self.consent.dry_run {
            plan.warnings
                .extend(allowed.err().map(|refusal| format!("this would be refused: {refusal}")));
            ui.show_plan(&plan, &self.world.caveats(), now)?;
            return Ok(Outcome::Done);
        }
        allowed?;
        let asked = ctx.asked(ui);
        if asked.can_ask || plan.names.iter().all(|name| self.consent.confirm.contains(name)) {
            ui.say_plan(&plan);
        }
        let Some(consent) = prompt::agree(&plan.act, &plan.names, self.consent, &asked).await?
        else {
            if asked.can_ask {
                ui.say("not agreed to; nothing was changed");
            } else {
                ui.show_plan(&plan, &self.world.caveats(), now)?;
                ui.note(&format!(
                    "nobody agreed to this; to agree in advance: {}",
                    option(&plan.names)
                ));
            }
            return Ok(Outcome::Unconfirmed);
        };
        self.change(&consent, ctx, ui).await
    }

    async fn change(&self, consent: &Consent, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
        let mut signals = Signals::listen()?;
        let client = self.access.client();
        let message = self.card.message(&ctx.operator(), self.reason);
        let way = self.way(&client, &message);
        let mut signal = None;
        let mut telling = Telling::new(self, consent, ctx);
        let course = Course::default();
        let work =
            self.settle_and_watch(&way, consent, &course, (&mut signals, &mut signal), (ctx, ui));
        let (settled, verification) = telling.beside(&course, Box::pin(work)).await?;
        let mut report = self.report(settled, verification, ctx);
        let (later, mut caveats) = telling.end(&mut report, &course, &mut signals, ui).await;
        let outcome = outcome(&report);
        caveats.splice(0..0, self.world.caveats());
        ui.show(&report::View { report: &report, caveats }, ctx.clock.now())?;
        Ok(signal.or(later).unwrap_or(outcome))
    }

    async fn settle_and_watch(
        &self,
        way: &Way<'_>,
        consent: &Consent,
        course: &Course,
        (signals, signal): (&mut Signals, &mut Option<Outcome>),
        (ctx, ui): (&Context, &Ui),
    ) -> Result<(Settled, Verification), ApiError> {
        let settled = {
            let stop = pin!(async {
                *signal = Some(signals.next().await);
                course.stopped.send_replace(true);
            });
            let mut tell = |event: &Event| {
                if *event == Event::Started {
                    course.begun.send_replace(true);
                }
                tell(event, ui);
            };
            settle(&self.card, way, consent, stop, &mut tell).await?
        };
        let verification = match settled.state {
            LiveState::Live if signal.is_none() && was_ours(&settled) => {
                let stop = async {
                    *signal = Some(signals.next().await);
                    course.stopped.send_replace(true);
                };
                self.watch(stop, ctx, ui).await
            }
            _ => Verification::none(VerifyState::Skipped, "there was nothing to watch"),
        };
        Ok((settled, verification))
    }

    fn way<'b>(&'b self, client: &'b Client, message: &'b str) -> Way<'b> {
        match &self.program {
            Some(program) => Way::Script { client, program },
            None => Way::Api { client, force: self.force, message },
        }
    }

    async fn watch(&self, stop: impl Future<Output = ()>, ctx: &Context, ui: &Ui) -> Verification {
        if self.window.is_zero() {
            return Verification::none(VerifyState::Skipped, "not asked for");
        }
        if self.hosts.is_empty() && self.card.kind == Act::Pages {
            // What production serves was read back: that is all there is to ask.
            return Verification::none(
                VerifyState::Green,
                "Cloudflare says that production serves it",
            );
        }
        let watch = Watch {
            hosts: self.hosts.clone(),
            thresholds: &self.world.config.thresholds,
            roots: self.world.roots(),
            window: self.window,
        };
        let what = if watch.hosts.is_empty() { &self.card.target } else { &names(&watch.hosts) };
        ui.note(&format!("watching {what} for {} s", self.window.as_secs()));
        let mut last = String::new();
        let round = |probed: &[Probed]| {
            let says = said(probed);
            if says != last {
                ui.note(&says);
                last = says;
            }
        };
        let tail = match self.card.kind {
            Act::Worker => Some(OwnTail::new(&self.card, self.access, watch.roots, ctx.clock)),
            Act::Pages => None,
        };
        let Some(tail) = tail else {
            return verify(&watch, async {}, || None, stop, round).await;
        };
        let mut seen = verify(&watch, tail.follow(ui), || tail.seen(), stop, round).await;
        seen.notes = tail.end(ui).await;
        seen
    }

    fn report(&self, settled: Settled, verify: Verification, ctx: &Context) -> Report {
        let invocation = ctx.invocation(&self.card.env);
        let [from, mut to] = self.card.ends();
        let live = settled.state == LiveState::Live;
        to.deployment_id = settled.deployment_id.clone().filter(|_| live);
        let mut refused = settled.refused;
        if let Some(refused) = refused.as_mut().filter(|refused| refused.code == "secrets-changed")
        {
            refused.hint = Some(self.again(&invocation));
        }
        Report {
            target: self.card.target.clone(),
            kind: self.card.kind,
            script: (self.card.kind == Act::Worker).then(|| self.card.script.clone()),
            account: self.card.account.clone(),
            from,
            to,
            differences: self.card.differences.clone().unwrap_or_default(),
            posted: settled.posted,
            state: settled.state,
            refused,
            notes: settled.notes,
            verify,
            // What did not happen needs no undoing; what may have happened does.
            undo: (settled.state != LiveState::NotLive)
                .then(|| self.card.undo(&invocation))
                .flatten(),
            notice: Notice::none(self.notice.channel),
            journal: Journalled::default(),
        }
    }

    /// The same once more, with the changed secrets.
    fn again(&self, invocation: &parky_ops::domain::Invocation) -> String {
        invocation.own([
            "rollback",
            "worker",
            &self.card.target,
            "--to",
            &self.card.to.id,
            "--force-secrets",
        ])
    }
}

/// Whether what is live is what was asked for, and not what somebody else did before it.
fn was_ours(settled: &Settled) -> bool {
    matches!(settled.posted, Posted::Sent | Posted::Lost)
}

fn option(names: &[String]) -> String {
    match names {
        [] => "--yes".to_owned(),
        names => {
            let options =
                names.iter().map(|name| format!("--confirm {}", shell_words::quote(name)));
            options.collect::<Vec<_>>().join(" ")
        }
    }
}

fn tell(event: &Event, ui: &Ui) {
    match event {
        Event::Started => ui.note("nothing has changed since; sending"),
        Event::Posted(Posted::Sent) => ui.note("taken; reading back"),
        Event::Posted(Posted::Lost) => ui.note("no answer to rely on; reading back what is live"),
        Event::Posted(_) | Event::Settled(_) => {}
    }
}

fn names(hosts: &[&Host]) -> String {
    hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn said(probed: &[Probed]) -> String {
    let one = |probed: &Probed| format!("{} {}", probed.host, probed.state.word());
    probed.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Contract §3, last line of "rollback worker|pages".
fn outcome(report: &Report) -> Outcome {
    if let Some(refused) = &report.refused {
        return match refused.code {
            "secrets-changed" => Outcome::Configuration,
            _ => Outcome::Failed,
        };
    }
    match (report.state, report.verify.state) {
        (LiveState::NotLive, _) => Outcome::Failed,
        (LiveState::Unknown, _) | (LiveState::Live, VerifyState::Unknown) => Outcome::Partly,
        (LiveState::Live, VerifyState::Red) => Outcome::Red,
        (LiveState::Live, VerifyState::Green | VerifyState::Skipped) => Outcome::Done,
    }
}
