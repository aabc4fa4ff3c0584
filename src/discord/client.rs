//! Requests that a webhook's URL alone allows: look at it; post, read back, edit and delete.
//!
//! Each request is sent once. What changes something takes a [`Consent`].

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::Bucket;
use super::answer::{Answer, Class};
use super::classify::{Body, is_invalid, is_shared, of_body};
use super::message::Message;
use super::webhook_url::WebhookUrl;
use super::wire::{Post, WebhookInfo};
use super::words::words;
use crate::domain::{Consent, Redactor};
use crate::http::{Api, ApiError, Client, Method, Reply, Request, Service};

/// Discord at one base URL. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Discord {
    /// Without any token: a webhook's requests must not count on the bot's limit, nor show who it is.
    api: Api,
    /// With the bot's token, where there is one.
    pub(super) bot: Option<Api>,
    redactor: Redactor,
}

impl Discord {
    /// Discord at `base`, which ends in `/api/v10`.
    pub fn new(http: &Client, base: Url, bot_token: Option<SecretString>) -> Self {
        let bot = bot_token.map(|token| http.api(Service::Discord, base.clone(), Some(token)));
        let api = http.api(Service::Discord, base, None);
        Self { api, bot, redactor: http.redactor().clone() }
    }

    /// What `webhook` is. Stores nothing; a 200 proves that it can be posted to.
    ///
    /// # Errors
    /// Any other answer; [`Class::Unsure`] where none came that can be read.
    pub async fn webhook(
        &self,
        webhook: &WebhookUrl,
        deadline: Instant,
    ) -> Result<WebhookInfo, Answer> {
        let call = WebhookCall { webhook, message: None, more: &[] };
        read(self.webhook_call(Method::GET, call, None, deadline).await).map_err(|answer| *answer)
    }

    /// Posts `message`, waiting until Discord has stored it. A redirect is never followed.
    pub async fn post(
        &self,
        webhook: &WebhookUrl,
        message: &Message,
        _consent: &Consent,
        deadline: Instant,
    ) -> Answer {
        // Without it Discord answers 204 before it knows whether it can store the message.
        let mut query = vec![("wait", "true")];
        if message.has_components() {
            query.push(("with_components", "true"));
        }
        let call = WebhookCall { webhook, message: None, more: &query };
        answer(self.webhook_call(Method::POST, call, Some(message.body()), deadline).await)
    }

    /// Reads back what `webhook` has posted as `message_id`.
    ///
    /// # Errors
    /// Any other answer than the message; [`Class::Unsure`] where none came that can be read.
    pub async fn posted(
        &self,
        webhook: &WebhookUrl,
        message_id: &str,
        deadline: Instant,
    ) -> Result<Post, Answer> {
        let call = WebhookCall { webhook, message: Some(message_id), more: &[] };
        read(self.webhook_call(Method::GET, call, None, deadline).await).map_err(|answer| *answer)
    }

    /// Replaces the text of what `webhook` has posted as `message_id`. Nobody is notified again.
    pub async fn edit(
        &self,
        webhook: &WebhookUrl,
        message_id: &str,
        message: &Message,
        _consent: &Consent,
        deadline: Instant,
    ) -> Answer {
        let with_components: &[_] = match message.has_components() {
            true => &[("with_components", "true")],
            false => &[],
        };
        let call = WebhookCall { webhook, message: Some(message_id), more: with_components };
        let body = message.body_of_edit();
        answer(self.webhook_call(Method::PATCH, call, Some(&body), deadline).await)
    }

    /// Deletes what `webhook` has posted as `message_id`. A ping that went out stays out.
    pub async fn delete(
        &self,
        webhook: &WebhookUrl,
        message_id: &str,
        _consent: &Consent,
        deadline: Instant,
    ) -> Answer {
        let call = WebhookCall { webhook, message: Some(message_id), more: &[] };
        answer(self.webhook_call(Method::DELETE, call, None, deadline).await)
    }

    async fn webhook_call(
        &self,
        method: Method,
        call: WebhookCall<'_>,
        body: Option<&serde_json::Value>,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let WebhookCall { webhook, message, more } = call;
        let token = webhook.token().expose_secret();
        self.redactor.learn(token);
        let mut path = vec!["webhooks", webhook.id(), token];
        path.extend(message.iter().flat_map(|id| ["messages", id]));
        let mut query = more.to_vec();
        let about_messages = method != Method::GET || message.is_some();
        query.extend(webhook.thread_id().filter(|_| about_messages).map(|id| ("thread_id", id)));
        let mut request = Request::new(method, &path).query(&query);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.api.send(request, deadline).await
    }
}

/// What is asked of a webhook.
struct WebhookCall<'a> {
    webhook: &'a WebhookUrl,
    message: Option<&'a str>,
    more: &'a [(&'a str, &'a str)],
}

/// What became of a request.
pub(super) fn answer(outcome: Result<Reply, ApiError>) -> Answer {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => return Answer::from_error(&error),
    };
    let (status, headers) = (reply.status, &reply.headers);
    let body = Body::read(status, headers, &reply.body);
    let class = of_body(status, headers, &body);
    // What was delivered is the message itself, which is nothing that was said.
    let is_word = !matches!(class, Class::Delivered { .. });
    let said = if is_word { words(&body.value, &reply.body) } else { String::new() };
    let code = body.code.filter(|_| is_word);
    Answer {
        class,
        http_status: Some(status),
        code,
        said: reply.said(code, &said).message.into(),
        bucket: Bucket::from_headers(headers).filter(|_| !is_shared(status, headers)),
        invalid: is_invalid(status, headers),
    }
}

/// The body of a good answer as `T`.
pub(super) fn read<T: DeserializeOwned>(
    outcome: Result<Reply, ApiError>,
) -> Result<T, Box<Answer>> {
    let reply = match outcome {
        Ok(reply) if (200..300).contains(&reply.status) => reply,
        other => return Err(Box::new(answer(other))),
    };
    reply.parse().map_err(|error| {
        let said = error.to_string();
        Box::new(Answer { class: Class::Unsure, said, ..answer(Ok(reply)) })
    })
}
