//! Bad input gets a clear answer and loses nothing: one test for each line of `tests/BAD_INPUT.md`.

mod credentials;
mod database;
mod database_aid;
mod dead_letters;
mod github;
mod network;
mod settings;
mod tail;
mod terminal;
mod vendors;
