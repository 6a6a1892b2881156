//! Runs plans: fills their cells from one reading of each table.

use std::time::Instant;

use upshot_lake::Capture;

use super::{Resources, Source};
use crate::error::QueryError;
use crate::query::EnvironmentChoice;
use crate::query::plan::Plan;
use crate::registry::Subject;
use crate::run::accumulate::Sampling;
use crate::run::gather::{Effort, Gathered, gather, merge};
use crate::run::spans::gather_spans;
use crate::run::worker::{Shape, Worker};

/// Runs a plan.
pub(crate) async fn run(
    plan: &Plan,
    capture: &Capture,
    resources: &Resources,
) -> Result<Gathered, QueryError> {
    let mut gathered = run_alike(&[plan], capture, resources).await?;
    gathered
        .pop()
        .ok_or_else(|| QueryError::Stopped("a pass gave nothing".to_owned()))
}

/// Runs plans, in the order in which they are given. Those of one subject share a reading.
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
    let mut found: Vec<(usize, Gathered)> = Vec::with_capacity(plans.len());
    for (_, positions) in alike {
        let together: Vec<&Plan> = positions.iter().map(|position| &plans[*position]).collect();
        let gathered = run_alike(&together, capture, resources).await?;
        found.extend(positions.into_iter().zip(gathered));
    }
    found.sort_unstable_by_key(|(position, _)| *position);
    Ok(found.into_iter().map(|(_, gathered)| gathered).collect())
}

/// Runs plans of one subject and one kind of traffic.
async fn run_alike(
    plans: &[&Plan],
    capture: &Capture,
    resources: &Resources,
) -> Result<Vec<Gathered>, QueryError> {
    let began = Instant::now();
    let Some(first) = plans.first() else {
        return Ok(Vec::new());
    };
    let source = Source::of(first.subject, capture, first.traffic)?;
    let shapes: Vec<Shape> = plans.iter().map(|plan| Shape::new(plan)).collect();
    let prepared = source.prepare(&shapes, resources).await?;
    let expected: Vec<(Effort, Sampling)> = prepared
        .passes
        .iter()
        // What is sampled depends on what a plan reads, not on what others read with it.
        .map(|pass| (pass.effort.clone(), Sampling::for_rows(pass.rows)))
        .collect();
    let samplings: Vec<Sampling> = expected.iter().map(|(_, sampling)| *sampling).collect();
    let by_plan = prepared
        .read(|pass, thread| Worker::new(&shapes[pass], samplings[pass], thread))
        .await?;
    let mut gathering = Vec::with_capacity(plans.len());
    for ((plan, workers), sampling) in plans.iter().zip(by_plan).zip(samplings) {
        let (plan, threads) = ((*plan).clone(), resources.threads);
        let work = move || together(&plan, workers, sampling, threads);
        gathering.push(resources.handle.spawn_blocking(work));
    }
    let mut all = Vec::with_capacity(plans.len());
    for (gathering, (effort, _)) in gathering.into_iter().zip(expected) {
        let mut gathered = gathering
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))??;
        gathered.effort = Effort {
            took: began.elapsed(),
            ..effort
        };
        all.push(gathered);
    }
    Ok(all)
}

/// Puts together what the threads have found for a plan.
fn together(
    plan: &Plan,
    workers: Vec<Worker>,
    sampling: Sampling,
    threads: usize,
) -> Result<Gathered, QueryError> {
    let shares = workers.into_iter().map(Worker::finish).collect();
    let mut gathered = match &plan.reading {
        None => gather(&plan.cells, shares, sampling, threads),
        Some(reading) => {
            let merged = merge(&plan.cells, shares, sampling);
            gather_spans(&plan.cells, &plan.groupings, reading, merged, threads)?
        }
    };
    if let Some(kept) = &plan.kept {
        gathered.groups.retain(|(key, _)| kept.admits(key));
    }
    Ok(gathered)
}
