//! Runs plans: fills their cells from one reading of each table.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use futures::future::try_join_all;
use tokio::sync::Semaphore;
use upshot_lake::Capture;

use super::read::{Keep, Making};
use super::{Resources, Source};
use crate::error::QueryError;
use crate::query::EnvironmentChoice;
use crate::query::plan::Plan;
use crate::registry::Subject;
use crate::run::accumulate::Sampling;
use crate::run::gather::{Effort, Gathered, Numbering, Piece, gather, merge};
use crate::run::spans::gather_spans;
use crate::run::worker::{Shape, Share, Worker};

/// What stands for cells among what is kept of files.
const CELLS: u64 = 1;

/// Runs a plan.
pub(crate) async fn run(
    plan: &Plan,
    capture: &Capture,
    resources: &Resources,
) -> Result<Gathered, QueryError> {
    let mut gathered = run_alike(&[plan], capture, resources, &Semaphore::new(1)).await?;
    gathered
        .pop()
        .ok_or_else(|| QueryError::Stopped("a pass gave nothing".to_owned()))
}

/// Runs plans; what they found is in the order in which they are given. Those of one subject share a reading. One
/// is read after the other, and while it is, what to read next is made ready.
pub(crate) async fn run_all(
    plans: &[Plan],
    capture: &Capture,
    resources: &Resources,
) -> Result<Vec<Gathered>, QueryError> {
    let mut alike: Vec<((Subject, EnvironmentChoice), Vec<usize>)> = Vec::new();
    for (position, plan) in plans.iter().enumerate() {
        let kind = (plan.subject, plan.traffic);
        match alike.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, positions)) => positions.push(position),
            None => alike.push((kind, vec![position])),
        }
    }
    let turn = Semaphore::new(1);
    let running = alike.iter().map(|(_, positions)| {
        let together: Vec<&Plan> = positions.iter().map(|position| &plans[*position]).collect();
        let turn = &turn;
        async move { run_alike(&together, capture, resources, turn).await }
    });
    let gathered = try_join_all(running).await?;
    let positions = alike.into_iter().flat_map(|(_, positions)| positions);
    let mut found: Vec<(usize, Gathered)> = positions.zip(gathered.into_iter().flatten()).collect();
    found.sort_unstable_by_key(|(position, _)| *position);
    Ok(found.into_iter().map(|(_, gathered)| gathered).collect())
}

/// Runs plans of one subject and one kind of traffic; reads when it has the turn.
async fn run_alike(
    plans: &[&Plan],
    capture: &Capture,
    resources: &Resources,
    turn: &Semaphore,
) -> Result<Vec<Gathered>, QueryError> {
    let began = Instant::now();
    let Some(first) = plans.first() else {
        return Ok(Vec::new());
    };
    let source = Source::of(first.subject, capture, first.traffic)?;
    let shapes: Vec<Shape> = plans.iter().map(|plan| Shape::new(plan)).collect();
    let keeping = source.keeping(CELLS, resources);
    let (prepared, known) = source.prepare::<Share>(&shapes, keeping, resources).await?;
    let expected: Vec<(Effort, Sampling)> = prepared
        .passes
        .iter()
        // What is sampled depends on what a plan reads, not on what others read with it.
        .map(|pass| (pass.effort.clone(), Sampling::for_rows(pass.rows)))
        .collect();
    let known = known
        .into_iter()
        .map(|of_pass| of_pass.into_iter().map(Piece::known));
    let mut pieces: Vec<Vec<Piece>> = known.map(Iterator::collect).collect();
    let samplings: Vec<Sampling> = expected.iter().map(|(_, sampling)| *sampling).collect();
    let worker: Arc<Making<Worker>> =
        Arc::new(move |pass, number| Worker::new(&shapes[pass], samplings[pass], number));
    let ready = Instant::now();
    let reading = turn.acquire().await.map_err(stopped)?;
    let waited = ready.elapsed();
    let found = prepared.read(&*worker, Some(Arc::clone(&worker))).await?;
    let of_files = found.by_file.into_iter();
    let rollups = &resources.rollups;
    let of_files = of_files.map(|(pass, keep, share)| (pass, keep, rollups.own(share)));
    let of_files: Vec<(usize, Keep, Arc<Share>)> = of_files.collect();
    resources.keep(of_files.iter().map(|(_, keep, share)| (keep, share)));
    for (pass, keep, share) in of_files {
        pieces[pass].push(Piece {
            share,
            offsets: keep.offsets,
            known: false,
        });
    }
    for (pieces, shares) in pieces.iter_mut().zip(found.by_thread) {
        pieces.extend(shares.into_iter().map(|share| Piece {
            share: Arc::new(share),
            offsets: Vec::new(),
            known: false,
        }));
    }
    let mut gathering = Vec::with_capacity(plans.len());
    for ((plan, pieces), (_, sampling)) in plans.iter().zip(pieces).zip(&expected) {
        let (plan, sampling, threads) = ((*plan).clone(), *sampling, resources.threads);
        let work = move || together(&plan, &pieces, sampling, threads);
        gathering.push(resources.handle.spawn_blocking(work));
    }
    let mut all = Vec::with_capacity(plans.len());
    for (gathering, (effort, _)) in gathering.into_iter().zip(expected) {
        let mut gathered = gathering.await.map_err(stopped)??;
        gathered.effort = Effort {
            took: began.elapsed().saturating_sub(waited),
            ..effort
        };
        all.push(gathered);
    }
    // What was read is held until here: nothing more is, so that several tables take no more memory than one.
    drop(reading);
    Ok(all)
}

fn stopped(error: impl Display) -> QueryError {
    QueryError::Stopped(error.to_string())
}

/// Puts together what was found for a plan.
fn together(
    plan: &Plan,
    pieces: &[Piece],
    sampling: Sampling,
    threads: usize,
) -> Result<Gathered, QueryError> {
    let mut gathered = match &plan.reading {
        None => gather(&plan.cells, pieces, sampling, threads)?,
        Some(reading) => {
            let numbering = Numbering::of(pieces)?;
            let merged = merge(&plan.cells, pieces, &numbering, sampling);
            gather_spans(&plan.cells, &plan.groupings, reading, &merged, threads)?
        }
    };
    if let Some(kept) = &plan.kept {
        gathered.groups.retain(|(key, _)| kept.admits(key));
    }
    Ok(gathered)
}
