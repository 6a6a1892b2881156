//! How the rows of two ranges that are compared stand beside each other, where they are cut by time.

use upshot_core::time::DAY;

use crate::assemble::{Key, Passes, elapsed};
use crate::query::plan::Grouping;
use crate::query::resolve::Resolved;
use crate::result::{Note, NoteCode};
use crate::run::groups::GroupValue;
use crate::time::{Buckets, Range};

/// By how much stretches may differ that the calendar holds to be equally long: months, and days on which the clocks
/// are changed.
const ALIKE: f64 = 1.2;

/// How long a stretch lasted, and that beside which it stands; nothing where there is none.
type Both = Option<(f64, f64)>;

/// How long the stretches of rows lasted, and those beside which they stand.
pub(crate) struct Lasted {
    /// Of both ranges, where there are two.
    whole: Both,
    /// Where rows are cut by stretches of time: by which dimension, and of each position; nothing where the other range
    /// has none.
    stretches: Option<(usize, Vec<Both>)>,
}

impl Lasted {
    pub(crate) fn new(resolved: &Resolved, passes: &Passes) -> Self {
        let Some((other, _)) = &passes.previous else {
            return Self {
                whole: None,
                stretches: None,
            };
        };
        let stretches = both(passes).map(|(dimension, own, beside)| {
            let of_own = lengths(own, passes.range, resolved.now);
            let of_other = lengths(beside, *other, resolved.now);
            let of_own = of_own.into_iter().enumerate();
            let pairs = of_own.map(|(position, own)| {
                let other = of_other.get(position).copied().flatten()?;
                Some(comparable(own.unwrap_or(0.0), other))
            });
            (dimension, pairs.collect())
        });
        Self {
            whole: Some(elapsed(resolved, passes.range, *other)),
            stretches,
        }
    }

    /// Of this row; nothing where there is nothing to compare it with.
    pub(crate) fn of(&self, key: &Key) -> Both {
        match &self.stretches {
            Some((dimension, by_position)) => match key.get(*dimension) {
                Some(GroupValue::Position(position)) => {
                    by_position.get(*position as usize).copied().flatten()
                }
                _ => self.whole,
            },
            None => self.whole,
        }
    }

    /// Whether one range has times twice that the other has once, or leaves some out, before one of them ends.
    fn is_uneven(&self) -> bool {
        let Some((_, by_position)) = &self.stretches else {
            return false;
        };
        let last = by_position.iter().rposition(Option::is_some).unwrap_or(0);
        let mut before = by_position[..last].iter();
        before.any(|lasted| lasted.is_none_or(|(own, other)| own != other))
    }
}

/// The stretches of time of both ranges, and which dimension they are.
fn both(passes: &Passes) -> Option<(usize, &Buckets, &Buckets)> {
    let both = passes.groupings().iter().zip(passes.compared_groupings());
    both.enumerate().find_map(|(dimension, both)| match both {
        (Grouping::Buckets(_, own), Grouping::Buckets(_, beside)) => Some((dimension, own, beside)),
        _ => None,
    })
}

/// How long each position lasted within the range and until now, in days; nothing where there is none.
fn lengths(buckets: &Buckets, range: Range, now: i64) -> Vec<Option<f64>> {
    let mut lengths = vec![None; buckets.len()];
    for (position, stretch) in buckets.stretches() {
        let to = stretch.to.min(range.to).min(now.max(range.from));
        let lasted = to.saturating_sub(stretch.from.max(range.from)).max(0);
        *lengths[position].get_or_insert(0.0) += lasted as f64 / DAY as f64;
    }
    lengths
}

/// How long both lasted, where that makes a difference. What has not begun yet is no shorter than what has.
fn comparable(own: f64, other: f64) -> (f64, f64) {
    let alike = own.max(other) <= ALIKE * own.min(other);
    match alike || own <= 0.0 || other <= 0.0 {
        true => (1.0, 1.0),
        false => (own, other),
    }
}

/// What is to be told of rows that do not stand one beside the other.
pub(crate) fn notes(resolved: &Resolved, passes: &Passes) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some((_, own, beside)) = both(passes) else {
        return notes;
    };
    if beside.len() > own.len() {
        let text = format!(
            "the range to compare with goes on after the last {}: what lies there is in the totals, beside no row",
            own.grain().name().replace('_', " ")
        );
        notes.push(note(NoteCode::UnequalRanges, text));
    }
    if Lasted::new(resolved, passes).is_uneven() {
        let text = "the clocks were changed, or a year has a day more: what one range has twice stands together, what the \
                    other leaves out in the row in which it goes on; counts are compared by how long both lasted";
        notes.push(note(NoteCode::UnevenTimes, text.to_owned()));
    }
    notes
}

fn note(code: NoteCode, text: String) -> Note {
    Note {
        code,
        text,
        count: 0,
    }
}
