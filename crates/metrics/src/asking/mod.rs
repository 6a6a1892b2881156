//! Every kind of question goes one way: what is read for it, how it is answered, and how its answer is given as rows.
//!
//! The faces know questions by [`Question`] and answers by [`Answer`] alone. A new kind says here what it reads and
//! who answers it, and in a file beside this one which columns its rows have.

mod drivers;
mod numbers;
mod paths;
mod retention;
mod rows;

use std::future::Future;

pub use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};

pub use rows::{MEANING, OF, Rows};

use crate::drivers::{DriverQuery, DriverResult};
use crate::engine::Engine;
use crate::error::QueryError;
use crate::explain::Explanation;
use crate::export::format::encode;
use crate::export::{Options, RowFormat};
use crate::paths::{
    FlowQuery, FlowResult, FunnelQuery, FunnelResult, LiftQuery, LiftResult, PathQuery, PathResult,
    TopicQuery, TopicResult,
};
use crate::query::{Query, tables_needed, tables_of_filters};
use crate::result::QueryResult;
use crate::retention::{RetentionQuery, RetentionResult};

/// A question of any kind.
pub trait Question: Clone + Serialize + Send + Sync + 'static {
    /// What comes of it.
    type Answer: Answer;

    /// What the kind is called: the last part of its path, and its command.
    const KIND: &'static str;

    /// Whether the clock alone changes the answer from one second to the next, so that it is never given again.
    const MOVES: bool = false;

    /// The tables that it reads: what its caller must capture.
    fn tables(&self) -> Vec<Table>;

    /// Which fact set it reads; nothing means the active one.
    fn profile(&self) -> Option<&str>;

    /// When it is asked, in UTC microseconds.
    fn now(&self) -> i64;

    /// The same, asked at this time.
    #[must_use]
    fn asked_at(self, now: i64) -> Self;

    /// Answers it.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with everything that is wrong with it; other errors where data could not be read or memory
    /// does not suffice.
    fn answer(
        &self,
        engine: &Engine,
        capture: &Capture,
    ) -> impl Future<Output = Result<Self::Answer, QueryError>> + Send;
}

/// The answer to a question of any kind.
pub trait Answer: Serialize + Send + 'static {
    /// Takes out what another answer of the same would say otherwise: how long it took, and what had to be read.
    fn forget_effort(&mut self);

    /// It as rows for programs: numbers as they are, shares from 0 to 1, nothing where there is none.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which would be a defect here.
    fn rows(&self) -> Result<RecordBatch, QueryError>;

    /// Its rows in a format.
    ///
    /// # Errors
    /// As for [`Answer::rows`].
    fn encoded(&self, format: RowFormat) -> Result<Vec<u8>, QueryError> {
        let options = Options {
            raw: false,
            nulls: true,
        };
        encode(format, &self.rows()?, options)
    }
}

/// Implements [`Question`] for a kind whose fields are named as everywhere.
macro_rules! kinds {
    ($($question:ty as $kind:literal: $answer:ty = $run:ident, reading $tables:expr;)*) => {$(
        impl Question for $question {
            type Answer = $answer;
            const KIND: &'static str = $kind;

            fn tables(&self) -> Vec<Table> {
                let tables: fn(&Self) -> Vec<Table> = $tables;
                tables(self)
            }

            fn profile(&self) -> Option<&str> {
                self.profile.as_deref()
            }

            fn now(&self) -> i64 {
                self.now
            }

            fn asked_at(self, now: i64) -> Self {
                Self { now, ..self }
            }

            async fn answer(
                &self,
                engine: &Engine,
                capture: &Capture,
            ) -> Result<Self::Answer, QueryError> {
                engine.$run(self, capture).await
            }
        }
    )*};
}

kinds! {
    Query as "query": QueryResult = run, reading tables_needed;
    DriverQuery as "drivers": DriverResult = drivers, reading |asked| tables_of_filters(&asked.filters);
    RetentionQuery as "retention": RetentionResult = retention, reading Self::tables_needed;
    PathQuery as "paths": PathResult = paths, reading Self::tables_needed;
    FlowQuery as "flows": FlowResult = flows, reading Self::tables_needed;
    FunnelQuery as "funnel": FunnelResult = funnel, reading Self::tables_needed;
    LiftQuery as "lift": LiftResult = lift, reading Self::tables_needed;
    TopicQuery as "topics": TopicResult = topics, reading Self::tables_needed;
}

/// What is going on now, which is [`Query::live`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiveQuery(pub Query);

impl Question for LiveQuery {
    type Answer = QueryResult;
    const KIND: &'static str = "live";
    const MOVES: bool = true;

    fn tables(&self) -> Vec<Table> {
        tables_needed(&self.0)
    }

    fn profile(&self) -> Option<&str> {
        self.0.profile.as_deref()
    }

    fn now(&self) -> i64 {
        self.0.now
    }

    fn asked_at(self, now: i64) -> Self {
        Self(Query { now, ..self.0 })
    }

    async fn answer(&self, engine: &Engine, capture: &Capture) -> Result<QueryResult, QueryError> {
        engine.run(&self.0, capture).await
    }
}

/// Takes out of an answer how long it took and what was read for it: that depends on what others ask, and asked before.
fn forget(took: &mut f64, rows_read: &mut u64, explanation: Option<&mut Explanation>) {
    *took = 0.0;
    *rows_read = 0;
    if let Some(explanation) = explanation {
        explanation.forget_times();
    }
}
