//! Which questions are worth asking ahead: those that were asked lately, and what the web app's pages ask where none was.

use serde::Deserialize;
use serde_json::Value;
use upshot_core::time::DAY;
use upshot_metrics::{
    DriverQuery, FlowQuery, FunnelQuery, LiftQuery, PathQuery, Query, Question, RetentionQuery,
    TopicQuery,
};

use crate::input::asks_within;
use crate::problem::{Problem, ProblemKind};
use crate::releases::ReleasesOfBots;
use crate::state::ServerState;

/// So many questions of a workspace are remembered.
const MOST: usize = 256;
/// They take so many bytes at most.
const MOST_BYTES: usize = 256 << 10;
/// What nobody asked for so long is forgotten: a report of once a week is asked in time.
const REMEMBERED: i64 = 8 * DAY;

/// A question as it was asked, without its clock.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Its kind, one of [`KINDS`].
    kind: String,
    /// The question.
    question: Value,
}

/// Says which kinds are asked ahead, and how a question of each is asked again.
macro_rules! kinds {
    ($($question:ty),*) => {
        /// The kinds of questions whose answers are made of what is kept of files.
        pub(super) const KINDS: &[&str] = &[$(<$question>::KIND),*];

        /// Asks a question, and throws the answer away: what was found in files is kept.
        pub(super) async fn ask(
            state: &ServerState,
            workspace: &str,
            asked: Asked,
        ) -> Result<(), Problem> {
            $(if asked.kind == <$question>::KIND {
                let question: $question = serde_json::from_value(asked.question).map_err(unreadable)?;
                return ask_one(state, workspace, question).await;
            })*
            Err(unreadable(format!("there is no kind `{}`", asked.kind)))
        }
    };
}

kinds!(
    Query,
    DriverQuery,
    RetentionQuery,
    PathQuery,
    FlowQuery,
    FunnelQuery,
    LiftQuery,
    TopicQuery,
    ReleasesOfBots
);

fn unreadable(reason: impl std::fmt::Display) -> Problem {
    let detail = format!("a question that was remembered cannot be read: {reason}");
    Problem::new(ProblemKind::InvalidQuery, detail)
}

async fn ask_one<Q: Question>(
    state: &ServerState,
    workspace: &str,
    question: Q,
) -> Result<(), Problem> {
    let question = question.asked_at(state.now());
    let capture = state
        .capture(workspace, question.profile(), &question.tables())
        .await?;
    question.answer(&state.engine, &capture).await?;
    Ok(())
}

impl Asked {
    /// A question, if it is worth asking ahead. What names a person or a conversation, or is of a moment and not of days,
    /// is not: nobody else asks it.
    pub fn of<Q: Question>(question: &Q) -> Option<Self> {
        if !KINDS.contains(&Q::KIND) {
            return None;
        }
        let mut value = serde_json::to_value(question).ok()?;
        let fields = value.as_object_mut()?;
        // How it came about is asked of the same work, and so is the next page.
        fields.remove("explain");
        fields.remove("cursor");
        let is_general = !asks_within(&value) && !is_of_a_moment(&value);
        is_general.then(|| Self {
            kind: Q::KIND.to_owned(),
            question: value,
        })
    }

    /// What the pages of the web app ask before anybody chose anything.
    pub fn by_the_app() -> Vec<Self> {
        serde_json::from_str(include_str!("app_questions.json")).unwrap_or_default()
    }
}

/// Whether a question is asked of a range that begins or ends at an instant.
fn is_of_a_moment(question: &Value) -> bool {
    let range = question.get("range");
    ["from", "to"].iter().any(|end| {
        let end = range.and_then(|range| range.get(end)?.as_str());
        end.is_some_and(|end| end.contains(':'))
    })
}

/// The questions that were asked in a workspace.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// They, each with its bytes and when it was last asked; what was asked last stands last.
    asked: Vec<(Asked, usize, i64)>,
}

impl Questions {
    /// A question was asked at this time.
    pub fn add(&mut self, asked: Asked, now: i64) {
        let bytes = asked.kind.len() + asked.question.to_string().len();
        if bytes > MOST_BYTES / 4 {
            return;
        }
        self.asked
            .retain(|(other, _, time)| *other != asked && now - time < REMEMBERED);
        self.asked.push((asked, bytes, now));
        let mut all: usize = self.asked.iter().map(|(_, bytes, _)| bytes).sum();
        let mut left = self.asked.len();
        let too_many = self.asked.iter().take_while(|(_, bytes, _)| {
            let goes = all > MOST_BYTES || left > MOST;
            all -= bytes;
            left -= 1;
            goes
        });
        let too_many = too_many.count();
        self.asked.drain(..too_many);
    }

    /// Those that were asked lately, what was asked last first.
    pub fn lately(&self, now: i64) -> impl Iterator<Item = &Asked> {
        let lately = self.asked.iter().rev();
        lately
            .filter(move |(_, _, time)| now - time < REMEMBERED)
            .map(|(asked, _, _)| asked)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn asked(name: &str) -> Asked {
        let query = Query {
            metrics: vec![name.to_owned()],
            explain: true,
            ..Query::default()
        };
        Asked::of(&query).unwrap()
    }

    fn names(questions: &Questions, now: i64) -> Vec<String> {
        let name = |asked: &Asked| asked.question["metrics"][0].as_str().unwrap().to_owned();
        questions.lately(now).map(name).collect()
    }

    #[test]
    fn what_was_asked_last_comes_first_and_each_once() {
        let mut questions = Questions::default();
        for (time, name) in ["a", "b", "a", "c"].into_iter().enumerate() {
            questions.add(asked(name), time as i64);
        }
        assert_eq!(names(&questions, 4), ["c", "a", "b"]);
        assert_eq!(names(&questions, REMEMBERED + 2), ["c"]);
        questions.add(asked("d"), REMEMBERED + 2);
        assert_eq!(questions.asked.len(), 2, "what is old is gone");
    }

    #[test]
    fn their_number_and_bytes_are_bounded() {
        let mut questions = Questions::default();
        for number in 0..MOST + 10 {
            questions.add(asked(&number.to_string()), 0);
        }
        assert_eq!(questions.asked.len(), MOST);
        assert_eq!(names(&questions, 0)[0], (MOST + 9).to_string());
        for number in 0..10 {
            questions.add(asked(&format!("{number:060000}")), 0);
        }
        let bytes: usize = questions.asked.iter().map(|(_, bytes, _)| bytes).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
        assert_eq!(questions.asked.len(), 4);
        questions.add(asked(&"x".repeat(MOST_BYTES)), 0);
        assert_eq!(questions.asked.len(), 4, "what is too large is not kept");
    }

    #[test]
    fn what_names_somebody_or_a_moment_is_not_remembered() {
        let named = Query {
            metrics: vec!["sessions".to_owned()],
            filters: vec!["user = anna".to_owned()],
            ..Query::default()
        };
        assert_eq!(Asked::of(&named), None);
        let mut of_days = Query {
            range: serde_json::from_value(json!({"from": "2026-03-01", "to": "2026-03-02"}))
                .unwrap(),
            ..Query::default()
        };
        assert!(Asked::of(&of_days).is_some());
        of_days.range.to = Some("2026-03-02T11:30:00Z".to_owned());
        assert_eq!(Asked::of(&of_days), None);
        let live = upshot_metrics::LiveQuery(Query::default());
        assert_eq!(Asked::of(&live), None);
    }

    #[test]
    fn the_list_of_the_app_can_be_asked() {
        let all: Value = serde_json::from_str(include_str!("app_questions.json")).unwrap();
        let questions = Asked::by_the_app();
        assert_eq!(Some(questions.len()), all.as_array().map(Vec::len));
        assert!(questions.len() > 20, "{}", questions.len());
        for asked in questions {
            assert!(KINDS.contains(&&*asked.kind), "{}", asked.kind);
            assert_eq!(
                asked.question.get("time_zone"),
                None,
                "that of the workspace"
            );
            assert_ne!(asked.question, json!({}));
        }
    }
}
