//! `parky-ops runs`.

mod changes;
mod gh;
mod list;
mod logs;
mod reports;
mod view;
mod watch;
