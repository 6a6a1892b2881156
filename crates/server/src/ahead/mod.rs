//! Asks ahead what people will ask, so that whoever asks first after new files came does not wait for them to be read.
//!
//! What a question finds in a file is kept (roll-ups, docs/adr/0055), so a question that was asked before reads only new files.
//! When the files of a workspace changed and nothing happens for a moment, [`run`] asks the questions that were asked lately once more,
//! one after another, and throws the answers away. It goes at once when somebody else asks, and goes on when they are done.
//! [`questions`] says which questions these are. They are kept in memory alone, without answers, and go with what is erased.

mod questions;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use upshot_lake::FactsInFiles;
use upshot_metrics::Question;

use crate::import::IMPORTS_AT_ONCE;
use crate::state::{ServerState, Shared};
use questions::{Asked, Questions};

/// A question that nobody waits for may take so many times as long as one that somebody waits for: it may be the first ever.
const PATIENCE: u32 = 10;

/// After questions were asked, or had to make way, nothing is asked of the workspace, or of any, for so many times as long as
/// that took.
const REST: u32 = 3;

/// A question that had to make way so often is left to whoever asks it.
const MOST_TRIES: u32 = 5;

/// What is known of questions that are worth asking ahead.
pub(crate) struct Ahead {
    state: Mutex<State>,
    /// Counts the questions of others, and tells of them.
    others: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// What was asked, by workspace.
    asked: HashMap<String, Questions>,
    /// The workspace whose questions are being asked.
    workspace: String,
    /// Which of them are still to be asked, and how often each was given up for others.
    left: VecDeque<(Asked, u32)>,
    /// Whether what was kept of files was forgotten, which is that of all workspaces.
    forgotten: bool,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            others: watch::Sender::new(0),
        }
    }
}

impl Ahead {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody asks, and is not to be held up.
    pub fn make_way(&self) {
        self.others.send_modify(|count| *count += 1);
    }

    /// Forgets what was asked in a workspace. What is made of its files is made anew.
    pub fn forget(&self, workspace: &str) {
        let mut state = self.state();
        state.asked.remove(workspace);
        state.forgotten = true;
        if state.workspace == workspace {
            state.left.clear();
        }
        drop(state);
        // The question that is being asked may be one of these.
        self.make_way();
    }

    /// What was asked lately in a workspace, or else what the web app asks, is to be asked.
    fn begin(&self, workspace: &str, now: i64) {
        let mut state = self.state();
        let asked = state.asked.get(workspace);
        let lately = asked.into_iter().flat_map(|asked| asked.lately(now));
        let lately: Vec<Asked> = lately.cloned().collect();
        let questions = match lately.is_empty() {
            true => Asked::by_the_app(),
            false => lately,
        };
        state.left = questions.into_iter().map(|asked| (asked, 0)).collect();
        workspace.clone_into(&mut state.workspace);
    }

    /// The question that comes next.
    fn next(&self) -> Option<Asked> {
        let state = self.state();
        state.left.front().map(|(asked, _)| asked.clone())
    }

    /// The question was given up for somebody else: it comes last, and not for ever.
    fn later(&self, asked: &Asked) {
        let mut state = self.state();
        let front = state.left.pop_front_if(|(front, _)| front == asked);
        let Some((asked, given_up)) = front else {
            return;
        };
        if given_up + 1 < MOST_TRIES {
            state.left.push_back((asked, given_up + 1));
        }
    }

    /// The question was asked, or cannot be.
    fn done(&self, asked: &Asked) {
        self.state().left.pop_front_if(|(front, _)| front == asked);
    }
}

impl Shared {
    /// Remembers a question that was answered. A workspace with few files has nothing of them that is worth to be kept.
    pub(crate) fn remember<Q: Question>(&self, workspace: &str, question: &Q) {
        if self.options.ahead_after.is_none() || !self.is_worth_it(workspace) {
            return;
        }
        if let Some(asked) = Asked::of(question) {
            let mut state = self.ahead.state();
            let questions = state.asked.entry(workspace.to_owned()).or_default();
            questions.add(asked, self.now());
        }
    }

    /// Whether a workspace has so many sessions in files that reading them takes longer than a moment.
    fn is_worth_it(&self, workspace: &str) -> bool {
        let files = self.lake.facts_in_files(workspace);
        files.is_some_and(|files| files.sessions >= self.options.ahead_from)
    }

    /// Whether nobody asks, takes out or brings in anything.
    fn is_idle(&self) -> bool {
        let limits = &self.options.limits;
        self.query_turns.available_permits() >= limits.queries_at_once
            && self.export_turns.available_permits() >= limits.exports_at_once
            && self.import_turns.available_permits() >= IMPORTS_AT_ONCE
    }
}

/// How far the work has come.
#[derive(Default)]
struct Progress {
    /// With which files the questions of each workspace were asked, and until when it is left alone.
    asked: BTreeMap<String, (FactsInFiles, Instant)>,
    /// The workspace whose questions are being asked, with its files, and how long that took so far.
    under_way: Option<(String, FactsInFiles, Duration)>,
    /// Until when nothing is asked, because others had to be made way for.
    rests_until: Option<Instant>,
}

/// Asks ahead until the server ends.
pub async fn run(state: ServerState) {
    let Some(quiet) = state.options.ahead_after else {
        return;
    };
    let mut progress = Progress::default();
    let mut others = state.ahead.others.subscribe();
    let mut before = BTreeMap::new();
    while !state.is_ending() {
        tokio::time::sleep(quiet).await;
        let mut files = state.lake.all_facts_in_files();
        files.retain(|_, files| files.sessions >= state.options.ahead_from);
        let is_quiet = files == before && !others.has_changed().unwrap_or(false);
        others.borrow_and_update();
        if is_quiet {
            progress.go_on(&state, &files).await;
        }
        before = files;
    }
}

impl Progress {
    /// Asks what is to be asked of these files, until all was or somebody else asks.
    async fn go_on(&mut self, state: &ServerState, files: &BTreeMap<String, FactsInFiles>) {
        if std::mem::take(&mut state.ahead.state().forgotten) {
            self.asked.clear();
            self.under_way = None;
        }
        self.asked
            .retain(|workspace, _| files.contains_key(workspace));
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        if let Some((workspace, of, _)) = &self.under_way
            && files.get(workspace) != Some(of)
        {
            self.under_way = None;
        }
        while let Some((workspace, of, took)) = self.next(state, files) {
            let began = Instant::now();
            let is_done = ask_all(state, &workspace).await;
            let took = took + began.elapsed();
            if !is_done {
                self.rests_until = Some(Instant::now() + began.elapsed() * REST);
                self.under_way = Some((workspace, of, took));
                return;
            }
            state.engine.settled().await;
            self.asked
                .insert(workspace, (of, Instant::now() + took * REST));
        }
    }

    /// The workspace whose questions are to be asked now.
    fn next(
        &mut self,
        state: &ServerState,
        files: &BTreeMap<String, FactsInFiles>,
    ) -> Option<(String, FactsInFiles, Duration)> {
        if let Some(under_way) = self.under_way.take() {
            return Some(under_way);
        }
        let is_due = |workspace: &String, of: &FactsInFiles| match self.asked.get(workspace) {
            Some((asked, rests_until)) => asked != of && Instant::now() >= *rests_until,
            None => true,
        };
        let (workspace, of) = files.iter().find(|(workspace, of)| is_due(workspace, of))?;
        state.ahead.begin(workspace, state.now());
        Some((workspace.clone(), of.clone(), Duration::ZERO))
    }
}

/// Asks what is left; whether nothing is.
async fn ask_all(state: &ServerState, workspace: &str) -> bool {
    while let Some(asked) = state.ahead.next() {
        // Whoever comes from now on is noticed.
        let mut others = state.ahead.others.subscribe();
        if state.is_ending() || !state.is_idle() {
            return false;
        }
        let Ok(turn) = state.query_turns.try_acquire() else {
            return false;
        };
        let watch = state.telemetry.ahead();
        let limit = state.options.limits.query_time * PATIENCE;
        let answer = tokio::select! {
            biased;
            _ = others.changed() => {
                state.ahead.later(&asked);
                return false;
            }
            answer = tokio::time::timeout(limit, questions::ask(state, workspace, asked.clone())) => answer,
        };
        drop(turn);
        match answer {
            Ok(Ok(())) => watch.ended("made"),
            Ok(Err(problem)) => {
                tracing::debug!(kind = ?problem.kind(), "a question was not asked ahead");
                watch.ended("failed");
            }
            Err(_) => {
                tracing::debug!("a question that was asked ahead took too long");
                watch.ended("failed");
            }
        }
        state.ahead.done(&asked);
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::turns::leave_to_run;
    use crate::turns::tests::state;

    fn left(state: &ServerState) -> usize {
        state.ahead.state().left.len()
    }

    #[tokio::test]
    async fn a_busy_server_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        state.ahead.begin("main", 0);
        let all = left(&state);
        let turn = leave_to_run(&state, 1).await.unwrap();
        assert!(!ask_all(&state, "main").await);
        drop(turn);
        let import = state.import_turns.acquire().await.unwrap();
        assert!(!ask_all(&state, "main").await);
        drop(import);
        assert_eq!(left(&state), all);
        assert!(ask_all(&state, "main").await);
        assert_eq!(left(&state), 0);
    }

    #[tokio::test]
    async fn it_makes_way_in_the_middle_of_a_question() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        state.ahead.begin("main", 0);
        let all = left(&state);
        {
            let asking = ask_all(&state, "main");
            tokio::pin!(asking);
            assert!(futures::poll!(&mut asking).is_pending());
            let limits = &state.options.limits;
            assert_eq!(
                state.query_turns.available_permits() + 1,
                limits.queries_at_once
            );
            let other = leave_to_run(&state, 1).await.unwrap();
            assert!(!asking.await);
            assert_eq!(
                state.query_turns.available_permits() + 1,
                limits.queries_at_once
            );
            drop(other);
        }
        assert_eq!(left(&state), all, "the question is asked again");
    }

    #[tokio::test]
    async fn what_is_forgotten_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        state.ahead.begin("main", 0);
        state.ahead.forget("other");
        assert!(left(&state) > 0);
        state.ahead.forget("main");
        assert_eq!(left(&state), 0);
    }
}
