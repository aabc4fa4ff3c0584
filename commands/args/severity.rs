//! What an operator can say of an incident's reach.

use clap::Args;
use parky_ops::domain::severity::{Answers, Impact};

/// The questions of the decision table.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct SeverityArgs {
    /// Are users of production hit? yes, no or unknown
    #[arg(long, value_name = "ANSWER", help_heading = "Severity")]
    prod_impact: Option<Impact>,

    /// Production is fully down
    #[arg(long, help_heading = "Severity")]
    full_outage: bool,

    /// Payments fail
    #[arg(long, help_heading = "Severity")]
    payment: bool,

    /// Data is lost or damaged
    #[arg(long, help_heading = "Severity")]
    data_loss: bool,

    /// Security is affected
    #[arg(long, help_heading = "Severity")]
    security: bool,

    /// Only dev, or only monitoring, is affected
    #[arg(long, help_heading = "Severity")]
    dev_only: bool,
}

impl SeverityArgs {
    /// The answers that were given.
    pub(crate) fn answers(&self) -> Answers {
        Answers {
            prod_impact: self.prod_impact,
            full_outage: self.full_outage,
            payment: self.payment,
            data_loss: self.data_loss,
            security: self.security,
            dev_only: self.dev_only,
        }
    }
}
