//! From a record to its events.

use std::cmp::Ordering;

use super::path::{Level, MAXIMUM_LEVELS, Scope, Step, Work, follow};
use super::rule::Target;
use super::{Block, Mapping};
use crate::json::Json;
use crate::output::{Output, Record};
use crate::row::{Problem, Row, Slot};

/// How many events one record may give.
const MAXIMUM_EVENTS: usize = 100_000;
/// How many mistakes of one record are listed.
const LISTED_PROBLEMS: usize = 20;

/// Reason and cure.
const TOO_MANY_EVENTS: (&str, &str) = (
    "the record gives more than 100,000 events",
    "divide the record",
);
/// Reason and cure.
const TOO_MUCH_WORK: (&str, &str) = (
    "the mapping looks through the lists of this record too often",
    "take what is the same for all elements from `$`, and avoid `^.list[*]` in long lists",
);

/// An element for which a block may make an event.
#[derive(Debug, Clone, Copy)]
struct Instance<'a> {
    block: &'a Block,
    depth: usize,
    levels: [Level<'a>; MAXIMUM_LEVELS],
}

impl<'a> Instance<'a> {
    fn levels(&self) -> &[Level<'a>] {
        &self.levels[..self.depth]
    }

    /// The order of events within a group of blocks: an element before those of the lists in it, the
    /// elements as they stand, for one element the blocks as they stand.
    fn order(&self, other: &Self) -> Ordering {
        let places = |it: &Self| it.levels.map(|level| level.index);
        let (left, right) = (places(self), places(other));
        left[..self.depth]
            .cmp(&right[..other.depth])
            .then(self.block.line.cmp(&other.block.line))
    }
}

/// One record while its events are made.
struct Maker<'m, 'a> {
    mapping: &'a Mapping,
    root: &'a Json<'a>,
    file: &'a str,
    record_index: u64,
    work: &'m Work,
    /// What rules that look at the record alone have given.
    known: Vec<Option<Slot<'a>>>,
    previous: Option<i64>,
    problems: usize,
}

/// Makes the events of a record.
pub(super) fn apply(
    mapping: &Mapping,
    file: &str,
    root: &Json<'_>,
    record: &Record<'_>,
    out: &mut Output<'_>,
) {
    mapping.seen.note(root);
    let work = Work::new();
    let mut maker = Maker {
        mapping,
        root,
        file,
        record_index: record.position.record.saturating_sub(1),
        work: &work,
        known: vec![None; mapping.rules.len()],
        previous: None,
        problems: 0,
    };
    if mapping
        .input
        .when
        .as_ref()
        .is_some_and(|it| !it.holds(&maker.scope(&[])))
    {
        return;
    }
    let mut made = 0;
    for group in mapping
        .blocks
        .chunk_by(|left, right| left.group == right.group)
    {
        match maker.instances(group, MAXIMUM_EVENTS - made) {
            Ok(instances) => {
                made += instances.len();
                for instance in &instances {
                    maker.make(instance, record, out);
                }
            }
            Err((reason, cure)) => {
                out.reject(record.position, record.text, None, reason, cure);
                break;
            }
        }
    }
    maker.report_rest(record, out);
}

impl<'m, 'a> Maker<'m, 'a> {
    fn scope<'s>(&self, levels: &'s [Level<'a>]) -> Scope<'s, 'a>
    where
        'm: 's,
    {
        Scope {
            record: self.root,
            record_index: self.record_index,
            file: self.file,
            levels,
            work: self.work,
        }
    }

    /// The elements for which the blocks of a group make events, in the order of the events.
    fn instances(
        &self,
        group: &'a [Block],
        most: usize,
    ) -> Result<Vec<Instance<'a>>, (&'static str, &'static str)> {
        let mut instances = Vec::new();
        for block in group {
            if !self.gather(block, most, &mut instances) {
                return Err(TOO_MANY_EVENTS);
            }
        }
        if self.work.is_spent() {
            return Err(TOO_MUCH_WORK);
        }
        instances.sort_by(Instance::order);
        Ok(instances)
    }

    /// Finds the elements for which a block makes events; says whether there were not too many.
    fn gather(&self, block: &'a Block, most: usize, instances: &mut Vec<Instance<'a>>) -> bool {
        // What is the same for every element is asked once.
        let of_record = block.when.as_ref().filter(|it| it.is_of_record());
        if of_record.is_some_and(|condition| !condition.holds(&self.scope(&[]))) {
            return true;
        }
        let nowhere = Level {
            node: self.root,
            index: 0,
            key: None,
        };
        let mut instance = Instance {
            block,
            depth: 0,
            levels: [nowhere; MAXIMUM_LEVELS],
        };
        let Some((first, rest)) = block.each.split_first() else {
            if self.wanted(block, &[]) {
                instances.push(instance);
            }
            return instances.len() <= most;
        };
        let Some(list) = reach(self.root, first) else {
            return true;
        };
        self.descend(block, list, rest, most, &mut instance, instances)
    }

    fn descend(
        &self,
        block: &Block,
        list: &'a Json<'a>,
        rest: &[Vec<Step>],
        most: usize,
        instance: &mut Instance<'a>,
        instances: &mut Vec<Instance<'a>>,
    ) -> bool {
        let Some((steps, inner)) = rest.split_first() else {
            return true;
        };
        let mut visit = |index: usize, key: Option<&'a str>, node: &'a Json<'a>| {
            let Some(found) = reach(node, steps).filter(|it| !matches!(it, Json::Null)) else {
                return true;
            };
            // Paths from an inner list see the element that holds it.
            let node = if inner.is_empty() { found } else { node };
            instance.levels[instance.depth] = Level {
                node,
                index: u32::try_from(index).unwrap_or(u32::MAX),
                key,
            };
            instance.depth += 1;
            let complete = if !inner.is_empty() {
                self.descend(block, found, inner, most, instance, instances)
            } else {
                if self.wanted(block, instance.levels()) {
                    instances.push(*instance);
                }
                instances.len() <= most
            };
            instance.depth -= 1;
            complete
        };
        match list {
            Json::Array(elements) => {
                let mut elements = elements.iter().enumerate();
                elements.all(|(index, node)| visit(index, None, node))
            }
            Json::Object(members) => {
                let mut members = members.iter().enumerate();
                members.all(|(index, (key, node))| visit(index, Some(key), node))
            }
            _ => true,
        }
    }

    fn wanted(&self, block: &Block, levels: &[Level<'a>]) -> bool {
        let when = block.when.as_ref().filter(|it| !it.is_of_record());
        when.is_none_or(|condition| condition.holds(&self.scope(levels)))
    }

    /// Makes an event, or notes why it cannot be made.
    fn make(&mut self, instance: &Instance<'a>, record: &Record<'_>, out: &mut Output<'_>) {
        let block = instance.block;
        let made = self
            .row(block, instance.levels())
            .and_then(|row| row.event());
        let made = match made {
            _ if self.work.is_spent() => {
                Err(Problem::new("each", TOO_MUCH_WORK.0, TOO_MUCH_WORK.1))
            }
            other => other,
        };
        match made {
            Ok(mut event) => {
                self.previous = Some(event.time);
                if event.source.is_none() {
                    event.source = Some(self.mapping.name.clone());
                }
                if event.source_sequence.is_none() {
                    event.source_sequence = i64::try_from(out.summary.events + 1).ok();
                }
                out.event(event);
            }
            Err(problem) => {
                self.problems += 1;
                if self.problems > LISTED_PROBLEMS {
                    return;
                }
                let field = problem.field.as_deref();
                let line = field.and_then(|field| self.line_of(block, field));
                let place = place(block, line, instance.levels());
                let reason = format!("{} ({place})", problem.reason);
                out.reject(record.position, record.text, field, reason, problem.cure);
            }
        }
    }

    /// The line in which the mapping says what a field of a block holds.
    fn line_of(&self, block: &Block, field: &str) -> Option<usize> {
        let rules = block.rules.iter();
        let mut rules = rules.filter_map(|index| self.mapping.rules.get(*index));
        let rule = rules.find(|rule| rule.target.name() == field)?;
        Some(rule.line)
    }

    fn row(&mut self, block: &Block, levels: &[Level<'a>]) -> Result<Row<'a>, Problem> {
        let scope = self.scope(levels);
        let mapping = self.mapping;
        let mut row = Row::new();
        for index in &block.rules {
            let Some(rule) = mapping.rules.get(*index) else {
                continue;
            };
            let known = self.known.get(*index).and_then(Option::as_ref);
            let slot = match known {
                Some(slot) => slot.clone(),
                None => rule.value(&scope, self.previous)?,
            };
            if known.is_none() && rule.is_of_record() {
                self.known[*index] = Some(slot.clone());
            }
            match (&rule.target, slot) {
                (_, Slot::Empty) => {}
                (Target::Field(field), slot) => row.slots[*field] = slot,
                (Target::Attribute(name), Slot::Text(text)) => {
                    row.attributes.insert(name.clone(), text.into());
                }
                (Target::Attribute(_), _) => {}
            }
        }
        Ok(row)
    }

    /// Says how many mistakes were not listed.
    fn report_rest(&self, record: &Record<'_>, out: &mut Output<'_>) {
        if self.problems > LISTED_PROBLEMS {
            let more = self.problems - LISTED_PROBLEMS;
            let reason = format!("{more} more events of this record could not be made");
            let cure = "correct what is listed above, and try again";
            out.reject(record.position, record.text, None, reason, cure);
        }
    }
}

/// Follows steps none of which stands for every element.
fn reach<'a>(node: &'a Json<'a>, steps: &[Step]) -> Option<&'a Json<'a>> {
    steps.iter().try_fold(node, follow)
}

/// The line of the field, the block and the element, for reports.
fn place(block: &Block, line: Option<usize>, levels: &[Level<'_>]) -> String {
    let line = line.unwrap_or(block.line);
    let name = match &block.name {
        Some(name) => format!("line {line} of the mapping, block `{name}`"),
        None => format!("line {line} of the mapping"),
    };
    let positions = levels.iter().map(|level| match level.key {
        Some(key) => key.to_owned(),
        None => level.index.to_string(),
    });
    match positions.collect::<Vec<_>>().join(".") {
        positions if positions.is_empty() => name,
        positions => format!("{name}, element {positions}"),
    }
}
