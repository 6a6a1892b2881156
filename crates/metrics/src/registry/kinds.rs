//! What a metric is.

use serde::{Deserialize, Serialize};

use crate::filter::Measure;

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A number of sessions.
    Sessions,
    /// A number of conversations.
    Conversations,
    /// A number of users.
    Users,
    /// A number of messages.
    Messages,
    /// A number of exchanges.
    Exchanges,
    /// A number of survey answers or thumbs.
    Answers,
    /// A number of requests for a person.
    Requests,
    /// A number of tokens.
    Tokens,
    /// US dollars.
    Dollars,
    /// A share of one, shown as per cent.
    Share,
    /// Seconds.
    Seconds,
    /// An answer on a survey's scale.
    Score,
    /// Points from −100 to 100.
    Points,
}

/// By what a range selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// By the start of the session.
    SessionStart,
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

/// The part of the documentation to which a metric belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Sessions, engagement and outcomes.
    Sessions,
    /// Users.
    Users,
    /// Messages.
    Messages,
    /// Handover.
    Handover,
    /// Feedback and satisfaction.
    Satisfaction,
    /// Understanding.
    Understanding,
    /// Models.
    Models,
}

impl Section {
    /// All sections, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Sessions,
        Self::Users,
        Self::Messages,
        Self::Handover,
        Self::Satisfaction,
        Self::Understanding,
        Self::Models,
    ];

    /// The section's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions, engagement and outcomes",
            Self::Users => "Users",
            Self::Messages => "Messages",
            Self::Handover => "Handover",
            Self::Satisfaction => "Feedback and satisfaction",
            Self::Understanding => "Understanding",
            Self::Models => "Models",
        }
    }
}

/// How a number comes of sessions. Conditions are filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// How many sessions fulfil a condition.
    Count {
        /// The condition.
        of: &'static str,
    },
    /// A number of each session, added up.
    Sum {
        /// The number.
        measure: Measure,
        /// Of which sessions.
        within: &'static str,
        /// Why there is no value where no session has the number; without it that is zero.
        unknown: Option<&'static str>,
    },
    /// Sessions that fulfil one condition among those that fulfil another.
    Rate {
        /// What is counted; sessions outside the denominator never count.
        numerator: &'static str,
        /// Among which.
        denominator: &'static str,
    },
    /// One sum over another.
    Ratio {
        /// What is added up above.
        numerator: Measure,
        /// What is added up below.
        denominator: Measure,
        /// Of which sessions.
        within: &'static str,
    },
    /// The mean of a number over the sessions that have it.
    Mean {
        /// The number.
        measure: Measure,
        /// Of which sessions.
        within: &'static str,
        /// Whether the number stands on the survey's scale, so that different scales have no mean.
        on_scale: bool,
    },
    /// A quantile of a number over the sessions that have it.
    Quantile {
        /// The number.
        measure: Measure,
        /// From 0 to 1.
        quantile: f64,
        /// Of which sessions.
        within: &'static str,
    },
    /// How many different values a column has.
    Distinct {
        /// The column.
        key: &'static str,
        /// In which sessions.
        within: &'static str,
    },
    /// Different values in sessions that fulfil one condition, among those in sessions that fulfil
    /// another.
    DistinctRate {
        /// The column.
        key: &'static str,
        /// Which values count.
        numerator: &'static str,
        /// Among which.
        denominator: &'static str,
    },
}

/// A worked example: sessions as a table, and what the metric makes of them. A test runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The sessions, one a row; the columns are fields of filters.
    pub sessions: &'static str,
    /// The value with its numerator and denominator, as `present::worked` writes it.
    pub result: &'static str,
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
    /// What it says, in a sentence.
    pub definition: &'static str,
    /// Grows by one whenever the definition changes.
    pub version: u32,
    /// The worked example.
    pub example: Example,
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
            kind,
            unit,
            clock: Clock::SessionStart,
            maturity,
            direction: Direction::Neutral,
            definition,
            version: 1,
            example,
        }
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

    /// The condition of the sessions that the value is about, as a filter: what a drill-down lists.
    pub fn evidence(&self) -> String {
        let judged = match self.maturity {
            Maturity::None => "",
            Maturity::Timeout => "judged",
        };
        let present: Vec<String> = match self.kind {
            Kind::Mean { measure, .. } | Kind::Quantile { measure, .. } => {
                let columns = measure.columns().into_iter();
                columns
                    .map(|column| format!("{column} is not null"))
                    .collect()
            }
            _ => Vec::new(),
        };
        let conditions: [&str; 2] = match self.kind {
            Kind::Count { of } => [of, ""],
            Kind::Rate {
                numerator,
                denominator,
            }
            | Kind::DistinctRate {
                numerator,
                denominator,
                ..
            } => [numerator, denominator],
            Kind::Sum { within, .. }
            | Kind::Ratio { within, .. }
            | Kind::Mean { within, .. }
            | Kind::Quantile { within, .. }
            | Kind::Distinct { within, .. } => [within, ""],
        };
        let mut parts: Vec<&str> = conditions.into_iter().collect();
        parts.extend(present.iter().map(String::as_str));
        parts.push(judged);
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
