//! Pages: projects, deployments, build logs.
//!
//! What production serves is `canonical_deployment`; the newest deployment is often another one.

use tokio::time::Instant;

use super::wire::shown;
use super::{Client, envelope, wire};
use crate::domain::text::one_line;
use crate::domain::{PagesDeployment, PagesEnvironment, PagesProject};
use crate::http::{ApiError, Reply, lenient};

/// Cloudflare refuses larger pages of projects.
const PROJECTS: usize = 10;
/// And of deployments.
const DEPLOYMENTS: usize = 25;
/// A list without an end ends here.
const MOST_PAGES: usize = 20;

/// Deployments of a project, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct PagesList {
    /// The deployments.
    pub deployments: Vec<PagesDeployment>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A line of a build's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, as Cloudflare says.
    pub at: Option<chrono::DateTime<chrono::Utc>>,
    /// The line.
    pub line: String,
}

impl Client {
    /// All projects of the account.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn pages_projects(&self, deadline: Instant) -> Result<Vec<PagesProject>, ApiError> {
        let path = ["accounts", &self.account, "pages", "projects"];
        let mut projects = Vec::new();
        for page in 1..=MOST_PAGES {
            let (page, size) = (page.to_string(), PROJECTS.to_string());
            let query = [("page", page.as_str()), ("per_page", size.as_str())];
            let reply = self.api.get(&path, &query, deadline).await?;
            let found: wire::Listed<wire::PagesProject> = envelope::listed(&reply)?;
            let found = found.0;
            let last = found.len() < PROJECTS;
            for project in found {
                projects.push(project.told(&reply)?);
            }
            if last {
                break;
            }
        }
        Ok(projects)
    }

    /// One project, with what production serves.
    ///
    /// # Errors
    /// No answer, a refusal (no such project: 404), or an answer that is not as documented.
    pub async fn pages_project(
        &self,
        project: &str,
        deadline: Instant,
    ) -> Result<PagesProject, ApiError> {
        let path = ["accounts", &self.account, "pages", "projects", project];
        let reply = self.api.get(&path, &[], deadline).await?;
        let found: wire::PagesProject =
            envelope::result(&reply)?.ok_or_else(|| reply.wrong_shape("no project in it"))?;
        found.told(&reply)
    }

    /// The newest deployments of a project, `limit` at most; of production alone where asked.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn pages_deployments(
        &self,
        project: &str,
        production_only: bool,
        limit: usize,
        deadline: Instant,
    ) -> Result<PagesList, ApiError> {
        let path = ["accounts", &self.account, "pages", "projects", project, "deployments"];
        let mut deployments = Vec::new();
        let mut more = false;
        for page in 1..=MOST_PAGES {
            let (page, size) = (page.to_string(), DEPLOYMENTS.to_string());
            let mut query = vec![("page", page.as_str()), ("per_page", size.as_str())];
            query.extend(production_only.then_some(("env", "production")));
            let reply = self.api.get(&path, &query, deadline).await?;
            let found: wire::Listed<wire::PagesDeployment> = envelope::listed(&reply)?;
            let found = found.0;
            more = found.len() == DEPLOYMENTS;
            for deployment in found {
                deployments.push(deployment.told(&reply)?);
            }
            if !more || deployments.len() >= limit {
                break;
            }
        }
        deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.at));
        more |= deployments.len() > limit;
        deployments.truncate(limit);
        Ok(PagesList { deployments, more })
    }

    /// The log of a deployment's build.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn pages_log(
        &self,
        project: &str,
        deployment_id: &str,
        deadline: Instant,
    ) -> Result<Vec<LogLine>, ApiError> {
        let path = [
            "accounts",
            &self.account,
            "pages",
            "projects",
            project,
            "deployments",
            deployment_id,
            "history",
            "logs",
        ];
        let reply = self.api.get(&path, &[], deadline).await?;
        let found: wire::PagesLog = envelope::listed(&reply)?;
        let line = |line: wire::PagesLogLine| LogLine {
            at: line.ts.as_deref().and_then(lenient::time),
            line: one_line(line.line.as_deref().unwrap_or_default()),
        };
        Ok(found.data.into_iter().map(line).collect())
    }
}

impl wire::PagesProject {
    fn told(self, reply: &Reply) -> Result<PagesProject, ApiError> {
        let told = |deployment: Option<wire::PagesDeployment>| {
            deployment.map(|deployment| deployment.told(reply)).transpose()
        };
        let live =
            told(self.canonical_deployment)?.map(|live| PagesDeployment { live: true, ..live });
        let mut latest = told(self.latest_deployment)?;
        if let (Some(live), Some(latest)) = (&live, &mut latest) {
            latest.live = live.deployment_id == latest.deployment_id;
        }
        Ok(PagesProject {
            project: shown(&self.name),
            domains: self.domains.iter().map(|domain| shown(domain)).collect(),
            production_branch: self.production_branch.as_deref().map(shown),
            from_repository: self.source.is_some_and(|source| !source.is_null()),
            live,
            latest,
        })
    }
}

impl wire::PagesDeployment {
    pub(super) fn told(self, reply: &Reply) -> Result<PagesDeployment, ApiError> {
        // Without its time it could be before the live one or after it: no guess.
        let at = self.created_on.as_deref().and_then(lenient::time).ok_or_else(|| {
            reply.wrong_shape(&format!("deployment {} has no readable created_on", self.id))
        })?;
        let words = |words: &Option<String>| words.as_deref().map(shown);
        let metadata = &self.deployment_trigger.metadata;
        let first_line = |text: &String| shown(text.lines().next().unwrap_or_default());
        Ok(PagesDeployment {
            deployment_id: shown(&self.id),
            environment: match self.environment.as_deref() {
                Some("production") => PagesEnvironment::Production,
                _ => PagesEnvironment::Preview,
            },
            at,
            url: words(&self.url),
            branch: words(&metadata.branch),
            commit: words(&metadata.commit_hash),
            message: metadata.commit_message.as_ref().map(first_line),
            stage: words(&self.latest_stage.name),
            status: match self.is_skipped {
                true => Some("skipped".to_owned()),
                false => words(&self.latest_stage.status),
            },
            ended_at: self.latest_stage.ended_on.as_deref().and_then(lenient::time),
            live: false,
        })
    }
}
