//! The answer to a query: its shape is documented in `docs/query.md` and only ever grows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use crate::explain::Explanation;
use crate::query::EnvironmentChoice;
use crate::registry::{Clock, Direction, Maturity, Subject, Unit};

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueryResult {
    /// The metrics in the order of the query, families opened.
    pub metrics: Vec<String>,
    /// The dimensions in the order of the query; the grain comes first.
    pub dimensions: Vec<String>,
    /// The range that was read.
    pub range: RangeInfo,
    /// The range of the comparison.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compare_range: Option<RangeInfo>,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The groups, in the order that was asked for.
    pub rows: Vec<Row>,
    /// How many groups there are, of those that fulfil what `having` asks; more than the rows where the query
    /// had a limit.
    pub row_count: usize,
    /// Send this as `cursor` for the next rows; nothing on the last page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_cursor: Option<String>,
    /// The totals of each prefix of the dimensions that the rows have, where they were asked for; the
    /// dimensions that are not cut by are left out.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub subtotals: Vec<Row>,
    /// All groups together, by metric.
    pub totals: BTreeMap<String, MetricValue>,
    /// What each metric says.
    pub definitions: Vec<Definition>,
    /// What whoever reads the numbers should know.
    pub notes: Vec<Note>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How many rows were read.
    pub rows_read: u64,
    /// How the answer came about, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
    /// How long the answer took.
    pub took_milliseconds: f64,
}

/// A range as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RangeInfo {
    /// The first instant, RFC 3339; nothing where there is no data to begin with.
    pub from: Option<String>,
    /// The first instant that is no longer in it.
    pub to: Option<String>,
    /// The zone of days and hours.
    pub time_zone: String,
    /// Whether the range ends in the future.
    pub unfinished: bool,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Row {
    /// The value of each dimension; null where nothing was said.
    pub dimensions: BTreeMap<String, Option<String>>,
    /// Whether all groups beyond the limit stand here together; their dimensions beside time are null.
    #[serde(skip_serializing_if = "is_false", default)]
    pub other: bool,
    /// The value of each metric.
    pub metrics: BTreeMap<String, MetricValue>,
}

/// A value with all that makes it honest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricValue {
    /// The value in the metric's unit; shares from 0 to 1; null with a reason where there is none.
    #[serde(serialize_with = "number")]
    pub value: Option<f64>,
    /// How many things it rests on.
    pub n: u64,
    /// What was counted or summed, for rates, ratios and means.
    #[serde(serialize_with = "number")]
    pub numerator: Option<f64>,
    /// What it was divided by.
    #[serde(serialize_with = "number")]
    pub denominator: Option<f64>,
    /// The 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// How the interval was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_method: Option<IntervalMethod>,
    /// Sessions (of metrics of messages or steps, those rows) that are too young to be judged and left out.
    pub pending: u64,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// With what it is measured: the rate of the workspace's baseline.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<BaselineRate>,
    /// The same in the other range.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compare: Option<Comparison>,
}

/// The rate of the workspace's baseline: the value is 1 − (`numerator` / `denominator` of the value) / this rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaselineRate {
    /// The rate, from 0 to 1.
    #[serde(serialize_with = "number")]
    pub value: Option<f64>,
    /// What was counted in the baseline; null where the workspace states the rate itself.
    #[serde(serialize_with = "number")]
    pub numerator: Option<f64>,
    /// What it was divided by.
    #[serde(serialize_with = "number")]
    pub denominator: Option<f64>,
}

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Wilson's score interval.
    Wilson,
    /// Student's t.
    T,
    /// Order statistics.
    OrderStatistic,
    /// Clustered by user, because users have several sessions.
    Clustered,
    /// Clustered by user; how alike the sessions of one user are was estimated from a sample of users.
    ClusteredSample,
    /// Clustered by user; what is divided and by what were found apart, so the interval is as wide as it
    /// may have to be.
    ClusteredApart,
    /// Recovered from the intervals of two rates, one of which is divided by the other.
    Recovered,
}

/// A value against that of another range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// The other value.
    #[serde(serialize_with = "number")]
    pub value: Option<f64>,
    /// How many things it rests on.
    pub n: u64,
    /// What was counted or summed.
    #[serde(serialize_with = "number")]
    pub numerator: Option<f64>,
    /// What it was divided by.
    #[serde(serialize_with = "number")]
    pub denominator: Option<f64>,
    /// `(current − previous) / previous`.
    pub relative: Option<f64>,
    /// The change of a share, in percentage points.
    pub points: Option<f64>,
    /// `(current − previous) / max(current, previous)` of values that are never negative; 0 of 0 and 0.
    pub bounded: Option<f64>,
    /// The 95 % interval of the difference, in the metric's unit.
    pub difference: Option<[f64; 2]>,
    /// How likely so large a difference is where there is none.
    pub p_value: Option<f64>,
    /// What to make of it.
    pub verdict: Verdict,
}

/// What to make of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// More than noise, in the good direction.
    Better,
    /// More than noise, in the bad direction.
    Worse,
    /// More than noise; neither direction is good in itself.
    Changed,
    /// Not more than noise.
    Noise,
    /// Too few observations to say.
    TooFew,
    /// One of the ranges has no value.
    NoData,
}

impl Verdict {
    /// The name, as answers have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Changed => "changed",
            Self::Noise => "noise",
            Self::TooFew => "too_few",
            Self::NoData => "no_data",
        }
    }
}

/// What a metric says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Definition {
    /// The metric's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version of the definition.
    pub version: u32,
    /// The definition.
    pub text: String,
    /// What is counted.
    pub subject: Subject,
    /// The unit of the values.
    pub unit: Unit,
    /// The direction that is good.
    pub direction: Direction,
    /// By what the range selects.
    pub clock: Clock,
    /// Which sessions are judged.
    pub maturity: Maturity,
    /// The filter that lists the sessions behind the value; empty where it is all of them. Of messages and
    /// steps, the sessions with one that is counted.
    pub evidence: String,
    /// The price list by which it was priced, such as `2026-03-29#5f3a9c01`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_list: Option<String>,
}

/// What whoever reads the numbers should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    /// What it is about.
    pub code: NoteCode,
    /// In words.
    pub text: String,
    /// How many sessions are concerned.
    pub count: u64,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoteCode {
    /// Which traffic is counted, and how many sessions that leaves out.
    Environment,
    /// Sessions that are too young to be judged.
    Pending,
    /// Sessions of users who cannot be followed are left out.
    Unlinkable,
    /// A session counts in several rows.
    ManyValued,
    /// The ranges that are compared are not equally long.
    UnequalRanges,
    /// One of the ranges that are compared has times twice or leaves some out: the clocks were changed, or a year
    /// has a day more.
    UnevenTimes,
    /// Sessions that an older fact set left, because their events are no longer kept.
    OldFacts,
    /// Paths that few sessions took are not told apart, because there would be too many.
    RareLeftOut,
    /// Calls of models that have no price.
    Unpriced,
    /// No contacts of human channels were imported.
    NoHumanContacts,
    /// Windows and pages are not told apart by the rules that made the facts.
    NoWindows,
    /// No session is resolved, which may mean that the source cannot tell.
    NoneResolved,
    /// Sessions, messages or steps lie in both of two segments that are compared.
    OverlappingSegments,
    /// Rows for stretches without data were not added, because there would be too many.
    GapsNotFilled,
    /// With what a number against the workspace's baseline is measured.
    Baseline,
    /// How many answers a model judged.
    JudgedByModels,
    /// How many answers people judged.
    JudgedByPeople,
    /// How many answers a rule judged, or nobody knows who.
    JudgedByRules,
}

// The serializer hands references over.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// Whole numbers without a decimal point.
#[allow(clippy::ref_option)]
fn number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        None => serializer.serialize_none(),
        Some(value) if value.fract() == 0.0 && value.abs() < EXACT => {
            serializer.serialize_i64(*value as i64)
        }
        Some(value) => serializer.serialize_f64(*value),
    }
}
