//! What every `dlq` command that knows the ledger sits down at: the table, the store, the local
//! ledger, and who we are.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use parky_ops::auth::target::may_write;
use parky_ops::auth::{AuthError, CredentialName, PinState};
use parky_ops::checks::World;
use parky_ops::checks::access::{Database, NoWebhook};
use parky_ops::discord::{Discord, WebhookUrl};
use parky_ops::dlq::Owner;
use parky_ops::dlq::plan::{PlannedRow, Road};
use parky_ops::dlq::replay::{Journal, is_before};
use parky_ops::dlq::source::Source;
use parky_ops::dlq::store::Store as _;
use parky_ops::dlq::store::any::AnyStore;
use parky_ops::dlq::store::carry::{Carried, CarryError, carry_over};
use parky_ops::dlq::store::local::LocalStore;
use parky_ops::dlq::store::shared::{Access, SharedStore, TeamTable};
use parky_ops::dlq::{FailureId, Table};
use parky_ops::domain::{Caveat, Clock, Consent};
use parky_ops::postgres::{Limits, Session};
use parky_ops::state::{Ledger, State, filesystem_of};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::ui::Ui;

/// Deadline of what is asked before anything is sent, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(30);
/// Name look-up, TCP, TLS and login together.
const CONNECT: Duration = Duration::from_secs(10);
/// Longer than any run: each step has its own limit.
const NO_DEADLINE: Duration = Duration::from_secs(30 * 86_400);

/// The name of the consent to a ledger that has not seen what was sent before.
pub(super) const NEW_LEDGER: &str = "new-ledger";

/// See the module.
pub(super) struct Site {
    pub(super) world: World,
    pub(super) source: Source,
    pub(super) store: AnyStore,
    pub(super) journal: Journal,
    pub(super) owner: Owner,
    pub(super) discord: Discord,
    pub(super) roads: Roads,
    database: Database,
    clock: Clock,
    caveats: Vec<Caveat>,
    has_bot: bool,
}

impl Site {
    /// For a command that changes something; `kind` is what the local ledger will call its sends.
    pub(super) async fn open(ctx: &Context, ui: &Ui, kind: &'static str) -> anyhow::Result<Self> {
        let world = ctx.world(ctx.globals.timeout.unwrap_or(LIMIT))?;
        ctx.announce(ui, &world.config);
        let deadline = world.deadline(world.limit);
        let database = world.database(deadline).await?;
        let limits = Limits { connect: CONNECT, deadline: Instant::now() + NO_DEADLINE };
        let opening = Session::connect(&database.target, &ctx.redactor, limits);
        let mut session = opening.await?;
        let table = Table::look(&mut session, &world.config.dlq).await?;
        table.key()?;
        let mut caveats: Vec<_> = table.caveat().into_iter().collect();
        let journal = journal(ctx, &world, kind).await?;
        let store = store(ctx, &world, &database, &table, &mut caveats).await?;
        let bot = world.credential(&CredentialName::DiscordBotToken, deadline).await.ok();
        let has_bot = bot.is_some();
        let base = world.config.urls.discord.value.clone();
        let discord = Discord::new(world.http(), base, bot.map(|bot| bot.value));
        let owner = Owner::of_this_process(&ctx.operator(), env!("CARGO_PKG_VERSION"));
        let source = Source::new(database.target.clone(), ctx.redactor.clone(), table, session);
        let roads = Roads::default();
        Ok(Self {
            world,
            source,
            store,
            journal,
            owner,
            discord,
            roads,
            database,
            clock: ctx.clock,
            caveats,
            has_bot,
        })
    }

    /// What an earlier process of this machine put down and the store did not hear of is told to it,
    /// and what dead processes hold is let go.
    pub(super) async fn tidy(&mut self, ui: &Ui) -> anyhow::Result<()> {
        self.carry_over().await?;
        let news = self.journal.reconcile(&mut self.store).await.context("telling the ledger")?;
        if news > 0 {
            ui.note(&format!("{news} ends of an earlier run were put into the ledger"));
        }
        let unsure = self.store.reap(&self.owner).await?;
        if unsure > 0 {
            ui.note(&format!(
                "{unsure} rows that a dead run was sending are unsure: parky-ops dlq unsure"
            ));
        }
        Ok(())
    }

    /// What this machine settled with its own ledger is told to the shared one, before anything is
    /// chosen to be sent.
    async fn carry_over(&mut self) -> anyhow::Result<()> {
        let local = local(&self.world, self.clock).await?;
        let (AnyStore::Shared(shared), Some(mut local)) = (&mut self.store, local) else {
            return Ok(());
        };
        let carried = carry_over(&mut local, shared, &self.owner).await.map_err(refusal)?;
        let Carried { twice, later, .. } = carried;
        let texts = [
            (
                carried.rows(),
                "carried-over",
                format!(
                    "this machine's own ledger was told to the shared one: {}",
                    words(&carried)
                ),
            ),
            (
                later,
                "carried-later",
                format!("{later} rows of this machine's own ledger wait for a run that is at them"),
            ),
            (
                twice,
                "delivered-twice",
                format!(
                    "{twice} rows arrived twice: this machine delivered them with its own ledger, and \
                 somebody else with the shared one"
                ),
            ),
        ];
        let told = texts.into_iter().filter(|(rows, ..)| *rows > 0);
        self.caveats.extend(told.map(|(_, code, text)| Caveat::new(code, text)));
        Ok(())
    }

    /// The configured ids of channels.
    pub(super) fn channel_ids(&self) -> BTreeMap<String, String> {
        let channels = self.world.config.channels.iter();
        channels.filter_map(|(name, channel)| Some((name.clone(), channel.id.clone()?))).collect()
    }

    /// Discord, where a bot can look into channels.
    pub(super) fn bot(&self) -> Option<&Discord> {
        self.has_bot.then_some(&self.discord)
    }

    /// The pinned guild.
    pub(super) fn guild(&self) -> Option<String> {
        self.world.config.pins.discord_guild.as_ref().map(|pin| pin.value.clone())
    }

    pub(super) fn is_local(&self) -> bool {
        self.store.is_local()
    }

    /// Rows that may have been sent by a local ledger that is lost.
    pub(super) fn needs_new_ledger(&self, rows: &[PlannedRow]) -> bool {
        let blind = self.journal.blind_before();
        let sends = |row: &&PlannedRow| row.is_to_send();
        self.is_local() && rows.iter().filter(sends).any(|row| is_before(row.attempted_at, blind))
    }

    pub(super) async fn accept_new_ledger(&mut self, consent: &Consent) -> anyhow::Result<()> {
        Ok(self.journal.accept(consent).await?)
    }

    /// What the plan is about, by name.
    pub(super) fn target(&self) -> Map<String, Value> {
        let Database { parsed, from, .. } = &self.database;
        let config = &self.world.config;
        let project = parsed.supabase_ref.as_ref().map(|project| format!(", project {project}"));
        let database = format!(
            "{}:{}/{}{} (from {from})",
            parsed.host,
            parsed.port,
            parsed.database,
            project.unwrap_or_default()
        );
        let ledger = match self.is_local() {
            true => "local, this machine only",
            false => "parky_ops in the database",
        };
        let webhooks: Map<String, Value> = self
            .roads
            .webhooks
            .iter()
            .map(|(lane, webhook)| (lane.clone(), json!(webhook.to_string())))
            .collect();
        let target = json!({
            "env": config.env,
            "database": database,
            "table": config.dlq.to_string(),
            "ledger": ledger,
            "discord": config.urls.discord.value,
            "guild": self.guild(),
            "webhooks": webhooks,
        });
        target.as_object().cloned().unwrap_or_default()
    }

    /// What the reader has to know.
    pub(super) fn caveats(&mut self) -> Vec<Caveat> {
        let mut caveats = self.world.caveats();
        caveats.extend(self.caveats.iter().cloned());
        caveats.extend(self.store.caveats());
        caveats
    }
}

/// The ways to the channels that were asked for.
#[derive(Debug, Default)]
pub(super) struct Roads {
    webhooks: BTreeMap<String, WebhookUrl>,
}

impl Roads {
    /// The webhooks that were found, by channel.
    pub(super) fn webhooks(&self) -> &BTreeMap<String, WebhookUrl> {
        &self.webhooks
    }

    /// What the channel can do; a webhook that is found is kept.
    pub(super) async fn of(&mut self, world: &World, channel: &str) -> Road {
        match world.webhook(channel, world.deadline(world.limit)).await {
            Ok(webhook) => {
                self.webhooks.insert(channel.to_owned(), webhook);
                Road::Open
            }
            Err(NoWebhook::Auth(AuthError::NotSet { .. }))
                if !world.config.channels.contains_key(channel) =>
            {
                Road::Unknown
            }
            Err(why) => Road::Blocked(why.to_string()),
        }
    }
}

async fn journal(ctx: &Context, world: &World, kind: &'static str) -> anyhow::Result<Journal> {
    let Some(directory) = &world.config.state_dir else {
        let text = "there is no place for the local ledger: no home directory".to_owned();
        let hint = "set PARKY_OPS_STATE_DIR";
        return Err(Refusal::new("no-ledger", Outcome::Configuration, text, hint).into());
    };
    let env = world.config.env.clone();
    let ledger = Ledger::open(&directory.value, env, ctx.clock.now(), filesystem_of).await?;
    Ok(Journal::new(ledger, ctx.clock, kind))
}

/// The shared store where this role may write to it, else the local one.
async fn store(
    ctx: &Context,
    world: &World,
    database: &Database,
    table: &Table,
    caveats: &mut Vec<Caveat>,
) -> anyhow::Result<AnyStore> {
    let config = &world.config;
    let team = TeamTable::from(&config.dlq);
    let env = config.env.clone();
    let opened =
        SharedStore::open(database.target.clone(), ctx.redactor.clone(), env.clone(), team).await?;
    may_change(world, database, &opened.access)?;
    if let Some(why) = opened.access.why_local() {
        let text = format!("{why}: the local ledger serves, which protects this machine only");
        caveats.push(Caveat::new("local-ledger", text));
        let directory = config.state_dir.as_ref().map(|directory| directory.value.clone());
        let state = State::open(&directory.unwrap_or_default()).await?;
        let local = LocalStore::new(state, env.clone(), ctx.clock).of_table(&config.dlq);
        // A schema of another environment, or of a newer program, tells nothing about these rows.
        return Ok(match opened.access.check(&env) {
            Ok(()) => AnyStore::Beside(local, opened.store),
            Err(_) => AnyStore::Local(local),
        });
    }
    opened.access.check(&env)?;
    let word = config.dlq.delivered_status.clone().or(opened.access.delivered_status.clone());
    let store = match word {
        Some(word) if opened.access.may_update_table => {
            let table = table.clone();
            opened.store.marking(move |id: &FailureId| table.mark_delivered(id, &word).ok())
        }
        Some(word) => {
            let text = format!(
                "the role may not set a row's status to '{word}': the ledger alone tells what was delivered"
            );
            caveats.push(Caveat::new("not-marked", text));
            opened.store
        }
        None => opened.store,
    };
    Ok(AnyStore::Shared(store))
}

/// The replays' own ledger on this machine, if there was ever one.
pub(super) async fn local(world: &World, clock: Clock) -> anyhow::Result<Option<LocalStore>> {
    let config = &world.config;
    let Some(directory) = &config.state_dir else { return Ok(None) };
    let local = LocalStore::existing(&directory.value, config.env.clone(), clock).await?;
    Ok(local.map(|local| local.of_table(&config.dlq)))
}

/// Why nothing is carried over.
pub(super) fn refusal(error: CarryError) -> anyhow::Error {
    match error {
        CarryError::Running(_) => {
            let hint = "wait until it has ended: parky-ops dlq runs";
            Refusal::new("busy", Outcome::Held, error.to_string(), hint).into()
        }
        CarryError::Store(error) => error.into(),
    }
}

/// What was carried over.
pub(super) fn words(carried: &Carried) -> String {
    let Carried { delivered, settled, unsure, .. } = carried;
    format!("{delivered} delivered, {settled} skipped, discarded or rejected, {unsure} unsure")
}

/// A schema that is stamped for this environment says that the database is this environment's.
pub(super) fn may_change(
    world: &World,
    database: &Database,
    access: &Access,
) -> Result<(), Refusal> {
    let config = &world.config;
    let pin = match database.parsed.pin(config.pins.supabase_ref.as_ref(), &database.from) {
        PinState::None if access.stamped.as_deref() == Some(config.env.as_str()) => {
            PinState::Agrees
        }
        pin => pin,
    };
    may_write(&config.env, database.scope, &database.from, &pin, &[])
        .map_err(|refusal| Refusal::write(&refusal))
}
