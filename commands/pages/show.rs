//! `parky-ops pages show PROJECT`: what production serves, and the newest deployments.

use std::fmt::{self, Write};

use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, Jst, PagesDeployment, PagesEnvironment, PagesProject};
use parky_ops::rollback::pages;
use serde::Serialize;

use super::build;
use crate::args::worker::find_project;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::rollback::reach;
use crate::ui::{Page, Table, Ui, View};

/// Show what production serves of a project, and its newest deployments
#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The project
    #[arg(value_name = "PROJECT", add = completion::of(Kind::Page))]
    project: String,

    /// Stop after this many deployments
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

pub(super) async fn run(args: &ShowArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = reach(ctx, ui).await?;
    let project = find_project(&world.config, &args.project)?;
    let client = access.client();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let both = tokio::try_join!(
        client.pages_project(project, deadline),
        client.pages_deployments(project, false, limit, deadline)
    );
    let (project, list) = match both {
        Ok(both) => both,
        Err(error) => {
            let error = pages::explain(&access, &world.config, project, error, deadline).await;
            return Err(error.into());
        }
    };
    let live = project.live.as_ref().map(|live| live.deployment_id.clone());
    let mark = |deployment: PagesDeployment| PagesDeployment {
        live: Some(&deployment.deployment_id) == live.as_ref(),
        ..deployment
    };
    let deployments = list.deployments.into_iter().map(mark).collect();
    let answer = Shown { project, deployments, more: list.more, caveats: world.caveats() };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    project: PagesProject,
    deployments: Vec<PagesDeployment>,
    more: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Shown {
    const COMMAND: &'static str = "pages show";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let live = self.project.live.as_ref();
        let live = live.map_or_else(|| "nothing".to_owned(), PagesDeployment::name);
        writeln!(
            out,
            "{}: production serves {live}; {}",
            self.project.project,
            self.project.domains.join(", ")
        )?;
        let mut table =
            Table::new(page, ["", "DEPLOYMENT", "FOR", "AT", "AGE", "BUILD", "BRANCH", "MESSAGE"])
                .lead(3);
        for row in &self.deployments {
            let environment = match row.environment {
                PagesEnvironment::Production => "production",
                PagesEnvironment::Preview => "preview",
            };
            table.row([
                if row.live { "live" } else { "" },
                &row.name(),
                environment,
                &Jst(row.at).to_string(),
                &span(page.now - row.at),
                &build(row),
                row.branch.as_deref().unwrap_or_default(),
                row.message.as_deref().unwrap_or_default(),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = self.caveats.clone();
        if self.more {
            caveats.push(Caveat::new("cut", "older deployments exist; raise --limit"));
        }
        caveats
    }
}
