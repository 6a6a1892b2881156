//! What a metric is.

use serde::{Deserialize, Serialize};
use upshot_lake::Table;

use super::remarks::Remark;
use super::section::Section;
use super::sources::Sources;
use super::total::{Amount, Total};
use super::unit::Unit;
use crate::filter::Measure;
use crate::query::terms::Terms;

/// What is counted: a metric is about the rows of one table of facts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Sessions.
    #[default]
    Sessions,
    /// Messages, also those that agents wrote outside any session.
    Messages,
    /// Steps: topic visits, options, questions, stages of a handover, calls of models.
    Steps,
}

impl Subject {
    /// All subjects.
    pub const ALL: [Self; 3] = [Self::Sessions, Self::Messages, Self::Steps];

    /// The table that holds its rows.
    pub const fn table(self) -> Table {
        match self {
            Self::Sessions => Table::Sessions,
            Self::Messages => Table::Messages,
            Self::Steps => Table::Steps,
        }
    }

    /// Its name, of several.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Messages => "messages",
            Self::Steps => "steps",
        }
    }

    /// Its name, of one.
    pub const fn one(self) -> &'static str {
        match self {
            Self::Sessions => "session",
            Self::Messages => "message",
            Self::Steps => "step",
        }
    }
}

/// By what a range selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// By the start of the session.
    SessionStart,
    /// By when the message was said or the step happened.
    EventTime,
}

/// Which sessions are old enough to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Maturity {
    /// All: what is counted cannot change its class.
    None,
    /// Those that started longer ago than the profile's longest time-out and are over; the others are
    /// pending.
    Timeout,
    /// Those whose window is over too, in which the user could come back: 7 days unless the query says
    /// another window.
    Window,
    /// Those that started more than 30 days ago.
    ThirtyDays,
}

impl Maturity {
    /// What it asks of sessions, as filters.
    pub(crate) const fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Timeout => &["judged"],
            Self::Window => &["judged", "age >= {window}"],
            Self::ThirtyDays => &["judged", "age >= 30d"],
        }
    }
}

/// The direction that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up is good.
    Higher,
    /// Down is good.
    Lower,
    /// Neither is good in itself.
    Neutral,
}

/// How a number comes of the rows of its subject: sessions, messages or steps. Conditions are filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// How many rows fulfil a condition.
    Count {
        /// The condition.
        of: &'static str,
    },
    /// A number of each row, added up.
    Sum {
        /// The number.
        measure: Measure,
        /// Of which rows.
        within: &'static str,
        /// Why there is no value where no row has the number; without it that is zero.
        unknown: Option<&'static str>,
    },
    /// Rows that fulfil one condition among those that fulfil another.
    Rate {
        /// What is counted; rows outside the denominator never count.
        numerator: &'static str,
        /// Among which.
        denominator: &'static str,
    },
    /// One minus such a rate over that of the workspace's baseline: by how much less.
    Reduction {
        /// What is counted; rows outside the denominator never count.
        numerator: &'static str,
        /// Among which.
        denominator: &'static str,
    },
    /// Rows that fulfil one condition over rows that fulfil another, which need not hold the first: clicks
    /// over options shown.
    Per {
        /// What is counted above.
        numerator: &'static str,
        /// What is counted below.
        denominator: &'static str,
    },
    /// One total over another. Each side may be about rows of another subject, and is then found by a pass
    /// of its own: cost of calls over sessions that were resolved. Both are selected by the metric's clock,
    /// and of sessions that are judged, where the metric waits.
    Quotient {
        /// What is divided.
        above: Total,
        /// By what; the metric is about its rows.
        below: Total,
    },
    /// One sum over another.
    Ratio {
        /// What is added up above.
        numerator: Measure,
        /// What is added up below.
        denominator: Measure,
        /// Of which rows.
        within: &'static str,
    },
    /// The mean of a number over the rows that have it.
    Mean {
        /// The number.
        measure: Measure,
        /// Of which rows.
        within: &'static str,
        /// Whether the number stands on the survey's scale, so that different scales have no mean.
        on_scale: bool,
    },
    /// A quantile of a number over the rows that have it.
    Quantile {
        /// The number.
        measure: Measure,
        /// From 0 to 1.
        quantile: f64,
        /// Of which rows.
        within: &'static str,
    },
    /// How many different values a column has.
    Distinct {
        /// The column.
        key: &'static str,
        /// In which rows.
        within: &'static str,
    },
    /// How many different values a column ever had until the end of the range, or of each stretch.
    Ever {
        /// The column.
        key: &'static str,
        /// In which rows.
        within: &'static str,
    },
    /// How many different values a column has in the last days of the range, or of each stretch.
    Trailing {
        /// The column.
        key: &'static str,
        /// How many days.
        days: u32,
        /// In which rows.
        within: &'static str,
    },
    /// How many different values a column has on a day of these days on average, among those of all of
    /// them.
    Stickiness {
        /// The column.
        key: &'static str,
        /// How many days.
        days: u32,
        /// In which rows.
        within: &'static str,
    },
    /// How many rows each different value of a column has on average.
    PerKey {
        /// The column.
        key: &'static str,
        /// Of which rows.
        within: &'static str,
    },
    /// The share of rows that those values have that have most.
    TopShare {
        /// The column.
        key: &'static str,
        /// How many of a hundred values; at least one.
        percent: u32,
        /// Of which rows.
        within: &'static str,
    },
    /// Different values in rows that fulfil one condition, among those in rows that fulfil another.
    DistinctRate {
        /// The column.
        key: &'static str,
        /// Which values count.
        numerator: &'static str,
        /// Among which.
        denominator: &'static str,
    },
}

impl Kind {
    /// The numbers of rows that it is made of.
    pub(crate) fn measures(self) -> Vec<Measure> {
        match self {
            Self::Quotient { above, below } => [above.of, below.of]
                .into_iter()
                .filter_map(|amount| match amount {
                    Amount::Sum { measure, .. } => Some(measure),
                    Amount::Rows | Amount::Keys(_) => None,
                })
                .collect(),
            Self::Sum { measure, .. }
            | Self::Mean { measure, .. }
            | Self::Quantile { measure, .. } => vec![measure],
            Self::Ratio {
                numerator,
                denominator,
                ..
            } => vec![numerator, denominator],
            _ => Vec::new(),
        }
    }

    /// The conditions that it states.
    pub(crate) fn conditions(self) -> Vec<&'static str> {
        match self {
            Self::Quotient { above, below } => vec![above.within, below.within],
            Self::Count { of } => vec![of],
            Self::Rate {
                numerator,
                denominator,
            }
            | Self::Reduction {
                numerator,
                denominator,
            }
            | Self::Per {
                numerator,
                denominator,
            }
            | Self::DistinctRate {
                numerator,
                denominator,
                ..
            } => vec![numerator, denominator],
            Self::Sum { within, .. }
            | Self::Ratio { within, .. }
            | Self::Mean { within, .. }
            | Self::Quantile { within, .. }
            | Self::Ever { within, .. }
            | Self::Trailing { within, .. }
            | Self::Stickiness { within, .. }
            | Self::PerKey { within, .. }
            | Self::TopShare { within, .. }
            | Self::Distinct { within, .. } => vec![within],
        }
    }
}

/// A worked example: facts as tables, and what the metric makes of them. A test runs it.
///
/// Sessions alone are one table: a line of column names, then a line a session. Where messages or steps
/// come in, each table stands under its name (`sessions:`, `messages:`, `steps:`), and the column
/// `session` joins them; sessions that no table describes need no line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The facts, one a row; the columns are fields of filters.
    pub sessions: &'static str,
    /// The value with its numerator and denominator, as `present::worked` writes it.
    pub result: &'static str,
}

/// What shows that sources tell of something at all. A source that sends no thumbs has not got none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The rows that show it, as a filter on rows of the subject.
    pub by: &'static str,
    /// Why there is no value where the whole query has none of them.
    pub unless: &'static str,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The id, by which queries name it.
    pub id: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// To which part of the documentation it belongs.
    pub section: Section,
    /// What is counted.
    pub subject: Subject,
    /// How the number comes about.
    pub kind: Kind,
    /// The unit of the value.
    pub unit: Unit,
    /// By what a range selects.
    pub clock: Clock,
    /// Which sessions are judged.
    pub maturity: Maturity,
    /// The direction that is good.
    pub direction: Direction,
    /// What shows that sources tell of it, where a source may be silent.
    pub told: Option<Told>,
    /// What it says, in a sentence.
    pub definition: &'static str,
    /// Grows by one whenever the definition changes.
    pub version: u32,
    /// The worked example.
    pub example: Example,
    /// What must be said beside it, depending on what is found.
    pub remarks: &'static [Remark],
    /// Under which sources of knowledge its rows stand.
    pub sources: Sources,
}

impl Metric {
    /// A metric without good direction; rates, means and quantiles wait until sessions are over.
    pub(crate) const fn new(
        section: Section,
        id: &'static str,
        name: &'static str,
        unit: Unit,
        kind: Kind,
        definition: &'static str,
        example: Example,
    ) -> Self {
        let maturity = match kind {
            Kind::Count { .. } | Kind::Sum { .. } | Kind::Distinct { .. } => Maturity::None,
            _ => Maturity::Timeout,
        };
        Self {
            id,
            name,
            section,
            subject: Subject::Sessions,
            kind,
            unit,
            clock: Clock::SessionStart,
            maturity,
            direction: Direction::Neutral,
            told: None,
            definition,
            version: 1,
            example,
            remarks: &[],
            sources: Sources::Retrieved,
        }
    }

    /// The same with what must be said beside it.
    pub(crate) const fn remarks(self, remarks: &'static [Remark]) -> Self {
        Self { remarks, ..self }
    }

    /// The same with its rows under these sources of knowledge.
    pub(crate) const fn by_sources(self, sources: Sources) -> Self {
        Self { sources, ..self }
    }

    /// Whether its value depends on the price list.
    pub(crate) fn is_priced(&self) -> bool {
        self.kind
            .measures()
            .iter()
            .any(|measure| measure.columns().contains(&"step.priced_cost"))
    }

    /// The same about messages or steps, selected by when they happened. A message does not change its
    /// class when its session ends: none is too young to count.
    pub(crate) const fn of(self, subject: Subject) -> Self {
        Self {
            subject,
            clock: Clock::EventTime,
            maturity: Maturity::None,
            ..self
        }
    }

    /// The same for sessions that are over and old enough: where what follows decides.
    pub(crate) const fn judged(self) -> Self {
        Self {
            maturity: Maturity::Timeout,
            ..self
        }
    }

    /// The same for all sessions: where nothing that follows changes anything.
    pub(crate) const fn at_once(self) -> Self {
        Self {
            maturity: Maturity::None,
            ..self
        }
    }

    /// The same for sessions that are old enough for this.
    pub(crate) const fn after(self, maturity: Maturity) -> Self {
        Self { maturity, ..self }
    }

    /// Whether it says something of persons over several sessions, so that sessions of users who cannot
    /// be followed are no part of it.
    pub(crate) fn follows_people(&self) -> bool {
        let mut conditions = self.kind.conditions().into_iter();
        conditions.any(|text| text.contains("{first") || text.contains("user."))
    }

    /// The same selected by the start of the session.
    pub const fn by_session_start(self) -> Self {
        Self {
            clock: Clock::SessionStart,
            ..self
        }
    }

    /// The same without a value, for this reason, where no row of the query fulfils the condition: a count
    /// of what no source tells is not 0.
    pub(crate) const fn told(self, by: &'static str, unless: &'static str) -> Self {
        Self {
            told: Some(Told { by, unless }),
            ..self
        }
    }

    /// The same with the version of its definition.
    pub(crate) const fn version(self, version: u32) -> Self {
        Self { version, ..self }
    }

    /// The same where up is good.
    pub(crate) const fn higher(self) -> Self {
        Self {
            direction: Direction::Higher,
            ..self
        }
    }

    /// The same where down is good.
    pub(crate) const fn lower(self) -> Self {
        Self {
            direction: Direction::Lower,
            ..self
        }
    }

    /// What it counts: one subject, or the two of a quotient.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.sides().map(|(subject, _)| subject)
    }

    /// Of which rows it is made, and under which sources of knowledge they stand: those that it is about, and
    /// those of the other side of a quotient.
    pub(crate) fn sides(&self) -> impl Iterator<Item = (Subject, Sources)> + use<> {
        let own = (self.subject, self.sources);
        let above = match self.kind {
            Kind::Quotient { above, .. } => Some((above.subject, above.sources)),
            _ => None,
        };
        [own]
            .into_iter()
            .chain(above.filter(move |above| *above != own))
    }

    /// The condition of the sessions that the value is about, as a filter: what a drill-down lists.
    /// Of messages and steps, the sessions with one that is counted.
    /// With the window and whatever else a query may say at what it is where a query says nothing.
    pub fn evidence(&self) -> String {
        self.evidence_under(&Terms::default())
    }

    /// The same with what a query says.
    pub(crate) fn evidence_under(&self, terms: &Terms) -> String {
        let rows = terms.fill(&self.rows_counted()).into_owned();
        match self.subject {
            Subject::Sessions => rows,
            subject if rows.is_empty() => format!("any {}", subject.one()),
            subject => format!("any {} ({rows})", subject.one()),
        }
    }

    /// The condition of the rows that the value is about, as a filter on rows of the subject.
    pub(crate) fn rows_counted(&self) -> String {
        let judged = self.maturity.conditions();
        let present: Vec<String> = match self.kind {
            Kind::Mean { measure, .. } | Kind::Quantile { measure, .. } => {
                let columns = measure.columns().into_iter();
                columns
                    .map(|column| format!("{column} is not null"))
                    .collect()
            }
            _ => Vec::new(),
        };
        let mut parts = match self.kind {
            // What is counted below is not among what is counted above.
            Kind::Per { numerator, .. } => vec![numerator],
            Kind::Quotient { below, .. } => vec![below.within],
            kind => kind.conditions(),
        };
        parts.extend(present.iter().map(String::as_str));
        parts.extend(judged);
        parts.retain(|part| !part.is_empty());
        parts.dedup();
        match parts.as_slice() {
            [only] => (*only).to_owned(),
            several => several
                .iter()
                .map(|part| {
                    if part.contains(' ') {
                        format!("({part})")
                    } else {
                        (*part).to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join(" and "),
        }
    }
}
