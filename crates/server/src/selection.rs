//! Which sessions or rows are meant, as parameters of an address say it: the same wherever some are listed or written out.

use upshot_metrics::{EnvironmentChoice, QueryError, RangeSpec};

use crate::problem::Problem;

/// The names of these parameters, and that of the workspace.
pub(crate) const SELECTION: [&str; 8] = [
    "filter",
    "from",
    "to",
    "last",
    "time_zone",
    "environment",
    "profile",
    "workspace",
];

/// What these parameters say.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) filters: Vec<String>,
    pub(crate) range: RangeSpec,
    pub(crate) time_zone: Option<String>,
    pub(crate) environment: EnvironmentChoice,
    pub(crate) profile: Option<String>,
}

impl Selection {
    /// Takes a parameter; gives it back where it is none of these.
    pub(crate) fn take(&mut self, name: &str, value: String) -> Result<Option<String>, Problem> {
        match name {
            // Read with the headers.
            "workspace" => {}
            "filter" => self.filters.push(value),
            "from" => self.range.from = Some(value),
            "to" => self.range.to = Some(value),
            "last" => self.range.last = Some(value),
            "time_zone" => self.time_zone = Some(value),
            "environment" => self.environment = value.parse().map_err(QueryError::from)?,
            "profile" => self.profile = Some(value),
            _ => return Ok(Some(value)),
        }
        Ok(None)
    }
}
