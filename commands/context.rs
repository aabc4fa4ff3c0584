//! What a command needs besides its arguments: variables, clock, configuration, the way it was
//! called. Commands that need no configuration never load it, so they work where it is broken.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ColorChoice;
use parky_ops::checks::{World, WorldParts};
use parky_ops::config::{Config, Flags, LoadInput, Loaded, Vars};
use parky_ops::domain::{Clock, EnvName, Invocation, Redactor};
use parky_ops::http::RequestLog;

use crate::args::globals::Globals;
use crate::refusal::Usage;
use crate::stage::Stage;
use crate::ui::{Envelope, Look, Ui, prompt};

/// See the module.
pub(crate) struct Context {
    pub(crate) globals: Globals,
    pub(crate) vars: Vars,
    pub(crate) cwd: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) redactor: Redactor,
    request_log: Option<Arc<dyn RequestLog>>,
    stage: Option<Stage>,
}

impl Context {
    /// The context, and the writer that goes with it. With `--sandbox` the stand-ins are started
    /// first if the command is to be `staged`, and nothing of the real environment but the terminal's
    /// traits is seen from then on.
    pub(crate) fn new(
        globals: Globals,
        vars: Vars,
        staged: bool,
    ) -> Result<(Self, Ui), (anyhow::Error, Ui)> {
        let redactor = Redactor::default();
        let look = look(&globals, &vars);
        let env = globals.env.clone().or_else(|| vars.get("PARKY_OPS_ENV")?.parse().ok());
        let envelope = |scenario: Option<String>| Envelope {
            env: env.as_ref().map_or_else(|| "prod".to_owned(), ToString::to_string),
            sandbox: scenario,
        };
        let plain = || Ui::new(look.clone(), envelope(None), redactor.clone());
        let clock = clock(&vars).map_err(|error| (error, plain()))?;
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let staged = match globals.sandbox.as_ref().filter(|_| staged) {
            None => None,
            Some(scenario) if globals.config.is_some() => {
                let text =
                    format!("--sandbox={scenario} brings its own configuration: drop --config");
                return Err((Usage::new(text, "parky-ops --sandbox triage").into(), plain()));
            }
            Some(scenario) => {
                let staged = Stage::raise(scenario, &vars, clock, &plain());
                Some(staged.map_err(|error| (error, plain()))?)
            }
        };
        let ui = Ui::new(look.clone(), envelope(globals.sandbox.clone()), redactor.clone());
        let (stage, vars, cwd) = match staged {
            Some((stage, vars)) => {
                let cwd = stage.home().to_owned();
                (Some(stage), vars, cwd)
            }
            None => (None, vars, cwd),
        };
        let request_log = (globals.verbose >= 2).then(|| ui.request_log());
        Ok((Self { globals, vars, cwd, clock, redactor, request_log, stage }, ui))
    }

    /// The configuration, with where each value came from.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let input = LoadInput {
            flags: self.flags(),
            project: self.stage.is_none(),
            ..LoadInput::new(&self.vars, &self.cwd)
        };
        Ok(parky_ops::config::load(&input)?)
    }

    /// The options that choose what is loaded.
    pub(crate) fn flags(&self) -> Flags {
        let env = self.globals.env.as_ref().map(ToString::to_string);
        Flags { env, config: self.globals.config.clone() }
    }

    /// Everything that the checks look at, for a run of at most `limit`.
    pub(crate) fn world(&self, limit: Duration) -> anyhow::Result<World> {
        Ok(self.world_of(self.load()?, limit))
    }

    /// The same with a configuration that was loaded before.
    pub(crate) fn world_of(&self, loaded: Loaded, limit: Duration) -> World {
        World::new(WorldParts {
            config: loaded.config,
            vars: self.vars.clone(),
            folder: self.cwd.clone(),
            clock: self.clock,
            redactor: self.redactor.clone(),
            sandbox: self.stage.is_some(),
            limit,
            log: self.request_log.clone(),
        })
    }

    /// Who operates, for the audit line.
    pub(crate) fn operator(&self) -> String {
        parky_ops::config::operator(&self.vars)
    }

    /// Who is asked whether to change something.
    pub(crate) fn asked(&self, ui: &Ui) -> prompt::Asked {
        prompt::Asked {
            can_ask: self.can_ask(ui),
            operator: self.operator(),
            now: self.clock.now(),
        }
    }

    /// How this program was called, for the commands that it prints.
    pub(crate) fn invocation(&self, env: &EnvName) -> Invocation {
        Invocation {
            env: env.clone(),
            say_env: self.globals.env.is_some() && self.vars.get("PARKY_OPS_ENV").is_some(),
            config: self.globals.config.as_ref().map(|path| self.cwd.join(path)),
            sandbox: self.globals.sandbox.clone(),
        }
    }

    /// Says on stderr which environment is looked at, and by which file.
    pub(crate) fn announce(&self, ui: &Ui, config: &Config) {
        let read = config.user_file.as_ref().filter(|path| path.is_file());
        let file = read.map(|path| format!(", {}", path.display()));
        let file = file.filter(|_| self.stage.is_none()).unwrap_or_default();
        ui.note(&format!("looking at {}{file}", config.env));
    }

    /// Whether a question may be asked: a terminal, and an answer that people read.
    pub(crate) fn can_ask(&self, ui: &Ui) -> bool {
        ui.look.format == crate::ui::Format::Text && prompt::possible(self.globals.no_input)
    }
}

fn look(globals: &Globals, vars: &Vars) -> Look {
    let dumb = vars.get("TERM") == Some("dumb");
    let forced = vars.get("CLICOLOR_FORCE").is_some_and(|v| v != "0");
    let colour = |terminal: bool| match globals.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if vars.get("NO_COLOR").is_some() => false,
        ColorChoice::Auto => forced || (terminal && !dumb),
    };
    let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let columns = vars.get("COLUMNS").and_then(|n| n.parse().ok()).filter(|n| *n > 0);
    let width = |is_terminal: bool, term: console::Term| {
        let measured = || term.size_checked().map(|(_, columns)| columns);
        if is_terminal { columns.or_else(measured) } else { None }
    };
    Look {
        format: globals.format(),
        colour_out: colour(out),
        colour_err: colour(err),
        width: width(out, console::Term::stdout()),
        width_err: width(err, console::Term::stderr()),
        animate: err && !dumb && vars.get("CI").is_none(),
        quiet: globals.quiet,
        verbose: globals.verbose > 0,
        runner: vars.get("GITHUB_ACTIONS") == Some("true"),
    }
}

/// The machine's clock; with the sandbox feature `PARKY_OPS_CLOCK` sets it, for drills and tests.
fn clock(vars: &Vars) -> anyhow::Result<Clock> {
    let Some(set) = vars.get("PARKY_OPS_CLOCK").filter(|_| cfg!(feature = "sandbox")) else {
        return Ok(Clock::system());
    };
    set.parse().map(Clock::fixed).map_err(|_| {
        Usage::new("PARKY_OPS_CLOCK is not RFC 3339".to_owned(), "unset PARKY_OPS_CLOCK").into()
    })
}
