//! `parky-ops pages logs PROJECT`: the log of a build.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use parky_ops::domain::{Caveat, VersionRef};
use parky_ops::rollback::look::NoCard;
use parky_ops::rollback::{NoTarget, pages};
use serde::Serialize;

use super::build;
use crate::args::worker::find_project;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::NotFound;
use crate::rollback::reach;
use crate::ui::{Page, Ui, View};

/// Deployments that are searched for the one that was named.
const SEARCHED: usize = 100;

/// Show the log of a build
#[derive(clap::Args, Debug)]
pub(crate) struct LogsArgs {
    /// The project
    #[arg(value_name = "PROJECT", add = completion::of(Kind::Page))]
    project: String,

    /// The deployment: an id, its first 8 characters, or an address [default: the newest]
    #[arg(value_name = "ID")]
    deployment: Option<VersionRef>,
}

pub(super) async fn run(args: &LogsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = reach(ctx, ui).await?;
    let project = find_project(&world.config, &args.project)?;
    let client = access.client();
    let list = match client.pages_deployments(project, false, SEARCHED, deadline).await {
        Ok(list) => list,
        Err(error) => {
            let error = pages::explain(&access, &world.config, project, error, deadline).await;
            return Err(error.into());
        }
    };
    let id = match &args.deployment {
        None => None,
        Some(VersionRef::Id(id) | VersionRef::Page { id, .. }) => Some(id),
        Some(VersionRef::Previous | VersionRef::Number(_)) => {
            let text = "a build of Pages is named by its id".to_owned();
            return Err(NotFound::new(text, format!("parky-ops pages show {project}")).into());
        }
    };
    let mut fits =
        list.deployments.iter().filter(|d| id.is_none_or(|id| d.deployment_id.starts_with(id)));
    let deployment = fits.next().ok_or_else(|| {
        NoCard::NoDeployment(match id {
            Some(id) => {
                NoTarget::Unknown { typed: id.clone(), known: list.deployments.len(), near: None }
            }
            None => NoTarget::NothingDeployed,
        })
    })?;
    let lines = client.pages_log(project, &deployment.deployment_id, deadline).await?;
    let lines = lines.into_iter().map(|line| Line { at: line.at, line: line.line }).collect();
    let answer = Log {
        project: project.to_owned(),
        deployment_id: deployment.deployment_id.clone(),
        build: build(deployment),
        lines,
        caveats: world.caveats(),
    };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Debug, Serialize)]
struct Log {
    project: String,
    deployment_id: String,
    build: String,
    lines: Vec<Line>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

#[derive(Debug, Serialize)]
struct Line {
    at: Option<DateTime<Utc>>,
    line: String,
}

impl View for Log {
    const COMMAND: &'static str = "pages logs";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        writeln!(out, "{} {}: {}", self.project, self.deployment_id, self.build)?;
        for line in &self.lines {
            let at = line.at.map(|at| {
                let jst = at.with_timezone(&parky_ops::domain::clock::JST);
                jst.format("%H:%M:%S").to_string()
            });
            writeln!(out, "{:8}  {}", at.unwrap_or_default(), line.line)?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
