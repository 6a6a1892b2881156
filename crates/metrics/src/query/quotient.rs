//! The cells of quotients: each pass fills the sides that are about its rows.

use super::pass_key::PassKey;
use super::plan::{Cells, Term};
use super::terms::Terms;
use crate::filter::Predicate;
use crate::registry::{Amount, Total};

/// Where a total is among the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A counter.
    Counter(usize),
    /// A sum.
    Sum(usize),
    /// A set, whose size it is.
    Set(usize),
}

/// One side of a quotient among the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) found: Found,
    /// The pair of terms that says how uneven users are in it, where the other side is found by another
    /// pass, or is how many users there are.
    pub(crate) spread: Option<usize>,
}

/// The sides of a quotient that a pass fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sides {
    /// What is divided.
    pub(crate) above: Option<Side>,
    /// By what.
    pub(crate) below: Option<Side>,
    /// The pair of terms whose clusters say how sure the quotient is, where both sides are sums or counts
    /// of the same rows.
    pub(crate) cluster: Option<usize>,
}

impl Cells {
    /// The cells of the sides that are about rows of this pass.
    pub(crate) fn quotient(
        &mut self,
        key: PassKey,
        (above, below): (Total, Total),
        terms: &Terms,
        judged: &Predicate,
    ) -> Sides {
        let side_of = |total: Total| (total.subject, total.sources);
        let mut own = |total: Total| {
            (side_of(total) == (key.subject, key.sources)).then(|| self.total(total, terms, judged))
        };
        let (own_above, own_below) = (own(above), own(below));
        let pair = own_above
            .and_then(|(_, term)| term)
            .zip(own_below.and_then(|(_, term)| term));
        let apart = side_of(above) != side_of(below) || below.is_users_of(&above);
        let mut side = |own: Option<(Found, Option<Term>)>| {
            own.map(|(found, term)| Side {
                found,
                spread: term.filter(|_| apart).map(|term| self.cluster(term, term)),
            })
        };
        Sides {
            above: side(own_above),
            below: side(own_below),
            cluster: pair.map(|(above, below)| self.cluster(above, below)),
        }
    }

    /// A total, and the term that it is for a cluster; a number of different keys is none.
    fn total(&mut self, total: Total, terms: &Terms, judged: &Predicate) -> (Found, Option<Term>) {
        let rows = terms.condition(total.within).and(judged.clone());
        let rows = self.predicate(rows);
        match total.of {
            Amount::Rows => (Found::Counter(self.counter(rows)), Some(Term::Holds(rows))),
            Amount::Sum { measure, .. } => {
                let term = Term::Value(self.measure(measure), rows);
                (Found::Sum(self.sum(measure, rows)), Some(term))
            }
            Amount::Keys(column) => (Found::Set(self.set(terms.key(column), rows)), None),
        }
    }
}
