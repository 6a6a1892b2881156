//! Conditions on the messages and steps of a session, on its path and on funnels: before rows are read,
//! the sessions of which they hold are gathered, by a hash of their ids.

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use rustc_hash::FxHashSet;
use upshot_lake::Capture;

use crate::columns::Columns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::filter::{Predicate, SessionSet, TextSource};
use crate::join::session_hash;
use crate::pass::{Consumer, Resources, Source};
use crate::paths;
use crate::query::EnvironmentChoice;
use crate::query::scope::in_range;
use crate::registry::Subject;
use crate::rollup::Found;
use crate::run::evaluate::Evaluator;
use crate::run::worker::Shape;
use crate::time::Range;

/// The sets of sessions that conditions ask for, each with its condition.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    known: Vec<(Predicate, SessionSet)>,
    /// What the sets hold of the engine's memory, as long as they are held.
    _reservation: Option<MemoryReservation>,
}

impl Sets {
    /// The condition with the sets in the place of what they were gathered for.
    pub(crate) fn put_into(&self, predicate: &Predicate) -> Predicate {
        match self.known.is_empty() {
            true => predicate.clone(),
            false => predicate.with_sets(&self.known),
        }
    }
}

/// Gathers the sets that these conditions ask for, innermost first, of sessions that started within the
/// range: whoever asks knows that no row of another session is selected.
pub(crate) async fn gather_sets(
    wanted: &[Predicate],
    starts: Range,
    traffic: EnvironmentChoice,
    capture: &Capture,
    resources: &Resources,
) -> Result<Sets, QueryError> {
    let mut known: Vec<(Predicate, SessionSet)> = Vec::new();
    let reservation = MemoryConsumer::new("sessions").register(resources.context.memory_pool());
    let mut held = 0;
    for exists in wanted {
        let found = match exists {
            Predicate::Exists(subject, condition) => {
                let selection = in_range("start_time", starts).and(condition.with_sets(&known));
                let of = "session_id";
                with_row(*subject, of, selection, traffic, capture, resources).await?
            }
            Predicate::Path(path) => {
                paths::sets::with_path(resources, capture, path, (&known, starts, traffic)).await?
            }
            Predicate::Funnel(funnel) => {
                paths::sets::through_funnel(resources, capture, funnel, (&known, starts, traffic))
                    .await?
            }
            _ => continue,
        };
        resources.reserve(&reservation, held + bytes(&found))?;
        held += bytes(&found);
        known.push((exists.clone(), SessionSet(Arc::new(found))));
    }
    Ok(Sets {
        known,
        _reservation: Some(reservation),
    })
}

impl Engine {
    /// The sets that conditions on the rows of a shape ask for.
    pub(crate) async fn sets_of(
        &self,
        shape: &Shape,
        conditions: &[&Predicate],
        traffic: EnvironmentChoice,
        capture: &Capture,
    ) -> Result<Sets, QueryError> {
        let mut wanted = Vec::new();
        for condition in conditions {
            condition.add_exists(&mut wanted);
        }
        if wanted.is_empty() {
            return Ok(Sets::default());
        }
        let resources = self.resources();
        let source = Source::of(shape.subject, capture, traffic)?;
        let starts = source.starts(shape, resources).await?;
        let starts = starts.unwrap_or(Range { from: 0, to: 0 });
        gather_sets(&wanted, starts, traffic, capture, resources).await
    }
}

/// The sessions, or whatever a column of ids tells apart, that have a row of which the condition holds.
pub(crate) async fn with_row(
    subject: Subject,
    of: &'static str,
    selection: Predicate,
    traffic: EnvironmentChoice,
    capture: &Capture,
    resources: &Resources,
) -> Result<FxHashSet<u128>, QueryError> {
    let shape = Shape::selecting(subject, selection, Columns::from([of]));
    let source = Source::of(subject, capture, traffic)?;
    let empty = || IdsWith {
        of,
        found: FxHashSet::default(),
    };
    let (shares, _) = source.read(&shape, resources, empty).await?;
    let mut found = FxHashSet::default();
    let reservation = MemoryConsumer::new("sessions").register(resources.context.memory_pool());
    for share in shares {
        found.extend(share.found);
        resources.reserve(&reservation, bytes(&found))?;
    }
    Ok(found)
}

/// What a set of sessions takes.
pub(crate) fn bytes(found: &FxHashSet<u128>) -> usize {
    found.capacity() * (size_of::<u128>() + 1)
}

/// Gathers the ids of the rows that are selected.
struct IdsWith {
    of: &'static str,
    found: FxHashSet<u128>,
}

impl Found for IdsWith {}

impl Consumer for IdsWith {
    type Found = Self;

    fn finish(self, _small: bool) -> Result<Self, QueryError> {
        Ok(self)
    }

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        let selected = shape.selected(evaluator);
        let source = TextSource::Column(self.of);
        let ids = evaluator.texts(&source);
        for row in selected.set_indices() {
            if let Some(id) = ids.row(row) {
                self.found.insert(session_hash(id));
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        bytes(&self.found)
    }
}
