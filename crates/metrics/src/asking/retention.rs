//! Retention as rows: one for each cohort and period.

use arrow::array::RecordBatch;

use super::{Answer, Rows, forget};
use crate::error::QueryError;
use crate::retention::{Cohort, Retained, RetentionResult};

impl Answer for RetentionResult {
    fn forget_effort(&mut self) {
        let (took, read) = (&mut self.took_milliseconds, &mut self.rows_read);
        forget(took, read, self.explanation.as_mut());
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let of_cohorts = self.cohorts.iter().flat_map(|cohort| {
            let periods = cohort.periods.iter();
            periods.map(move |retained| (Some(cohort), retained))
        });
        let overall = self.overall.iter().map(|retained| (None, retained));
        let rows: Vec<(Option<&Cohort>, &Retained)> = of_cohorts.chain(overall).collect();
        Rows::of(&rows)
            .text(
                "row",
                "what the row is: `cohort`, or `all` for all cohorts for which the period is over",
                |(cohort, _)| Some(if cohort.is_some() { "cohort" } else { "all" }),
            )
            .text(
                "cohort",
                "the day, the first day of the week, or the month of the first session",
                |(cohort, _)| Some(cohort.as_ref()?.cohort.as_str()),
            )
            .count("users", "how many users the cohort has", |(cohort, _)| {
                Some(cohort.as_ref()?.users)
            })
            .count(
                "period",
                "how many days, weeks or months after the first",
                |(_, retained)| Some(retained.period as u64),
            )
            .value(
                "exact",
                "the share of the users who were back in the period",
                |(_, retained)| Some(&retained.exact),
            )
            .value(
                "rolling",
                "the share of the users who were back in the period or later",
                |(_, retained)| Some(&retained.rolling),
            )
            .text(
                "cohort_filter",
                "the filter that lists the first sessions of the cohort",
                |(cohort, _)| Some(cohort.as_ref()?.filter.as_str()),
            )
            .text(
                "filter",
                "the filter that lists the sessions with which they were back in the period",
                |(_, retained)| retained.filter.as_deref(),
            )
            .text(
                "rolling_filter",
                "the same for the period or later",
                |(_, retained)| retained.rolling_filter.as_deref(),
            )
            .finish()
    }
}
