//! `dlq replay` from the outside: what arrives in the channels, what the ledger says, and that both
//! agree whatever happens on the way.

mod carry;
mod consent;
mod crash;
mod digest;
mod discord;
mod doubt;
mod events;
mod interrupted;
mod keys;
mod ledger;
mod mishaps;
mod payloads;
mod pings;
mod rivals;
mod running;
mod secrets;
mod soak;
mod stage;
mod suspended;
mod webhooks;
