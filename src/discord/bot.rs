//! Requests that need a bot: who it is, posting with a nonce, history, threads and reactions.
//!
//! What changes something is sent once and takes a [`Consent`]; what only reads is tried up to three
//! times before its deadline.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{Answer, Class};
use super::client::{Discord, answer, read};
use super::message::Message;
use super::snowflake::Snowflake;
use super::wire::{Post, User};
use crate::domain::Consent;
use crate::http::{Method, Request};

/// The most entries that Discord gives at once.
const PAGE: usize = 100;
/// A thread of that name exists on this message: there can be one only, and its id is the message's.
const THREAD_EXISTS: i64 = 160_004;
/// The longest nonce.
const NONCE: usize = 25;
/// The longest name of a thread.
const THREAD_NAME: usize = 100;

/// The messages of a channel after some id, the oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The messages. An empty list is also what a bot without the right to read the history gets.
    pub posts: Vec<Post>,
    /// Whether there may be later ones than these.
    pub more: bool,
}

impl Discord {
    /// Who the bot is.
    ///
    /// # Errors
    /// Any other answer; [`Class::Unsure`] where none came that can be read.
    pub async fn me(&self, deadline: Instant) -> Result<User, Answer> {
        self.ask(&["users", "@me"], &[], deadline).await
    }

    /// Posts `message` into `channel`. For the few minutes that Discord remembers a `nonce` (25
    /// characters at most), the same one again stores nothing and gives the first message.
    pub async fn create_message(
        &self,
        channel: &str,
        message: &Message,
        nonce: Option<&str>,
        _consent: &Consent,
        deadline: Instant,
    ) -> Answer {
        let mut body = message.body().clone();
        if let (Some(nonce), Value::Object(body)) = (nonce, &mut body) {
            if nonce.is_empty() || nonce.chars().count() > NONCE {
                return Answer::not_sent("a nonce has 1 to 25 characters");
            }
            body.insert("nonce".to_owned(), nonce.into());
            body.insert("enforce_nonce".to_owned(), true.into());
        }
        let path = ["channels", channel, "messages"];
        self.act(Request::new(Method::POST, &path).json(&body), deadline).await
    }

    /// The messages of `channel` after the id `after`, oldest first, `limit` at most.
    ///
    /// # Errors
    /// Any other answer on the way; [`Class::Unsure`] where none came that can be read.
    pub async fn history(
        &self,
        channel: &str,
        after: Snowflake,
        limit: usize,
        deadline: Instant,
    ) -> Result<History, Answer> {
        let mut posts = BTreeMap::new();
        let mut newest = after;
        let mut more = true;
        while more && posts.len() < limit {
            let page = (limit - posts.len()).min(PAGE).to_string();
            let query = [("after", &*newest.to_string()), ("limit", &*page)];
            let path = ["channels", channel, "messages"];
            let found: Vec<Post> = self.ask(&path, &query, deadline).await?;
            more = found.len().to_string() == page;
            let known = newest;
            for post in found {
                let id = post.id.parse().unwrap_or_default();
                newest = newest.max(id);
                posts.insert(id, post);
            }
            // A page that leads nowhere would lead there for ever.
            more &= newest > known;
        }
        Ok(History { posts: posts.into_values().collect(), more })
    }

    /// Starts a thread on a message, named by the first 100 characters of `name`, and gives its id.
    /// One that is there already is as good.
    ///
    /// # Errors
    /// Any other answer.
    pub async fn start_thread(
        &self,
        channel: &str,
        message: &str,
        name: &str,
        _consent: &Consent,
        deadline: Instant,
    ) -> Result<String, Answer> {
        let name: String = name.trim().chars().take(THREAD_NAME).collect();
        if name.is_empty() {
            return Err(Answer::not_sent("a thread needs a name"));
        }
        let path = ["channels", channel, "messages", message, "threads"];
        let request = Request::new(Method::POST, &path).json(&json!({ "name": name }));
        let answer = self.act(request, deadline).await;
        match answer.class {
            _ if answer.code == Some(THREAD_EXISTS) => Ok(message.to_owned()),
            Class::Delivered { message_id, .. } => {
                Ok(message_id.unwrap_or_else(|| message.to_owned()))
            }
            _ => Err(answer),
        }
    }

    /// Adds the bot's own reaction: `emoji` is the sign itself, or `name:id`. Once is enough, twice
    /// does no harm.
    pub async fn react(
        &self,
        channel: &str,
        message: &str,
        emoji: &str,
        _consent: &Consent,
        deadline: Instant,
    ) -> Answer {
        let path = ["channels", channel, "messages", message, "reactions", emoji, "@me"];
        self.act(Request::new(Method::PUT, &path), deadline).await
    }

    /// The people who reacted with `emoji`, each once, by id; normal and super reactions both, bots
    /// left out. Discord does not tell when.
    ///
    /// # Errors
    /// Any other answer on the way; [`Class::Unsure`] where none came that can be read.
    pub async fn reactions(
        &self,
        channel: &str,
        message: &str,
        emoji: &str,
        deadline: Instant,
    ) -> Result<Vec<User>, Answer> {
        let path = ["channels", channel, "messages", message, "reactions", emoji];
        let mut people = BTreeMap::new();
        for kind in ["0", "1"] {
            let mut after = Snowflake(0);
            loop {
                let query = [("limit", "100"), ("after", &*after.to_string()), ("type", kind)];
                let page: Vec<User> = self.ask(&path, &query, deadline).await?;
                let (full, known) = (page.len() >= PAGE, after);
                for user in page {
                    let id = user.id.parse().unwrap_or_default();
                    after = after.max(id);
                    if !user.bot {
                        people.insert(id, user);
                    }
                }
                if !full || after == known {
                    break;
                }
            }
        }
        Ok(people.into_values().collect())
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, Answer> {
        let bot = self.bot.as_ref().ok_or_else(no_token)?;
        read(bot.get(path, query, deadline).await).map_err(|answer| *answer)
    }

    async fn act(&self, request: Request<'_>, deadline: Instant) -> Answer {
        match &self.bot {
            Some(bot) => answer(bot.send(request, deadline).await),
            None => no_token(),
        }
    }
}

fn no_token() -> Answer {
    Answer::not_sent("this needs a Discord bot token")
}
