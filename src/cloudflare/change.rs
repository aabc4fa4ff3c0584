//! What changes something: a deployment, and the way back of Pages. Each is sent exactly once.

use serde_json::json;
use tokio::time::Instant;

use super::wire::shown;
use super::{Client, envelope, wire};
use crate::domain::{Consent, PagesDeployment};
use crate::http::{ApiError, Method, Request};

/// Bytes of a message that Cloudflare's own tools allow.
const MESSAGE: usize = 120;

/// A deployment of one version to all traffic.
#[derive(Debug, Clone, Copy)]
pub struct Deploy<'a> {
    /// The script.
    pub script: &'a str,
    /// The version's id.
    pub version_id: &'a str,
    /// Why, for the next reader of the list; cut after 120 bytes.
    pub message: &'a str,
    /// Whether secrets that changed since that version are no hindrance.
    pub force: bool,
}

impl Client {
    /// Makes a version the one that takes all traffic, and gives the new deployment's id.
    ///
    /// # Errors
    /// [`ApiError::may_have_arrived`] tells whether it may have happened all the same; then the state
    /// has to be read back, and nothing sent again.
    pub async fn deploy(
        &self,
        deploy: Deploy<'_>,
        _: &Consent,
        deadline: Instant,
    ) -> Result<String, ApiError> {
        let path = self.script(deploy.script, "deployments");
        let message = &deploy.message[..deploy.message.floor_char_boundary(MESSAGE)];
        let body = json!({
            "strategy": "percentage",
            "versions": [{ "version_id": deploy.version_id, "percentage": 100 }],
            "annotations": { "workers/message": message },
        });
        let force: &[(&str, &str)] = if deploy.force { &[("force", "true")] } else { &[] };
        let request = Request::new(Method::POST, &path).query(force).json(&body);
        let reply = self.api.send(request, deadline).await?;
        let made: Option<wire::Made> = envelope::result(&reply)?;
        Ok(made.map(|made| shown(&made.id)).unwrap_or_default())
    }

    /// Lets production serve an older deployment of a Pages project again.
    ///
    /// # Errors
    /// As [`Client::deploy`].
    pub async fn roll_back_pages(
        &self,
        project: &str,
        deployment_id: &str,
        _: &Consent,
        deadline: Instant,
    ) -> Result<Option<PagesDeployment>, ApiError> {
        let path = [
            "accounts",
            &self.account,
            "pages",
            "projects",
            project,
            "deployments",
            deployment_id,
            "rollback",
        ];
        let reply = self.api.send(Request::new(Method::POST, &path), deadline).await?;
        let made: Option<wire::PagesDeployment> = envelope::result(&reply)?;
        made.map(|made| made.told(&reply)).transpose()
    }
}

/// The names in Cloudflare's refusal of a version whose secrets have changed since (code 10220).
pub fn changed_secrets(refusal: &ApiError) -> Option<Vec<String>> {
    let said = refusal.said.as_ref().filter(|said| said.code == Some(10220))?;
    let names = said.message.rsplit_once("have changed:").map_or("", |(_, names)| names);
    let names = names.split(',').map(|name| name.trim().trim_end_matches('.').to_owned());
    Some(names.filter(|name| !name.is_empty()).collect())
}
