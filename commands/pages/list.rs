//! `parky-ops pages list`: the projects of the environment, and what production serves.

use std::fmt::{self, Write};

use futures_util::future::join_all;
use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, PagesDeployment, PagesProject};
use parky_ops::rollback::look::NoCard;
use parky_ops::rollback::pages;
use serde::Serialize;

use super::build;
use crate::context::Context;
use crate::exit::Outcome;
use crate::rollback::reach;
use crate::ui::{Page, Table, Ui, View, Whole};

/// List the Pages projects: what production serves, and the newest deployment
///
/// The projects that the configuration names; where it names none, all of the account.
#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {}

pub(super) async fn run(_: &ListArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = reach(ctx, ui).await?;
    let (config, client) = (&world.config, access.client());
    let mut told: Vec<Result<PagesProject, NoCard>> = match config.pages.as_slice() {
        [] => match client.pages_projects(deadline).await {
            Ok(projects) => projects.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(pages::explain(&access, config, "", error, deadline).await)],
        },
        named => {
            let asked = named.iter().map(|project| async {
                match client.pages_project(project, deadline).await {
                    Ok(project) => Ok(project),
                    Err(error) => {
                        Err(pages::explain(&access, config, project, error, deadline).await)
                    }
                }
            });
            join_all(asked).await
        }
    };
    if !told.is_empty() && told.iter().all(Result::is_err) {
        told.swap_remove(0)?;
    }
    let unread = told.iter().filter_map(|told| told.as_ref().err());
    let mut caveats: Vec<_> =
        unread.map(|error| Caveat::new("not-read", error.to_string())).collect();
    let partly = !caveats.is_empty();
    caveats.extend(world.caveats());
    let rows = told.into_iter().filter_map(Result::ok).collect();
    ui.show(&List { whole: Whole::new(rows), caveats }, ctx.clock.now())?;
    Ok(if partly { Outcome::Partly } else { Outcome::Done })
}

#[derive(Debug, Serialize)]
struct List {
    #[serde(flatten)]
    whole: Whole<PagesProject>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for List {
    const COMMAND: &'static str = "pages list";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.whole.rows.is_empty() {
            return writeln!(out, "no Pages projects");
        }
        let mut table =
            Table::new(page, ["PROJECT", "LIVE", "AGE", "BRANCH", "NEWEST", "MESSAGE"]).lead(2);
        for project in &self.whole.rows {
            let live = project.live.as_ref();
            let newest = project.latest.as_ref().filter(|latest| !latest.live);
            let newest = newest.map(|d| format!("{} {}", d.name(), build(d)));
            table.row([
                project.project.as_str(),
                &live.map_or_else(|| "nothing".to_owned(), PagesDeployment::name),
                &live.map(|live| span(page.now - live.at)).unwrap_or_default(),
                live.and_then(|live| live.branch.as_deref()).unwrap_or_default(),
                &newest.unwrap_or_else(|| "live".to_owned()),
                live.and_then(|live| live.message.as_deref()).unwrap_or_default(),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
