//! Questions take turns: a few run at once, each within a time, and all in the engine's memory.

use tokio::sync::SemaphorePermit;

use crate::problem::{Problem, ProblemKind};
use crate::state::ServerState;

/// Runs a question within the time that questions may take, in its turn, and measures it. The work
/// is dropped, and with it what it does on the engine's threads, when the client goes.
pub(crate) async fn bounded<T, W: Future<Output = Result<T, Problem>>>(
    state: &ServerState,
    kind: &'static str,
    work: impl Fn() -> W,
) -> Result<T, Problem> {
    timed(state, kind, in_turn(state, work)).await
}

/// Runs a question in its turn. Those that run at once share the engine's memory: one that others left too little
/// is asked again when nothing else runs, so that only what is too large by itself is refused.
pub(crate) async fn in_turn<T, W: Future<Output = Result<T, Problem>>>(
    state: &ServerState,
    work: impl Fn() -> W,
) -> Result<T, Problem> {
    let all = state.options.limits.queries_at_once;
    let others = || state.query_turns.available_permits() + 1 < all;
    let turn = leave_to_run(state, 1).await?;
    let had_company = others();
    let answer = work().await;
    let has_company = had_company || others();
    drop(turn);
    match answer {
        Err(problem) if has_company && problem.kind() == ProblemKind::QueryTooLarge => {
            let _alone = leave_to_run(state, all).await?;
            work().await
        }
        answer => answer,
    }
}

/// Leave to run, for as long as it is held. Whoever came first goes first.
pub(crate) async fn leave_to_run(
    state: &ServerState,
    count: usize,
) -> Result<SemaphorePermit<'_>, Problem> {
    state.ahead.make_way();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let turn = state.query_turns.acquire_many(count).await;
    turn.map_err(|_| Problem::new(ProblemKind::Unavailable, "the server is ending"))
}

/// Runs a question within the time that questions may take, and measures it.
pub(crate) async fn timed<T>(
    state: &ServerState,
    kind: &'static str,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let limit = state.options.limits.query_time;
    let watch = state.telemetry.query(kind);
    let answer = tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        tracing::warn!(seconds = limit.as_secs(), "a query was given up");
        Err(Problem::new(
            ProblemKind::QueryTimeout,
            format!(
                "the answer took longer than {} s; narrow the range, use fewer dimensions, or ask \
                 when the server is less busy",
                limit.as_secs()
            ),
        ))
    });
    watch.ended(match &answer {
        Ok(_) => "answered",
        Err(problem) => match problem.kind() {
            ProblemKind::QueryTimeout => "timeout",
            ProblemKind::QueryTooLarge => "too_large",
            kind if kind.status().is_server_error() => "failed",
            _ => "invalid",
        },
    });
    answer
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use upshot_lake::{Lake, LakeOptions};
    use upshot_metrics::{Engine, EngineOptions};
    use upshot_store::Store;

    use super::*;
    use crate::options::ServerOptions;

    /// Of a server over an empty lake, on which two questions run at once.
    pub(crate) async fn state(folder: &std::path::Path) -> ServerState {
        let clock: upshot_lake::engine::Clock = Arc::new(|| 0);
        let lake = Lake::open(LakeOptions::new(folder, clock.clone()));
        let engine = Engine::new(EngineOptions::default()).unwrap();
        let store = Store::open(folder).await.unwrap();
        let mut options = ServerOptions::new(clock);
        options.limits.queries_at_once = 2;
        ServerState::new(lake.await.unwrap(), engine, store, options)
    }

    fn too_large() -> Problem {
        Problem::new(ProblemKind::QueryTooLarge, "no memory is left")
    }

    #[tokio::test]
    async fn a_question_without_room_beside_others_is_asked_again_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        let tries = AtomicUsize::new(0);
        let work = || async {
            // There is room only where nothing else runs.
            match tries.fetch_add(1, Ordering::Relaxed) {
                0 => Err(too_large()),
                _ => Ok(state.query_turns.available_permits()),
            }
        };
        let other = state.query_turns.acquire().await.unwrap();
        let asking = in_turn(&state, work);
        tokio::pin!(asking);
        // It waits for the other to end.
        assert!(futures::poll!(&mut asking).is_pending());
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        drop(other);
        assert_eq!(asking.await.unwrap(), 0);
        assert_eq!(tries.load(Ordering::Relaxed), 2);
        assert_eq!(state.query_turns.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_question_that_is_too_large_by_itself_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        let tries = AtomicUsize::new(0);
        let work = || async {
            tries.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(too_large())
        };
        let problem = in_turn(&state, work).await.unwrap_err();
        assert_eq!(problem.kind(), ProblemKind::QueryTooLarge);
        assert_eq!(tries.load(Ordering::Relaxed), 1);
    }
}
