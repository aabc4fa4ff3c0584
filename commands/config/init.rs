//! `parky-ops config init`: writes the user file, every key explained. A file that is there is
//! replaced only after a yes, and kept beside the new one.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use parky_ops::config::{act_of_writing, default_path, template, write_new};
use parky_ops::domain::EnvName;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::{Unconfirmed, Usage};
use crate::ui::{Page, Ui, View, prompt};

/// Write a user file in which every key is explained
///
/// It asks where the workers' wrangler files and the credentials are; --defaults asks nothing and
/// writes the built-in values, commented out.
#[derive(clap::Args, Debug)]
pub(crate) struct InitArgs {
    /// Ask nothing
    #[arg(long)]
    defaults: bool,

    /// Replace a file that is there (it is kept with .bak behind its name)
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(args: &InitArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let path = target(ctx)?;
    let can_ask = ctx.can_ask(ui);
    if !args.defaults && !can_ask {
        let text = "nobody can be asked here".to_owned();
        return Err(Usage::new(text, &again(ctx, &["--defaults"])).into());
    }
    let act = act_of_writing(&path);
    let agreed = args.yes || !path.exists();
    let consent = prompt::consent(&act, agreed, can_ask, &ctx.operator(), ctx.clock.now())?;
    let Some(consent) = consent else {
        let defaults = args.defaults.then_some("--defaults");
        let words: Vec<_> = defaults.into_iter().chain(["--yes"]).collect();
        return Err(Unconfirmed::new(act, again(ctx, &words)).into());
    };
    let mut text = template();
    if !args.defaults {
        text.push_str(&asked()?);
    }
    let written = write_new(&path, &text, &consent).context("writing the user file")?;
    ui.show(&Init { path: written.path, backup: written.backup }, ctx.clock.now())?;
    Ok(Outcome::Done)
}

/// This command with these options, for the same file.
fn again(ctx: &Context, options: &[&str]) -> String {
    let env = ctx.globals.env.clone().unwrap_or_else(EnvName::prod);
    ctx.invocation(&env).own(["config", "init"].iter().chain(options).copied())
}

fn target(ctx: &Context) -> anyhow::Result<PathBuf> {
    let named = ctx.globals.config.as_deref().map(Path::to_owned);
    let path = named.or_else(|| default_path(&ctx.vars).map(|path| path.value));
    let path = path.ok_or_else(|| {
        let text = "no home directory to put the file into".to_owned();
        Usage::new(text, "parky-ops config init --defaults --config FILE")
    })?;
    Ok(ctx.cwd.join(path))
}

/// The lines that the answers make. References are asked for, not values: the file is to hold none.
fn asked() -> anyhow::Result<String> {
    let mut lines = String::from("\n# From config init\n");
    let directory = prompt::line("Folder with the wrangler.*.toml files (empty: none)")?;
    if !directory.is_empty() {
        let value = toml::Value::String(directory);
        writeln!(lines, "[workers]\nconfig_dir = {value}")?;
    }
    let mut credentials = String::new();
    for (key, what) in [
        (
            "cloudflare_api_token",
            "Cloudflare token of prod, as op://vault/item/field (empty: by variable)",
        ),
        ("supabase_db_url", "Database URL of prod, as op://vault/item/field (empty: by variable)"),
    ] {
        let value = prompt::line(what)?;
        if !value.is_empty() {
            writeln!(credentials, "{key} = {}", toml::Value::String(value))?;
        }
    }
    if !credentials.is_empty() {
        write!(lines, "[env.prod.credentials]\n{credentials}")?;
    }
    Ok(lines)
}

#[derive(Serialize)]
struct Init {
    path: PathBuf,
    backup: Option<PathBuf>,
}

impl View for Init {
    const COMMAND: &'static str = "config init";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        writeln!(out, "wrote {}", self.path.display())?;
        match &self.backup {
            Some(backup) => writeln!(out, "the one before is kept as {}", backup.display()),
            None => Ok(()),
        }
    }
}
