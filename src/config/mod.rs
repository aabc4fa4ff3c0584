//! What is where: built-in inventory, files and variables, merged with the origin of each value.

mod model;
mod origin;
mod vars;

pub use model::{
    Config, DlqTable, Host, Lang, Pins, PostgresTrust, Thresholds, Urls, Vendor, Worker,
};
pub use origin::{Origin, Sourced};
pub use vars::Vars;
