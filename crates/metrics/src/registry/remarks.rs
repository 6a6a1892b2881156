//! Remarks: what whoever reads a number must know, depending on what was found.

use upshot_lake::Capture;

use super::kinds::Subject;
use crate::result::NoteCode;

/// When a remark is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Where any row fulfils the condition.
    Where,
    /// Where none fulfils it.
    WhereNone,
    /// Where some fulfil this condition, and none of all rows that of the remark.
    WhereOnly(&'static str),
    /// Where no rule of the fact set lets another window or page begin another session.
    WithoutWindows,
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
    /// The note; `{count}` is how many rows fulfil the condition, `{prices}` the name of the price list and
    /// `{fact_set}` that of the rules.
    pub text: &'static str,
}

impl Remark {
    /// The note's text, if the remark is made where so many rows fulfil the condition.
    ///
    /// `among` is how many fulfil the condition of [`Made::WhereOnly`].
    pub(crate) fn note(
        &self,
        (count, among): (u64, u64),
        prices: &str,
        capture: &Capture,
    ) -> Option<String> {
        let made = match self.made {
            Made::Where => count > 0,
            Made::WhereNone => count == 0,
            Made::WhereOnly(_) => count == 0 && among > 0,
            Made::WithoutWindows => capture.knows_windows == Some(false),
        };
        made.then(|| {
            self.text
                .replace("{count}", &count.to_string())
                .replace("{prices}", prices)
                .replace("{fact_set}", &capture.fact_set)
        })
    }
}

/// Chats are told apart by window and page, which not all rules do.
pub(crate) const NO_WINDOWS: &[Remark] = &[Remark {
    code: NoteCode::NoWindows,
    subject: Subject::Sessions,
    of: "",
    made: Made::WithoutWindows,
    text: "the rules {fact_set} do not tell windows and pages apart: chats that a user has at the same time in \
           several are one here; ask for the facts of a profile that does, such as `indigo` (`upshot profiles add \
           indigo`, then `--fact-set indigo`)",
}];

/// Where nothing says that a user was helped, unresolved is not the same as not helped.
pub(crate) const NONE_RESOLVED: &[Remark] = &[Remark {
    code: NoteCode::NoneResolved,
    subject: Subject::Sessions,
    of: "resolved",
    made: Made::WhereOnly("engaged"),
    text: "none of these sessions is resolved: no survey, closing topic, declaration or goal says that a user was \
           helped, so engaged sessions count as abandoned or escalated; if the source cannot tell, these rates say \
           nothing of the bot (`upshot explain SESSION` shows by which rule a session ended, `upshot profiles` the rules)",
}];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_without_windows_are_told_where_they_are_known() {
        let told = |knows_windows| {
            let capture = Capture {
                fact_set: "default@1/fold2".to_owned(),
                knows_windows,
                ..Capture::default()
            };
            NO_WINDOWS[0].note((3, 0), "", &capture)
        };
        assert_eq!(told(None), None);
        assert_eq!(told(Some(true)), None);
        let text = told(Some(false)).unwrap_or_default();
        assert!(
            text.starts_with("the rules default@1/fold2 do not"),
            "{text}"
        );
    }
}
