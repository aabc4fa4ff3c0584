//! Arguments that several commands share.

pub(crate) mod consent;
pub(crate) mod globals;
pub(crate) mod host;
pub(crate) mod letters;
pub(crate) mod notice;
pub(crate) mod severity;
pub(crate) mod window;
pub(crate) mod worker;
