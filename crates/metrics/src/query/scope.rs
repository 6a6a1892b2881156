//! Which rows a query is about, as conditions: its range, its traffic, and what is old enough.

use super::EnvironmentChoice;
use crate::filter::{Measure, NumberTest, Order, Predicate, definition};
use crate::time::Range;

fn time(column: &'static str, order: Order, time: i64) -> Predicate {
    Predicate::Number(Measure::Column(column), NumberTest::Integer(order, time))
}

/// Rows whose time in this column lies in the range.
pub(crate) fn in_range(column: &'static str, range: Range) -> Predicate {
    let mut parts = Vec::new();
    if range.from != i64::MIN {
        parts.push(time(column, Order::GreaterOrEqual, range.from));
    }
    if range.to != i64::MAX {
        parts.push(time(column, Order::Less, range.to));
    }
    Predicate::All(parts).simplified()
}

/// Sessions of the environment; a session that says none is real traffic.
pub(crate) fn in_environment(choice: EnvironmentChoice) -> Predicate {
    let test = definition("environment = test");
    match choice {
        EnvironmentChoice::All => Predicate::Constant(true),
        EnvironmentChoice::Test => test,
        EnvironmentChoice::Production => test.negated(),
    }
}

/// Sessions that are over and started at least the maturity time ago.
pub(crate) fn mature(now: i64, maturity: i64) -> Predicate {
    let cutoff = now.saturating_sub(maturity);
    Predicate::Flag("open")
        .negated()
        .and(time("start_time", Order::LessOrEqual, cutoff))
}
