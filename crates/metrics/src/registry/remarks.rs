//! Remarks: what whoever reads a number must know, depending on what was found.

use super::kinds::Subject;
use crate::result::NoteCode;

/// When a remark is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Where any row fulfils the condition.
    Where,
    /// Where there are rows, and none fulfils it.
    WhereNone,
}

/// A remark on a metric: becomes a note of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remark {
    /// What the note is about; one note is made of each.
    pub code: NoteCode,
    /// Of which rows.
    pub subject: Subject,
    /// The condition, a filter on them.
    pub of: &'static str,
    /// When it is made.
    pub made: Made,
    /// The note; `{count}` is how many rows fulfil the condition, `{prices}` the name of the price list.
    pub text: &'static str,
}

impl Remark {
    /// The note's text, if the remark is made where so many rows fulfil the condition.
    pub(crate) fn note(&self, count: u64, prices: &str) -> Option<String> {
        let made = match self.made {
            Made::Where => count > 0,
            Made::WhereNone => count == 0,
        };
        made.then(|| {
            self.text
                .replace("{count}", &count.to_string())
                .replace("{prices}", prices)
        })
    }
}

/// Calls that nobody priced are part of no cost.
pub(crate) const UNPRICED: &[Remark] = &[Remark {
    code: NoteCode::Unpriced,
    subject: Subject::Steps,
    of: "step.cost_origin = unpriced",
    made: Made::Where,
    text: "calls of models without a cost from the source and without a price in the price list {prices}, \
           which are part of no cost: {count}; `upshot prices` shows the list, and the dimension \
           `step.cost_origin` tells them apart",
}];
