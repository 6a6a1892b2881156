//! Which rows a query is about, as conditions: its range, its traffic, and what is old enough.

use upshot_core::profile::MaturityTimes;

use super::EnvironmentChoice;
use crate::filter::{Measure, NumberTest, Order, Predicate, TextSource, definition};
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

/// Sessions that are over and started at least the maturity time of their channel ago.
///
/// Profiles name channels in any case, facts as the source does. A channel that waits longer is known by its name
/// in lower case within that of the fact, one that waits less by exactly its name: whoever is in doubt waits longer.
pub(crate) fn mature(now: i64, maturity: &MaturityTimes) -> Predicate {
    let old_enough = |age: i64| time("start_time", Order::LessOrEqual, now.saturating_sub(age));
    let channel = || TextSource::Column("channel");
    let (longer, shorter): (Vec<_>, Vec<_>) = maturity
        .channels
        .iter()
        .filter(|(_, age)| *age != maturity.others)
        .partition(|(_, age)| *age > maturity.others);
    let mut old = vec![old_enough(maturity.others)];
    old.extend(
        shorter.into_iter().map(|(name, age)| {
            old_enough(*age).and(Predicate::TextIn(channel(), vec![name.clone()]))
        }),
    );
    let mut parts = vec![Predicate::Flag("open").negated(), Predicate::Any(old)];
    parts.extend(longer.into_iter().map(|(name, age)| {
        let other = Predicate::TextContains(channel(), name.clone()).negated();
        Predicate::Any(vec![old_enough(*age), other])
    }));
    Predicate::All(parts).simplified()
}
