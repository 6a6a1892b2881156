//! What can be wrong with a query, as data: which field, where in it, why, and what was perhaps meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// A name that the registry does not know.
    UnknownName,
    /// A filter that cannot be read.
    Syntax,
    /// A value of another kind than the field holds.
    WrongType,
    /// A value that is outside of what is allowed.
    OutOfRange,
    /// Something that must be there is not.
    Missing,
    /// Two parts of the query contradict each other.
    Conflict,
    /// A page of an answer about data that have changed since.
    Outdated,
}

/// One thing that is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub code: ProblemCode,
    /// The field of the query, such as `metrics[1]` or `filters[0]`.
    pub field: String,
    /// Where in the field's text, in characters from 0; nothing where the whole is meant.
    pub position: Option<usize>,
    /// What is wrong and what would do.
    pub message: String,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem of a whole field.
    pub fn new(code: ProblemCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            position: None,
            message: message.into(),
            suggestion: None,
        }
    }

    /// The same at a position, in characters.
    #[must_use]
    pub fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    /// The same with what was perhaps meant.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// The same in another field.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.field)?;
        if let Some(position) = self.position {
            write!(formatter, " at character {}", position + 1)?;
        }
        write!(formatter, ": {}", self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(formatter, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The query is wrong; every problem that was found.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
    /// The capture lacks a table.
    #[error("the capture holds no table `{0}`; ask `tables_needed` what to capture")]
    TableMissing(&'static str),
    /// The answer needs more memory than allowed.
    #[error(
        "the query needs more memory than the {limit_bytes} bytes that queries may use; \
         narrow the range, use fewer dimensions, or raise the limit"
    )]
    Memory {
        /// The limit.
        limit_bytes: usize,
    },
    /// Too many groups.
    #[error(
        "the query makes more than {limit} groups; narrow the range, use fewer dimensions or a coarser grain"
    )]
    TooManyGroups {
        /// The limit.
        limit: usize,
    },
    /// A data file could not be read.
    #[error("data file {}: {reason}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        reason: String,
    },
    /// DataFusion refused.
    #[error("query engine: {0}")]
    DataFusion(#[from] datafusion::error::DataFusionError),
    /// Arrow refused.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet refused.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The lake's rows are not what they must be.
    #[error(transparent)]
    Lake(#[from] upshot_lake::LakeError),
    /// The query's work stopped before its end.
    #[error("the query was stopped: {0}")]
    Stopped(String),
}

impl From<Problem> for QueryError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

/// The name nearest to what was written, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let written = written.to_lowercase();
    let allowed = (written.chars().count() / 3).clamp(1, 4);
    names
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&written, &name.to_lowercase());
            (distance, name)
        })
        .filter(|(distance, name)| {
            *distance <= allowed
                || (written.chars().count() >= 4 && name.to_lowercase().contains(&written))
        })
        .min()
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_nothing_far() {
        let names = ["sessions", "engagement_rate", "resolution_rate"];
        assert_eq!(nearest("sesions", names).as_deref(), Some("sessions"));
        assert_eq!(
            nearest("Engagment_rate", names).as_deref(),
            Some("engagement_rate")
        );
        assert_eq!(
            nearest("resolution", names).as_deref(),
            Some("resolution_rate")
        );
        assert_eq!(nearest("xyz", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn a_problem_names_place_cause_and_cure() {
        let problem = Problem::new(
            ProblemCode::UnknownName,
            "filters[0]",
            "there is no field `chanel`",
        )
        .at(4)
        .suggest(Some("channel".to_owned()));
        assert_eq!(
            problem.to_string(),
            "filters[0] at character 5: there is no field `chanel`; did you mean `channel`?"
        );
    }
}
