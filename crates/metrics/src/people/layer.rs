//! Sessions by person: sorted, in parts, with a directory; and layers of them, the newer over the older.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use rustc_hash::FxHashMap;
use upshot_core::people::{Standing, Visit, standings};

use super::entries::{Entries, Made, Making, Scratch};
use crate::error::QueryError;

/// Keys of persons are hashes, so that their leading bits spread them evenly. Each part is small enough
/// to be sorted within the processor's cache.
const PART_BITS: u32 = 8;
pub(super) const PARTS: usize = 1 << PART_BITS;

/// Whoever has more sessions than this has what they say of each other worked out once, because looking
/// at all of them for each would be quadratic.
const MANY: usize = 64;

/// For how many rows persons are looked up together.
const AT_ONCE: usize = 32;

/// The file of a session that is in none.
pub(super) const NO_FILE: u32 = u32::MAX;

/// Set in a topic's number where the user acted.
const CONTACT: u32 = 1 << 31;

/// A session as the history keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Entry {
    pub(super) person: u64,
    start: i64,
    user: u64,
    topic_and_contact: u32,
    /// The number of the file that holds it.
    pub(super) file: u32,
}

impl Entry {
    pub(super) fn new(person: u64, visit: Visit, file: u32) -> Self {
        let contact = if visit.contact { CONTACT } else { 0 };
        Self {
            person,
            start: visit.start,
            user: visit.user,
            topic_and_contact: (visit.topic & !CONTACT) | contact,
            file,
        }
    }

    /// Says that the person has no session, whatever layers below say.
    const fn nobody(person: u64) -> Self {
        Self {
            person,
            start: i64::MIN,
            user: 0,
            topic_and_contact: 0,
            file: NO_FILE,
        }
    }

    fn is_nobody(&self) -> bool {
        *self == Self::nobody(self.person)
    }

    pub(super) fn visit(&self) -> Visit {
        Visit {
            start: self.start,
            user: self.user,
            topic: self.topic_and_contact & !CONTACT,
            contact: self.topic_and_contact & CONTACT != 0,
        }
    }
}

/// To which part a person belongs.
pub(super) const fn part_of(person: u64) -> usize {
    (person >> (u64::BITS - PART_BITS)) as usize
}

/// One part: entries by person and start, and where the persons with the same leading bits begin.
#[derive(Debug)]
struct Part {
    entries: Entries,
    directory: Directory,
}

/// Where the persons of a part with the same leading bits begin.
#[derive(Debug)]
struct Directory {
    begins: Box<[u32]>,
    shift: u32,
}

impl Directory {
    /// Of sorted entries.
    fn new(entries: &[Entry]) -> Self {
        // Some four entries behind each place.
        let bits = (entries.len() / 4).checked_ilog2().unwrap_or(0).max(1);
        let shift = u64::BITS - bits;
        let mut begins = vec![0_u32; (1 << bits) + 1].into_boxed_slice();
        for entry in entries {
            begins[place(entry.person, shift) + 1] += 1;
        }
        let mut before = 0;
        for count in &mut begins {
            before += *count;
            *count = before;
        }
        Self { begins, shift }
    }
}

impl Part {
    /// Where the entries of a person are, if there are any.
    fn span(&self, person: u64) -> (u32, u32) {
        let Directory { begins, shift } = &self.directory;
        let place = place(person, *shift);
        (begins[place], begins[place + 1])
    }

    fn list(&self, person: u64) -> &[Entry] {
        self.list_within(self.span(person), person)
    }

    fn list_within(&self, (from, to): (u32, u32), person: u64) -> &[Entry] {
        let near = &self.entries[from as usize..to as usize];
        let first = near.partition_point(|entry| entry.person < person);
        let near = &near[first..];
        let count = if near.len() <= 16 {
            near.iter()
                .take_while(|entry| entry.person == person)
                .count()
        } else {
            near.partition_point(|entry| entry.person == person)
        };
        &near[..count]
    }

    fn bytes(&self) -> usize {
        self.entries.bytes() + size_of_val(&*self.directory.begins)
    }
}

/// The place in the directory: the bits behind those that chose the part.
const fn place(person: u64, shift: u32) -> usize {
    ((person << PART_BITS) >> shift) as usize
}

/// The sessions of some persons, each person's all together.
#[derive(Debug)]
pub(super) struct Layer {
    parts: Vec<Part>,
    /// By person and sorted: those who have many sessions.
    many: FxHashMap<u64, Box<[(Visit, Standing)]>>,
    entries: usize,
}

impl Layer {
    /// A layer of the entries of each part, which are in no order, sorted on so many threads.
    ///
    /// # Errors
    /// When entries that are too many for memory cannot be written.
    pub(super) fn new(of_part: &OfPart<'_>, work: &Work) -> Result<Self, QueryError> {
        let making = Making::new(&work.scratch);
        let share = PARTS.div_ceil(work.threads.max(1));
        let mut made = Vec::with_capacity(PARTS);
        let mut many = FxHashMap::default();
        std::thread::scope(|scope| {
            let shares = (0..PARTS).step_by(share);
            let tasks: Vec<_> = shares
                .map(|first| {
                    let parts = first..(first + share).min(PARTS);
                    let making = &making;
                    scope.spawn(move || sorted(parts, of_part, making))
                })
                .collect();
            for task in tasks {
                // A thread that panicked is a fault that must not pass for an empty history.
                let finished = task
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                let (parts, with_many) = finished?;
                made.extend(parts);
                many.extend(with_many);
            }
            Ok::<(), QueryError>(())
        })?;
        let map = making.map()?;
        let parts: Vec<Part> = made
            .into_iter()
            .map(|(made, directory)| {
                let entries = made.mapped(map.as_ref())?;
                Ok(Part { entries, directory })
            })
            .collect::<Result<_, QueryError>>()?;
        let entries = parts.iter().map(|part| part.entries.len()).sum();
        Ok(Self {
            parts,
            many,
            entries,
        })
    }

    /// How many sessions.
    pub(super) const fn entries(&self) -> usize {
        self.entries
    }

    /// How many sessions its largest part has.
    pub(super) fn largest(&self) -> usize {
        let parts = self.parts.iter().map(|part| part.entries.len());
        parts.max().unwrap_or(0)
    }

    /// What it holds in memory.
    pub(super) fn bytes(&self) -> usize {
        let parts: usize = self.parts.iter().map(Part::bytes).sum();
        let many: usize = self.many.values().map(|list| size_of_val(&**list)).sum();
        parts + many
    }

    /// The sessions of a person in the order of their starts, if the layer says anything of the person.
    fn list(&self, person: u64) -> Option<&[Entry]> {
        said(self.parts[part_of(person)].list(person))
    }

    /// As [`Self::list`], for several persons. Their places lie far apart in memory: all are asked for
    /// before the first is waited for.
    fn lists<'a>(&'a self, persons: &[u64], lists: &mut [Option<&'a [Entry]>; AT_ONCE]) {
        let mut spans = [(0, 0); AT_ONCE];
        for (person, span) in persons.iter().zip(&mut spans) {
            *span = self.parts[part_of(*person)].span(*person);
        }
        let mut touched = 0;
        for (person, (from, to)) in persons.iter().zip(&spans) {
            if from < to {
                let entries = &self.parts[part_of(*person)].entries;
                touched ^= entries[*from as usize].person ^ entries[*to as usize - 1].person;
            }
        }
        std::hint::black_box(touched);
        for ((person, span), list) in persons.iter().zip(spans).zip(lists) {
            *list = said(self.parts[part_of(*person)].list_within(span, *person));
        }
    }
}

impl Layer {
    fn standing(&self, list: &[Entry], person: u64, visit: Visit) -> Option<Standing> {
        if list.len() > MANY {
            let all = self.many.get(&person)?;
            let found = all.binary_search_by_key(&visit, |(known, _)| *known).ok()?;
            return Some(all[found].1);
        }
        let visits = || list.iter().map(Entry::visit);
        visits()
            .any(|known| known == visit)
            .then(|| Standing::among(visits(), visit))
    }
}

/// What a list says: nothing, that nobody is left, or who is there.
fn said(list: &[Entry]) -> Option<&[Entry]> {
    match list {
        [] => None,
        [only] if only.is_nobody() => Some(&[]),
        _ => Some(list),
    }
}

/// The entries of a part.
pub(super) type OfPart<'a> = dyn Fn(usize) -> Vec<Entry> + Sync + 'a;

/// How a layer is made: on so many threads, and where entries go that are too many for memory.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) threads: usize,
    pub(super) scratch: Scratch,
}

type Many = Vec<(u64, Box<[(Visit, Standing)]>)>;

fn sorted(
    parts: Range<usize>,
    of_part: &OfPart<'_>,
    making: &Making,
) -> Result<(Vec<(Made, Directory)>, Many), QueryError> {
    let mut many = Vec::new();
    let mut made = Vec::with_capacity(parts.len());
    for part in parts {
        let mut entries = of_part(part);
        entries.sort_unstable();
        for list in entries.chunk_by(|one, other| one.person == other.person) {
            if list.len() > MANY {
                many.push((list[0].person, worked_out(list)));
            }
        }
        let directory = Directory::new(&entries);
        made.push((making.keep(entries)?, directory));
    }
    Ok((made, many))
}

fn worked_out(list: &[Entry]) -> Box<[(Visit, Standing)]> {
    let visits: Vec<Visit> = list.iter().map(Entry::visit).collect();
    let standings = standings(&visits);
    let mut all: Vec<(Visit, Standing)> = visits.into_iter().zip(standings).collect();
    all.sort_unstable_by_key(|(visit, _)| *visit);
    all.dedup_by_key(|(visit, _)| *visit);
    all.into_boxed_slice()
}

/// Layers, the oldest first. What a layer says of a person hides what those below say.
#[derive(Debug, Clone, Default)]
pub(super) struct Layers(pub(super) Vec<std::sync::Arc<Layer>>);

impl Layers {
    /// Tells `each` for every row what the other sessions of its person say of it; nothing if the
    /// history does not hold it.
    pub(super) fn standings(
        &self,
        persons: &[u64],
        visit: impl Fn(usize) -> Visit,
        mut each: impl FnMut(Option<Standing>),
    ) {
        let mut first = 0;
        for together in persons.chunks(AT_ONCE) {
            let mut found: [Option<(&Layer, &[Entry])>; AT_ONCE] = [None; AT_ONCE];
            for layer in &self.0 {
                let mut lists = [None; AT_ONCE];
                layer.lists(together, &mut lists);
                for (list, found) in lists.into_iter().zip(&mut found) {
                    *found = list.map(|list| (layer.as_ref(), list)).or(*found);
                }
            }
            for (index, person) in together.iter().enumerate() {
                let visit = visit(first + index);
                each(found[index].and_then(|(layer, list)| layer.standing(list, *person, visit)));
            }
            first += together.len();
        }
    }

    fn list(&self, person: u64) -> Option<(&Layer, &[Entry])> {
        self.0
            .iter()
            .rev()
            .find_map(|layer| Some((layer.as_ref(), layer.list(person)?)))
    }

    /// Of one part every session of the files for which the condition holds, as far as they count.
    pub(super) fn of_files(&self, part: usize, gone: &dyn Fn(u32) -> bool) -> Vec<Entry> {
        let mut found = Vec::new();
        for (position, layer) in self.0.iter().enumerate() {
            let above = &self.0[position + 1..];
            let hidden = |person| above.iter().any(|layer| layer.list(person).is_some());
            let entries = layer.parts[part].entries.iter().copied();
            let of_files = entries.filter(|entry| gone(entry.file));
            found.extend(of_files.filter(|entry| !hidden(entry.person)));
        }
        found
    }

    /// A layer to put on top: the persons of these entries, without those that are removed and with
    /// those that are added. An entry that is removed and not there is not missed.
    ///
    /// # Errors
    /// When entries that are too many for memory cannot be written.
    pub(super) fn changed(
        &self,
        removed: &OfPart<'_>,
        added: &OfPart<'_>,
        work: &Work,
    ) -> Result<Layer, QueryError> {
        Layer::new(&|part| self.changed_part(removed(part), added(part)), work)
    }

    fn changed_part(&self, removed: Vec<Entry>, added: Vec<Entry>) -> Vec<Entry> {
        let mut changed: FxHashMap<u64, (Vec<Entry>, Vec<Entry>)> = FxHashMap::default();
        for entry in removed {
            changed.entry(entry.person).or_default().0.push(entry);
        }
        for entry in added {
            changed.entry(entry.person).or_default().1.push(entry);
        }
        let mut part = Vec::new();
        for (person, (mut without, with)) in changed {
            let before = self.list(person).map_or(&[][..], |(_, list)| list);
            let length = part.len();
            without.sort_unstable();
            let mut without = without.into_iter().peekable();
            for entry in before {
                // Both are sorted; of equal ones as many go as are named.
                while without.next_if(|gone| gone < entry).is_some() {}
                if without.next_if_eq(entry).is_none() {
                    part.push(*entry);
                }
            }
            part.extend(with);
            if part.len() == length {
                part.push(Entry::nobody(person));
            }
        }
        part
    }

    /// The two topmost layers as one.
    ///
    /// # Errors
    /// When entries that are too many for memory cannot be written.
    pub(super) fn join_top(&mut self, work: &Work) -> Result<(), QueryError> {
        let (Some(upper), Some(lower)) = (self.0.pop(), self.0.pop()) else {
            return Ok(());
        };
        let at_the_bottom = self.0.is_empty();
        let joined = |part: usize| {
            let (above, below) = (&upper.parts[part], &lower.parts[part]);
            let kept = below
                .entries
                .chunk_by(|one, other| one.person == other.person)
                .filter(|list| above.list(list[0].person).is_empty())
                .flatten();
            let new = above
                .entries
                .iter()
                .filter(|entry| !(at_the_bottom && entry.is_nobody()));
            kept.chain(new).copied().collect()
        };
        self.0.push(std::sync::Arc::new(Layer::new(&joined, work)?));
        Ok(())
    }
}
