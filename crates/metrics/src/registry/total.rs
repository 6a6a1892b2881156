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

impl Total {
    /// Whether it is how many users there are, among them all of the other total, so that this divided by it is a mean
    /// over users.
    pub(crate) fn is_users_of(&self, other: &Self) -> bool {
        let all = self.within.is_empty() && self.subject == Subject::Sessions;
        let same = self.subject == other.subject && self.within == other.within;
        self.of == Amount::Keys("user_key") && (all || same)
    }
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
