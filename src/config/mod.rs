//! What is where: built-in inventory, files and variables, merged with the origin of each value.
//!
//! Start at [`load()`]. `schema.rs` is the table of all keys: the check of every file, the trust rule
//! of the project file and the template come from it. Reads files; only [`write_new`] writes one.

pub mod address;
mod document;
mod environment;
mod error;
mod file;
mod input;
mod inventory;
mod jsonc;
mod keys;
mod layers;
mod load;
mod model;
mod origin;
mod pick;
mod places;
mod project;
mod reference;
mod schema;
mod sections;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod typed;
mod value;
mod variables;
mod vars;
mod workers;
mod wrangler;
mod write;

pub use environment::{VariableHelp, environment};
pub use error::{ConfigError, Problem, ProblemKind, Problems};
pub use file::is_open_to_others;
pub(crate) use file::read as read_small_file;
pub use input::{Flags, LoadInput};
pub use inventory::{
    Channel, GithubSettings, RollbackSettings, Rotation, RunbookPlaces, SentrySettings, Slo,
    SloSource,
};
pub use layers::{FileRole, FileState, FileUse};
pub use load::{Loaded, Setting, load};
pub use model::{
    Config, DlqTable, FileCredentials, Host, Lang, Pins, PostgresTrust, Thresholds, Urls, Vendor,
    Worker,
};
pub use origin::{Origin, Sourced};
pub(crate) use places::xdg;
pub use places::{default_path, state_dir};
pub use reference::{KeyHelp, reference};
pub use sections::operator;
pub use template::template;
pub use value::is_account_id;
pub use vars::Vars;
pub use write::{WriteError, Written, act_of_writing, write_new};
