//! The query pipeline: parse, validate, resolve, optimise, decide the table, plan, run, result.
//!
//! [`Query`] is what every face asks with. [`resolve`](resolve::resolve) checks it against the registry
//! and gives a [`Resolved`] query, [`optimise`](optimise::optimise) improves that by a list of
//! functions, [`plan`](plan::plan) compiles it to the cells of one pass over the sessions, and
//! [`crate::run`] fills the cells.

pub(crate) mod optimise;
pub(crate) mod plan;
pub(crate) mod resolve;

use serde::{Deserialize, Serialize};
use upshot_lake::Table;

use crate::error::{Problem, ProblemCode, nearest};
use crate::time::{Grain, RangeSpec};

/// Which traffic is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentChoice {
    /// Real users' traffic: all that is not marked as test.
    #[default]
    Production,
    /// The author's own trials.
    Test,
    /// Both.
    All,
}

impl EnvironmentChoice {
    /// The name, as queries have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for EnvironmentChoice {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        let all = [Self::Production, Self::Test, Self::All];
        all.into_iter()
            .find(|choice| choice.name() == text)
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::UnknownName,
                    "environment",
                    format!("there is no environment `{text}`; expected production, test or all"),
                )
                .suggest(nearest(text, all.map(Self::name)))
            })
    }
}

/// A question about sessions. The same shape is the JSON of the HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// Ids of metrics or families.
    pub metrics: Vec<String>,
    /// Ids of dimensions, or `attribute.NAME`.
    pub dimensions: Vec<String>,
    /// Filters; a session must pass all of them.
    pub filters: Vec<String>,
    /// From when until when.
    pub range: RangeSpec,
    /// Into which steps of time the range is cut; becomes the first dimension.
    pub grain: Option<Grain>,
    /// The IANA name of the zone of days and hours.
    pub time_zone: String,
    /// `previous`, `year` or `FROM..TO`.
    pub compare: Option<String>,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// By what rows are ordered: metrics and dimensions, each perhaps followed by `asc` or `desc`.
    pub order: Vec<String>,
    /// How many rows at most.
    pub limit: Option<usize>,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
    /// How old a session must be to be judged, in microseconds; nothing means what the profile of the
    /// fact set says.
    #[serde(skip)]
    pub maturity: Option<i64>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            metrics: Vec::new(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            range: RangeSpec::default(),
            grain: None,
            time_zone: "UTC".to_owned(),
            compare: None,
            environment: EnvironmentChoice::default(),
            order: Vec::new(),
            limit: None,
            now: 0,
            maturity: None,
        }
    }
}

/// The tables that a query reads: what its caller must capture.
pub fn tables_needed(_query: &Query) -> Vec<Table> {
    // Every metric of the registry is a fact of sessions so far.
    vec![Table::Sessions]
}
