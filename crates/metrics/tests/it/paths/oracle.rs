//! The same answers from plain loops over all facts.

use std::collections::{BTreeMap, BTreeSet};

use upshot_core::words::{Environment, OptionStage, Role, StepKind};
use upshot_core::{Session, Step};
use upshot_metrics::filter::{Loops, MatchBy, StepSort};

use crate::facts::Facts;

/// The sessions of real traffic that these filters of the tests leave.
pub fn sessions<'a>(facts: &'a Facts, channel: Option<&str>) -> Vec<&'a Session> {
    facts
        .sessions
        .iter()
        .filter(|session| session.environment != Some(Environment::Test))
        .filter(|session| channel.is_none() || session.channel.as_deref() == channel)
        .collect()
}

fn normalised(name: &str) -> String {
    name.split_whitespace()
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

fn name(match_by: MatchBy, id: Option<&str>, name: Option<&str>) -> Option<String> {
    match match_by {
        MatchBy::Name => name.or(id).map(normalised),
        MatchBy::Id => id.or(name).map(str::to_owned),
    }
}

/// The steps of a session in order, by their keys.
pub fn steps(
    facts: &Facts,
    session: &Session,
    kinds: &[StepSort],
    match_by: MatchBy,
    loops: Loops,
) -> Vec<String> {
    let mut found: Vec<(i64, i64, String)> = Vec::new();
    if kinds == [StepSort::Intents] {
        for message in &facts.messages {
            let of_session = message.session_id.as_ref() == Some(&session.session_id);
            let intent = message.intent.as_deref();
            if of_session && message.role == Some(Role::User) {
                let key = name(match_by, intent, intent);
                found.extend(key.map(|key| (message.time, message.position, key)));
            }
        }
    }
    for step in facts
        .steps
        .iter()
        .filter(|step| step.session_id == session.session_id)
    {
        let (sort, key) = match step.step_kind {
            Some(StepKind::Topic) => (
                StepSort::Topics,
                name(
                    match_by,
                    step.topic_id.as_deref(),
                    step.topic_name.as_deref(),
                ),
            ),
            Some(StepKind::Option) if step.option_stage == Some(OptionStage::Chosen) => (
                StepSort::Options,
                name(
                    match_by,
                    step.option_id.as_deref(),
                    step.option_title.as_deref(),
                ),
            ),
            _ => continue,
        };
        let Some(key) = key.filter(|_| kinds.contains(&sort)) else {
            continue;
        };
        let key = match kinds.len() {
            1 => key,
            _ => format!("{}:{key}", sort.name()),
        };
        found.push((step.time, step.position, key));
    }
    found.sort();
    let mut kept: Vec<String> = Vec::new();
    for (_, _, key) in found {
        match loops {
            Loops::Repeats if kept.last() == Some(&key) => {}
            Loops::Cycles if kept.contains(&key) => {
                while kept.last() != Some(&key) {
                    kept.pop();
                }
            }
            _ => kept.push(key),
        }
    }
    kept
}

/// How many sessions took each path.
pub fn paths(of_sessions: &[Vec<String>], first: usize) -> BTreeMap<Vec<String>, u64> {
    let mut counts = BTreeMap::new();
    for steps in of_sessions.iter().filter(|steps| !steps.is_empty()) {
        let path = steps.iter().take(first).cloned().collect();
        *counts.entry(path).or_default() += 1;
    }
    counts
}

/// The sessions at each depth and step, those of them that ended there, and those that go on to another.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flows {
    pub nodes: BTreeMap<(usize, String), (u64, u64)>,
    pub links: BTreeMap<(usize, String, String), u64>,
}

pub fn flows(
    of_sessions: &[Vec<String>],
    from: Option<&str>,
    backward: bool,
    depth: usize,
) -> Flows {
    let mut flows = Flows::default();
    for steps in of_sessions.iter().filter(|steps| !steps.is_empty()) {
        let start = match from {
            Some(key) => steps.iter().position(|step| step == key),
            None if backward => Some(steps.len() - 1),
            None => Some(0),
        };
        let Some(start) = start else { continue };
        let walked: Vec<&String> = match backward {
            true => steps[..=start].iter().rev().collect(),
            false => steps[start..].iter().collect(),
        };
        for (distance, step) in walked.iter().enumerate().take(depth + 1) {
            let node = flows.nodes.entry((distance, (*step).clone())).or_default();
            node.0 += 1;
            match walked.get(distance + 1) {
                None => node.1 += 1,
                Some(next) if distance < depth => {
                    let link = (distance, (*step).clone(), (*next).clone());
                    *flows.links.entry(link).or_default() += 1;
                }
                Some(_) => {}
            }
        }
    }
    flows
}

/// In how many sessions a step directly follows another.
pub fn pairs(of_sessions: &[Vec<String>]) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for steps in of_sessions {
        let pairs: BTreeSet<(String, String)> = steps
            .windows(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect();
        for pair in pairs {
            *counts.entry(pair).or_default() += 1;
        }
    }
    counts
}

/// A row with the conditions that it fulfils.
#[derive(Debug, Clone)]
pub struct Event {
    pub time: i64,
    pub position: i64,
    pub holds: Vec<bool>,
}

/// Which topics a funnel goes through, as events of a session or a user.
pub fn events(steps: &[&Step], through: &[&str]) -> Vec<Event> {
    let mut events: Vec<Event> = steps
        .iter()
        .filter(|step| step.step_kind == Some(StepKind::Topic))
        .map(|step| Event {
            time: step.time,
            position: step.position,
            holds: through
                .iter()
                .map(|topic| step.topic_id.as_deref() == Some(topic))
                .collect(),
        })
        .filter(|event| event.holds.contains(&true))
        .collect();
    events.sort_by_key(|event| (event.time, event.position));
    events
}

/// The chain that gets farthest, of those the one whose last comes first, then the others last: all chains
/// are tried.
pub fn best_chain(events: &[Event], steps: usize, within: Option<i64>) -> Vec<i64> {
    let mut best: Vec<usize> = Vec::new();
    let mut open: Vec<Vec<usize>> = vec![Vec::new()];
    while let Some(chain) = open.pop() {
        let step = chain.len();
        if step > 0 {
            let better = step > best.len()
                || (step == best.len() && {
                    let key = |chain: &[usize]| {
                        let mut key: Vec<i64> = vec![chain[chain.len() - 1] as i64];
                        key.extend(chain.iter().rev().skip(1).map(|index| -(*index as i64)));
                        key
                    };
                    key(&chain) < key(&best)
                });
            if better {
                best.clone_from(&chain);
            }
        }
        if step == steps {
            continue;
        }
        let after = chain.last().map_or(0, |last| last + 1);
        for (index, event) in events.iter().enumerate().skip(after) {
            let start = chain
                .first()
                .map_or(event.time, |first| events[*first].time);
            if event.holds[step] && within.is_none_or(|within| event.time - start <= within) {
                let mut longer = chain.clone();
                longer.push(index);
                open.push(longer);
            }
        }
    }
    best.into_iter().map(|index| events[index].time).collect()
}
