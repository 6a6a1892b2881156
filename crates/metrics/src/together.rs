//! Many queries over one capture, asked together: what several of them read is read once.
//!
//! Every query goes its own way through the pipeline. Where it needs passes it waits until all that are still
//! under way need some; then the passes of all are run as one round, those of one subject in one reading.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::StreamExt;
use futures::future::poll_fn;
use futures::stream::FuturesUnordered;
use tokio::sync::oneshot;
use upshot_lake::Capture;

use crate::assemble::Part;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::query::Query;
use crate::query::plan::Plan;
use crate::result::QueryResult;

/// Where the passes of queries wait for each other.
#[derive(Default)]
pub(crate) struct Rounds {
    waiting: Mutex<Vec<Request>>,
}

/// The passes that one query waits for.
struct Request {
    plans: Vec<Plan>,
    answer: oneshot::Sender<Result<Vec<Part>, QueryError>>,
}

impl Rounds {
    fn waiting(&self) -> MutexGuard<'_, Vec<Request>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs plans in the next round.
    pub(crate) async fn run(&self, plans: Vec<Plan>) -> Result<Vec<Part>, QueryError> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().push(Request {
            plans,
            answer: sender,
        });
        let gone = |_| QueryError::Stopped("a round of passes was given up".to_owned());
        receiver.await.map_err(gone)?
    }
}

/// What happens next.
enum Next<A> {
    /// A query is answered; nothing when all are.
    Answered(Option<A>),
    /// All that are under way wait for passes.
    Round,
}

impl Engine {
    /// Answers queries, each as [`Engine::run`] would: the same values, and the same problem where one is wrong. Only
    /// how many rows were read, and how long it took, is that of what was read for all.
    pub async fn run_all(
        &self,
        queries: &[Query],
        capture: &Capture,
    ) -> Vec<Result<QueryResult, QueryError>> {
        let rounds = Rounds::default();
        let among = |(position, query)| {
            let rounds = &rounds;
            async move { (position, self.run_among(query, capture, Some(rounds)).await) }
        };
        let mut running: FuturesUnordered<_> = queries.iter().enumerate().map(among).collect();
        let mut answers = Vec::with_capacity(queries.len());
        loop {
            let next = poll_fn(|context| match running.poll_next_unpin(context) {
                Poll::Ready(answered) => Poll::Ready(Next::Answered(answered)),
                Poll::Pending if rounds.waiting().len() == running.len() => {
                    Poll::Ready(Next::Round)
                }
                Poll::Pending => Poll::Pending,
            });
            match next.await {
                Next::Answered(Some(answer)) => answers.push(answer),
                Next::Answered(None) => break,
                Next::Round => {
                    let requests = std::mem::take(&mut *rounds.waiting());
                    self.round(requests, capture).await;
                }
            }
        }
        answers.sort_unstable_by_key(|(position, _)| *position);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Runs the passes of a round. If that fails, each query's are run by themselves: what one asks too much
    /// is no other's failure.
    async fn round(&self, requests: Vec<Request>, capture: &Capture) {
        let plans = requests.iter().flat_map(|request| request.plans.clone());
        if let Ok(parts) = self.parts(plans.collect(), capture).await {
            let mut parts = parts.into_iter();
            for Request { plans, answer } in requests {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(parts.by_ref().take(plans.len()).collect()));
            }
            return;
        }
        for Request { plans, answer } in requests {
            let _ = answer.send(self.parts(plans, capture).await);
        }
    }
}
