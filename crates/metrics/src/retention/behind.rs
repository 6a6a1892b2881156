//! The sessions behind the numbers of cohorts, as filters.

use jiff::tz::TimeZone;

use super::RetentionQuery;
use super::count::Question;
use crate::query::Identity;
use crate::time::{Range, format_instant};

/// Writes filters.
pub(super) struct Behind<'a> {
    pub(super) query: &'a RetentionQuery,
    pub(super) question: &'a Question,
}

impl Behind<'_> {
    /// When the users of a cohort came first.
    fn first_time(&self, cohort: usize) -> Vec<String> {
        let field = match self.query.identity {
            Identity::Device => "user.first_time",
            Identity::Id => "user.person_first_time",
        };
        // The range may begin and end within a period.
        let Range { from, to } = self.question.range;
        let periods = &self.question.periods;
        let range = Range {
            from: periods.start(cohort).max(from),
            to: periods.start(cohort + 1).min(to),
        };
        within(field, range)
    }

    /// The first sessions of a cohort's users.
    pub(super) fn cohort(&self, cohort: usize) -> String {
        let mut conditions = self.first_time(cohort);
        conditions.push(
            match self.query.identity {
                Identity::Device => "user.first_session",
                Identity::Id => "user.person_first_session",
            }
            .to_owned(),
        );
        let filters = self.query.filters.iter();
        conditions.extend(filters.map(|filter| format!("({filter})")));
        conditions.join(" and ")
    }

    /// The sessions with which a cohort's users were back in a period, and with which in it or later. Nothing where
    /// filters say who belongs to a cohort: no later session tells whether the first passed them.
    pub(super) fn back(&self, cohort: usize, period: usize) -> Option<[String; 2]> {
        if !self.query.filters.is_empty() {
            return None;
        }
        let periods = &self.question.periods;
        let from = periods.start(cohort + period);
        let filter = |to: i64| {
            let mut conditions = within("start_time", Range { from, to });
            conditions.extend(self.first_time(cohort));
            conditions.push("first_user_time is not null".to_owned());
            let filters = self.query.back.iter();
            conditions.extend(filters.map(|filter| format!("({filter})")));
            conditions.join(" and ")
        };
        let exact = filter(periods.start(cohort + period + 1));
        Some([exact, filter(i64::MAX)])
    }
}

fn within(field: &str, range: Range) -> Vec<String> {
    let instant = |time: i64| format_instant(time, &TimeZone::UTC);
    let mut conditions = vec![format!("{field} >= {}", instant(range.from))];
    if range.to != i64::MAX {
        conditions.push(format!("{field} < {}", instant(range.to)));
    }
    conditions
}
