//! How an answer came about: what was read for it, and how long each stage took.
//!
//! A [`Trace`] goes through the stages of a query and writes down what they did; its [`Explanation`] is part of
//! the answer where the query asks for it. What is told was done; nothing is estimated.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::asking::{Answer, MEANING, OF};
use crate::assemble::Part;
use crate::error::QueryError;
use crate::filter::{Measure, NumberTest, Order, Predicate, TextSource};
use crate::registry::{Metric, Subject};
use crate::run::gather::Effort;

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// What each number of the answer says, where the answer has no `definitions` itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub definitions: Vec<Meaning>,
    /// The stages in their order, with how long each took.
    pub stages: Vec<StageTime>,
    /// What was read: one pass for each kind of rows, clock and range.
    pub passes: Vec<PassExplanation>,
}

impl Explanation {
    /// Takes the times out, so that equal work is equal.
    pub fn forget_times(&mut self) {
        self.stages
            .iter_mut()
            .for_each(|stage| stage.milliseconds = 0.0);
        self.passes
            .iter_mut()
            .for_each(|pass| pass.milliseconds = 0.0);
    }
}

/// What a number of an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Meaning {
    /// What it is called, in the answer and among the columns of its rows.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageTime {
    /// Of queries `resolve` (names are looked up), `range` (open ends are looked for in the data), `rank` (which groups stand
    /// by themselves), `rows`, `assemble` or `subtotals`; of other questions what is read, such as `sessions`, `steps`,
    /// `visits`, `impacts`, `names` or `contributions`, and at the end `answer`.
    pub name: String,
    /// How long it took.
    pub milliseconds: f64,
}

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PassPurpose {
    /// The rows of the answer.
    Rows,
    /// What they are compared with.
    Compared,
    /// Which groups stand by themselves where all others stand together, or which users have most.
    Ranking,
    /// Totals of a prefix of the dimensions.
    Subtotals,
    /// The rates of the workspace's baseline.
    Baseline,
    /// How many sessions a question is about, or which.
    Sessions,
    /// What each session of a list adds to a number.
    Contributions,
    /// What sessions do in which order.
    Steps,
    /// How often each topic was visited.
    Visits,
    /// What each value does to an outcome.
    Impacts,
    /// What topics are called.
    Names,
    /// When users came first, and when they were back.
    Users,
}

/// What one pass read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassExplanation {
    /// What it is for.
    pub purpose: PassPurpose,
    /// The table of facts.
    pub table: String,
    /// The metrics that it counts.
    pub metrics: Vec<String>,
    /// Which rows are counted: range and filters, by the columns of the table.
    pub selection: String,
    /// How many files the table has.
    pub files: usize,
    /// How many of them were read.
    pub files_read: usize,
    /// Of how many it was known from an earlier question what the pass finds there, so that they were not read. All
    /// others hold no row of the selection.
    pub files_kept: usize,
    /// How many rows were read, from files and memory.
    pub rows_read: u64,
    /// How many rows the files have that were not read because it was known what is found there.
    pub rows_kept: u64,
    /// How many rows of files were not read, because days or statistics tell that none is selected.
    pub rows_skipped: u64,
    /// How many of the rows are not yet in files.
    pub rows_in_memory: u64,
    /// The columns that were read.
    pub columns: Vec<String>,
    /// The columns that were derived while reading: facts of the row's session and of its user, prices.
    pub derived: Vec<String>,
    /// How long it took.
    pub milliseconds: f64,
}

/// What a reading read, and what for.
#[derive(Debug, Clone)]
pub(crate) struct PassRecord {
    pub(crate) subject: Subject,
    pub(crate) selection: String,
    pub(crate) effort: Effort,
    pub(crate) rows_read: u64,
    pub(crate) rows_kept: u64,
}

impl PassRecord {
    fn explained(&self, purpose: PassPurpose, metrics: Vec<String>) -> PassExplanation {
        let effort = &self.effort;
        let names = |columns: &std::collections::BTreeSet<&'static str>| {
            columns.iter().map(|column| (*column).to_owned()).collect()
        };
        PassExplanation {
            purpose,
            table: self.subject.table().name().to_owned(),
            metrics,
            selection: self.selection.clone(),
            files: effort.files,
            files_read: effort.files_read - effort.files_kept,
            files_kept: effort.files_kept,
            rows_read: self.rows_read,
            rows_kept: self.rows_kept,
            rows_skipped: (effort.file_rows + effort.memory_rows)
                .saturating_sub(self.rows_read + self.rows_kept),
            rows_in_memory: effort.memory_rows,
            columns: names(&effort.columns),
            derived: names(&effort.derived),
            milliseconds: milliseconds(effort.took),
        }
    }
}

/// Writes down what is done for an answer.
#[derive(Debug)]
pub(crate) struct Trace {
    /// Nothing where nobody wants to know.
    told: Option<Explanation>,
    /// When the stage that is under way began.
    since: Instant,
}

impl Trace {
    pub(crate) fn new(wanted: bool, since: Instant) -> Self {
        Self {
            told: wanted.then(Explanation::default),
            since,
        }
    }

    /// Ends a stage; another begins.
    pub(crate) fn stage(&mut self, name: &str) {
        let now = Instant::now();
        if let Some(told) = &mut self.told {
            told.stages.push(StageTime {
                name: name.to_owned(),
                milliseconds: milliseconds(now - self.since),
            });
        }
        self.since = now;
    }

    /// A pass was run.
    pub(crate) fn pass(&mut self, purpose: PassPurpose, Part { plan, gathered }: &Part) {
        if self.told.is_none() {
            return;
        }
        let selection = plan.selection.clone().and(plan.environment.clone());
        let record = PassRecord {
            subject: plan.subject,
            selection: selection.to_string(),
            effort: gathered.effort.clone(),
            rows_read: gathered.rows_read,
            rows_kept: gathered.rows_kept,
        };
        let metrics = plan.metrics.iter();
        let metrics = metrics.map(|plan| plan.metric.id.to_owned()).collect();
        self.add(record.explained(purpose, metrics));
    }

    /// Rows were read that no plan describes.
    pub(crate) fn reading(&mut self, purpose: PassPurpose, record: Option<&PassRecord>) {
        if let Some(record) = record {
            self.add(record.explained(purpose, Vec::new()));
        }
    }

    /// Another question was answered for this one.
    pub(crate) fn nested(&mut self, purpose: PassPurpose, other: Option<&Explanation>) {
        for pass in other.into_iter().flat_map(|other| &other.passes) {
            let purpose = match pass.purpose {
                PassPurpose::Rows => purpose,
                other => other,
            };
            self.add(PassExplanation {
                purpose,
                ..pass.clone()
            });
        }
    }

    fn add(&mut self, pass: PassExplanation) {
        if let Some(told) = &mut self.told {
            told.passes.push(pass);
        }
    }

    pub(crate) fn told(self) -> Option<Explanation> {
        self.told
    }

    /// The same with what metrics say.
    pub(crate) fn told_of_metrics(
        self,
        metrics: impl IntoIterator<Item = &'static Metric>,
    ) -> Option<Explanation> {
        let definitions = metrics.into_iter().map(|metric| Meaning {
            name: metric.id.to_owned(),
            text: metric.definition.to_owned(),
        });
        self.told.map(|told| Explanation {
            definitions: definitions.collect(),
            ..told
        })
    }

    /// The same with what the numbers of this answer say.
    pub(crate) fn told_of(
        mut self,
        answer: &impl Answer,
    ) -> Result<Option<Explanation>, QueryError> {
        self.stage("answer");
        let Some(mut told) = self.told else {
            return Ok(None);
        };
        let rows = answer.rows()?;
        let fields = rows.schema_ref().fields().iter();
        let own = fields.filter(|field| !field.metadata().contains_key(OF));
        told.definitions = own
            .map(|field| Meaning {
                name: field.name().clone(),
                text: field.metadata().get(MEANING).cloned().unwrap_or_default(),
            })
            .collect();
        Ok(Some(told))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl fmt::Display for NumberTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(order, number) => write!(formatter, "{order} {number}"),
            Self::Real(order, number) => write!(formatter, "{order} {}", number.0),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => formatter.write_str(column),
            Self::Difference(later, earlier) => write!(formatter, "({later} − {earlier})"),
            Self::Since(column) => write!(formatter, "(now − {column})"),
            Self::Before(column, instant) => write!(formatter, "({instant} − {column})"),
            Self::Sum(columns) => write!(formatter, "({})", columns.join(" + ")),
            Self::CsatNormalised => formatter.write_str("csat_normalised"),
            Self::NetPromoter => formatter.write_str("net_promoter"),
        }
    }
}

impl fmt::Display for TextSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => formatter.write_str(column),
            Self::Attribute(name) => write!(formatter, "attribute.{name}"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |formatter: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            formatter.write_char('(')?;
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(formatter, " {word} ")?;
                }
                write!(formatter, "{part}")?;
            }
            formatter.write_char(')')
        };
        match self {
            Self::Constant(true) => formatter.write_str("always"),
            Self::Constant(false) => formatter.write_str("never"),
            Self::All(parts) => join(formatter, parts, "and"),
            Self::Any(parts) => join(formatter, parts, "or"),
            Self::Not(inner) => write!(formatter, "not {inner}"),
            Self::Present(column) => write!(formatter, "{column} is not null"),
            Self::TextPresent(source) => write!(formatter, "{source} is not null"),
            Self::Flag(column) => formatter.write_str(column),
            Self::TextIn(source, values) => match values.as_slice() {
                [only] => write!(formatter, "{source} = \"{only}\""),
                several => write!(formatter, "{source} in ({})", several.join(", ")),
            },
            Self::TextContains(source, part) => write!(formatter, "{source} contains \"{part}\""),
            Self::ListHas(column, value) => write!(formatter, "{column} has \"{value}\""),
            Self::ListHasOther(column, values) => {
                write!(formatter, "{column} has other than ({})", values.join(", "))
            }
            Self::OnClock(column, clock, position) => {
                write!(formatter, "{column} at {}", clock.label(*position))
            }
            Self::Exists(of, condition) => write!(formatter, "any {} ({condition})", of.one()),
            Self::Path(path) => {
                let names: Vec<&str> = path.choice.kinds.iter().map(|sort| sort.name()).collect();
                let steps = path.items.len();
                write!(
                    formatter,
                    "a path of {} in {steps} steps",
                    names.join(" and ")
                )
            }
            Self::Funnel(funnel) => {
                let steps = funnel.steps.iter().enumerate();
                formatter.write_str("funnel (")?;
                for (index, (_, step)) in steps {
                    formatter.write_str(if index > 0 { " then " } else { "" })?;
                    write!(formatter, "{step}")?;
                }
                formatter.write_char(')')
            }
            Self::InSessions(set) => write!(formatter, "one of {} sessions", set.0.len()),
            Self::Number(measure, test) => write!(formatter, "{measure} {test}"),
            Self::AttributeNumber(name, test) => write!(formatter, "attribute.{name} {test}"),
        }
    }
}
