//! Pages: projects, their deployments, build logs, and the way back.
//!
//! A deployment that is rolled back to becomes the canonical one; the list keeps its order.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::stamp;
use super::envelope::{Answer, Enveloped, Refusal, paged};
use super::{Account, held};
use crate::sandbox::fake;

/// How the build of a deployment went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Build {
    /// To its end.
    #[default]
    Succeeded,
    /// It failed.
    Failed,
    /// It is under way.
    Running,
}

/// A deployment of a Pages project as a scenario states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagesRelease {
    /// Tells it from the others of its project.
    pub number: u64,
    /// How long ago it was made.
    pub ago: TimeDelta,
    /// The branch; another one than `main` makes a preview.
    pub branch: &'static str,
    /// The message of its commit.
    pub message: &'static str,
    /// How its build went.
    pub build: Build,
}

/// A Pages project and its deployments, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagesHistory {
    /// Name of the project.
    pub project: &'static str,
    /// Its deployments, newest first.
    pub releases: Vec<PagesRelease>,
}

/// The id of the deployment `number` of `project`: the same in every sandbox.
pub fn pages_id(project: &str, number: u64) -> String {
    fake::uuid(&format!("pages {project} {number}"))
}

/// A project as the stand-in holds it.
pub(super) struct Project {
    name: String,
    deployments: Vec<Deployment>,
    /// Id of the one that production serves.
    canonical: Option<String>,
}

struct Deployment {
    id: String,
    release: PagesRelease,
    created: DateTime<Utc>,
}

impl Project {
    pub(super) fn new(history: &PagesHistory, now: DateTime<Utc>) -> Self {
        let name = history.project;
        let deployment = |release: &PagesRelease| Deployment {
            id: pages_id(name, release.number),
            release: release.clone(),
            created: now - release.ago,
        };
        let deployments: Vec<_> = history.releases.iter().map(deployment).collect();
        let canonical = deployments.iter().find(|d| d.may_serve()).map(|d| d.id.clone());
        Self { name: name.to_owned(), deployments, canonical }
    }

    fn json(&self) -> Value {
        let one = |id: Option<&String>| {
            let found = self.deployments.iter().find(|d| Some(&d.id) == id);
            found.map(|deployment| deployment.json(&self.name))
        };
        json!({
            "id": fake::uuid(&format!("project {}", self.name)),
            "name": self.name,
            "subdomain": format!("{}.pages.dev", self.name),
            "domains": [format!("{}.pages.dev", self.name)],
            "production_branch": "main",
            "source": { "type": "github", "config": { "owner": "parky", "repo_name": "parky" } },
            "canonical_deployment": one(self.canonical.as_ref()),
            "latest_deployment": self.deployments.first().map(|d| d.json(&self.name)),
            "created_on": "2025-04-01T00:00:00.000000Z",
            "uses_functions": false,
        })
    }
}

impl Deployment {
    fn is_production(&self) -> bool {
        self.release.branch == "main"
    }

    fn may_serve(&self) -> bool {
        self.is_production() && self.release.build == Build::Succeeded
    }

    fn json(&self, project: &str) -> Value {
        let short = &self.id[..8];
        let created = stamp(self.created);
        json!({
            "id": self.id,
            "short_id": short,
            "project_name": project,
            "environment": if self.is_production() { "production" } else { "preview" },
            "url": format!("https://{short}.{project}.pages.dev"),
            "aliases": null,
            "created_on": created,
            "modified_on": created,
            "latest_stage": self.stage(),
            "stages": self.stages(),
            "deployment_trigger": {
                "type": "github:push",
                "metadata": {
                    "branch": self.release.branch,
                    "commit_hash": fake::hex(&format!("commit {}", self.id), 32),
                    "commit_message": self.release.message,
                    "commit_dirty": false,
                },
            },
            "is_skipped": false,
            "env_vars": { "API_URL": { "type": "plain_text", "value": "https://api.invalid" } },
            "uses_functions": false,
        })
    }

    fn stage(&self) -> Value {
        let (name, status) = match self.release.build {
            Build::Succeeded => ("deploy", "success"),
            Build::Failed => ("build", "failure"),
            Build::Running => ("build", "active"),
        };
        let ended = (self.release.build != Build::Running)
            .then(|| stamp(self.created + TimeDelta::seconds(70)));
        json!({ "name": name, "status": status, "started_on": stamp(self.created), "ended_on": ended })
    }

    fn stages(&self) -> Vec<Value> {
        let last = self.stage();
        let mut stages: Vec<Value> = Vec::new();
        for name in ["queued", "initialize", "clone_repo", "build", "deploy"] {
            if last["name"] == name {
                stages.push(last);
                break;
            }
            stages.push(
                json!({ "name": name, "status": "success", "started_on": null, "ended_on": null }),
            );
        }
        stages
    }
}

pub(super) fn router() -> Router<Arc<Account>> {
    Router::new()
        .route("/", get(projects))
        .route("/{project}", get(project))
        .route("/{project}/deployments", get(deployments))
        .route("/{project}/deployments/{id}", get(deployment))
        .route("/{project}/deployments/{id}/history/logs", get(logs))
        .route("/{project}/deployments/{id}/rollback", post(rollback))
}

type Page = Query<Paging>;

#[derive(Deserialize)]
struct Paging {
    env: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

impl Paging {
    /// Cloudflare refuses more than `most` a page, and a page without a size.
    fn cut(&self, all: &[Value], most: usize) -> Answer {
        let refused = || Refusal::new(400, 8_000_024, "Invalid list options provided.");
        if self.per_page.is_some_and(|size| size > most)
            || (self.page.is_some() && self.per_page.is_none())
        {
            return Err(refused());
        }
        let (page, size) = (self.page.unwrap_or(1).max(1), self.per_page.unwrap_or(most).max(1));
        Ok(paged(all, page, size))
    }
}

async fn projects(State(account): State<Arc<Account>>, Query(page): Page) -> Enveloped {
    let all: Vec<_> = held(&account.pages).iter().map(Project::json).collect();
    Enveloped(page.cut(&all, 10))
}

async fn project(
    State(account): State<Arc<Account>>,
    Path((_, name)): Path<(String, String)>,
) -> Enveloped {
    Enveloped(on(&account, &name, |project| Ok(project.json())))
}

async fn deployments(
    State(account): State<Arc<Account>>,
    Path((_, name)): Path<(String, String)>,
    Query(page): Page,
) -> Enveloped {
    Enveloped(on(&account, &name, |project| {
        let wanted = |deployment: &&Deployment| match page.env.as_deref() {
            Some("production") => deployment.is_production(),
            Some("preview") => !deployment.is_production(),
            _ => true,
        };
        let all = project.deployments.iter().filter(wanted);
        let all: Vec<_> = all.map(|deployment| deployment.json(&project.name)).collect();
        page.cut(&all, 25)
    }))
}

type InProject = Path<(String, String, String)>;

async fn deployment(
    State(account): State<Arc<Account>>,
    Path((_, name, id)): InProject,
) -> Enveloped {
    Enveloped(on_deployment(&account, &name, &id, |project, at| {
        Ok(project.deployments[at].json(&project.name))
    }))
}

async fn logs(State(account): State<Arc<Account>>, Path((_, name, id)): InProject) -> Enveloped {
    Enveloped(on_deployment(&account, &name, &id, |project, at| {
        let deployment = &project.deployments[at];
        let lines = match deployment.release.build {
            Build::Succeeded => {
                ["Cloning repository...", "Build succeeded", "Success: Your site was deployed!"]
            }
            Build::Failed => [
                "Cloning repository...",
                "npm error Missing script: \"build\"",
                "Failed: build command exited with code: 1",
            ],
            Build::Running => [
                "Cloning repository...",
                "Installing dependencies",
                "Executing user command: npm run build",
            ],
        };
        let line = |(nth, line): (i64, &&str)| json!({ "ts": stamp(deployment.created + TimeDelta::seconds(nth * 20)), "line": line });
        let data: Vec<_> = (0_i64..).zip(lines.iter()).map(line).collect();
        Ok(json!({ "total": data.len(), "includes_container_logs": true, "data": data }))
    }))
}

async fn rollback(
    State(account): State<Arc<Account>>,
    Path((_, name, id)): InProject,
) -> Enveloped {
    Enveloped(on_deployment(&account, &name, &id, |project, at| {
        let deployment = &project.deployments[at];
        if !deployment.may_serve() {
            let text = "Only successful production deployments can be rolled back to.";
            return Err(Refusal::new(400, 8_000_039, text));
        }
        project.canonical = Some(deployment.id.clone());
        Ok(deployment.json(&project.name))
    }))
}

fn on(account: &Account, name: &str, work: impl FnOnce(&mut Project) -> Answer) -> Answer {
    let mut projects = held(&account.pages);
    let Some(project) = projects.iter_mut().find(|project| project.name == name) else {
        let text = "Project not found. The specified project name does not match any of your existing projects.";
        return Err(Refusal::new(404, 8_000_007, text));
    };
    work(project)
}

fn on_deployment(
    account: &Account,
    name: &str,
    id: &str,
    work: impl FnOnce(&mut Project, usize) -> Answer,
) -> Answer {
    on(account, name, |project| {
        let at = project.deployments.iter().position(|deployment| deployment.id == id);
        let gone =
            || Refusal::new(404, 8_000_009, "The deployment ID you have specified does not exist.");
        work(project, at.ok_or_else(gone)?)
    })
}
