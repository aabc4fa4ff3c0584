//! Discord, as far as alerts need it: posting by webhook and by bot, what each answer means, and the
//! pace that Discord allows.
//!
//! Sends a message exactly once; whether to send it again is the caller's decision, by
//! [`Class`]. Assumes a base URL that ends in `/api/v10`. Rules and limits are those of
//! <https://docs.discord.com/developers>; what is known from the field alone is marked so.

mod answer;
mod bot;
mod bucket;
mod canonical;
pub mod classify;
mod client;
mod embeds;
mod field;
mod identity;
mod limits;
mod mentions;
mod message;
pub mod pace;
mod quote;
mod snowflake;
#[cfg(test)]
mod tests;
mod webhook_url;
mod wire;
mod words;

pub use answer::{Answer, Class, WaitScope};
pub use bot::History;
pub use bucket::Bucket;
pub use canonical::canonical;
pub use client::Discord;
pub use field::Violation;
pub use identity::{Identity, identity};
pub use message::{Mentions, Message};
pub use quote::quoted;
pub use snowflake::{Snowflake, SnowflakeError, link};
pub use webhook_url::{WebhookUrl, WebhookUrlError};
pub use wire::{Post, User, WebhookInfo};
