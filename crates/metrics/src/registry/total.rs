//! Totals: what a [`Kind::Quotient`](super::Kind::Quotient) divides, and by what.

use super::kinds::Subject;
use super::sources::Sources;
use crate::filter::Measure;

/// A number that all rows of a subject make together: one side of a [`Kind::Quotient`](super::Kind::Quotient).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// Of which rows.
    pub subject: Subject,
    /// Under which sources they stand where the quotient is cut by these.
    pub sources: Sources,
    /// What of them.
    pub of: Amount,
    /// Which of the rows.
    pub within: &'static str,
}

/// What is taken of the rows of a [`Total`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// How many there are.
    Rows,
    /// A number of each, added up.
    Sum {
        /// The number.
        measure: Measure,
        /// Why there is no value where no row has the number; without it that is zero.
        unknown: Option<&'static str>,
    },
    /// How many different values a column has.
    Keys(&'static str),
}
