//! For the tests of everything that reads the table.

use crate::config::DlqTable;

/// The built-in table.
pub(crate) fn table() -> DlqTable {
    DlqTable {
        schema: "admin".to_owned(),
        table: "notification_failures".to_owned(),
        open_status: vec!["failed".to_owned()],
        key_column: None,
        payload_column: None,
        delivered_status: None,
    }
}
