//! Sessions by person: sorted, in parts, with a directory; and layers of them, the newer over the older.

use rustc_hash::FxHashMap;
use upshot_core::people::{Standing, Visit, standings};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// Entries by part, not yet sorted.
pub(super) type Parts = Vec<Vec<Entry>>;

/// No entries.
pub(super) fn no_parts() -> Parts {
    vec![Vec::new(); PARTS]
}

/// One part: entries by person and start, and where the persons with the same leading bits begin.
#[derive(Debug)]
struct Part {
    entries: Box<[Entry]>,
    directory: Box<[u32]>,
    shift: u32,
}

impl Part {
    /// Of sorted entries.
    fn new(entries: Box<[Entry]>) -> Self {
        // Some four entries behind each place of the directory.
        let bits = (entries.len() / 4).checked_ilog2().unwrap_or(0).max(1);
        let shift = u64::BITS - bits;
        let mut directory = vec![0_u32; (1 << bits) + 1].into_boxed_slice();
        for entry in &entries {
            directory[place(entry.person, shift) + 1] += 1;
        }
        let mut before = 0;
        for count in &mut directory {
            before += *count;
            *count = before;
        }
        Self {
            entries,
            directory,
            shift,
        }
    }

    /// Where the entries of a person are, if there are any.
    fn span(&self, person: u64) -> (u32, u32) {
        let place = place(person, self.shift);
        (self.directory[place], self.directory[place + 1])
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
        size_of_val(&*self.entries) + size_of_val(&*self.directory)
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
    /// A layer of these entries, sorted on so many threads.
    pub(super) fn new(parts: Parts, threads: usize) -> Self {
        let share = parts.len().div_ceil(threads.max(1)).max(1);
        let mut left = parts.into_iter();
        let mut made = Vec::with_capacity(PARTS);
        let mut many = FxHashMap::default();
        std::thread::scope(|scope| {
            let tasks: Vec<_> = std::iter::from_fn(|| {
                let parts: Parts = left.by_ref().take(share).collect();
                (!parts.is_empty()).then(|| scope.spawn(move || sorted(parts)))
            })
            .collect();
            for task in tasks {
                // A thread that panicked is a fault that must not pass for an empty history.
                match task.join() {
                    Ok((parts, with_many)) => {
                        made.extend(parts);
                        many.extend(with_many);
                    }
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        let entries = made.iter().map(|part| part.entries.len()).sum();
        Self {
            parts: made,
            many,
            entries,
        }
    }

    /// How many sessions.
    pub(super) const fn entries(&self) -> usize {
        self.entries
    }

    /// What it takes in memory.
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

    /// All entries of files for which the condition holds.
    fn of_files<'a>(
        &'a self,
        gone: &'a (dyn Fn(u32) -> bool + Sync),
    ) -> impl Iterator<Item = Entry> + 'a {
        let entries = self.parts.iter().flat_map(|part| &part.entries);
        entries.filter(|entry| gone(entry.file)).copied()
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

type Many = Vec<(u64, Box<[(Visit, Standing)]>)>;

fn sorted(parts: Parts) -> (Vec<Part>, Many) {
    let mut many = Vec::new();
    let parts = parts
        .into_iter()
        .map(|mut entries| {
            entries.sort_unstable();
            for list in entries.chunk_by(|one, other| one.person == other.person) {
                if list.len() > MANY {
                    many.push((list[0].person, worked_out(list)));
                }
            }
            Part::new(entries.into_boxed_slice())
        })
        .collect();
    (parts, many)
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

    /// Every session of the files for which the condition holds, as far as they count.
    pub(super) fn of_files(&self, gone: &(dyn Fn(u32) -> bool + Sync)) -> Vec<Entry> {
        let mut found = Vec::new();
        for (position, layer) in self.0.iter().enumerate() {
            let above = &self.0[position + 1..];
            let hidden = |person| above.iter().any(|layer| layer.list(person).is_some());
            found.extend(layer.of_files(gone).filter(|entry| !hidden(entry.person)));
        }
        found
    }

    /// A layer to put on top: the persons of these entries, without those that are removed and with
    /// those that are added. An entry that is removed and not there is not missed.
    pub(super) fn changed(
        &self,
        removed: Vec<Entry>,
        added: impl IntoIterator<Item = Entry>,
        threads: usize,
    ) -> Layer {
        let mut changed: FxHashMap<u64, (Vec<Entry>, Vec<Entry>)> = FxHashMap::default();
        for entry in removed {
            changed.entry(entry.person).or_default().0.push(entry);
        }
        for entry in added {
            changed.entry(entry.person).or_default().1.push(entry);
        }
        let mut parts = no_parts();
        for (person, (mut without, with)) in changed {
            let before = self.list(person).map_or(&[][..], |(_, list)| list);
            let part = &mut parts[part_of(person)];
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
        Layer::new(parts, threads)
    }

    /// The two topmost layers as one.
    pub(super) fn join_top(&mut self, threads: usize) {
        let (Some(upper), Some(lower)) = (self.0.pop(), self.0.pop()) else {
            return;
        };
        let at_the_bottom = self.0.is_empty();
        let mut parts: Parts = Vec::with_capacity(PARTS);
        for (above, below) in upper.parts.iter().zip(&lower.parts) {
            let kept = below
                .entries
                .chunk_by(|one, other| one.person == other.person)
                .filter(|list| above.list(list[0].person).is_empty())
                .flatten();
            let new = above
                .entries
                .iter()
                .filter(|entry| !(at_the_bottom && entry.is_nobody()));
            parts.push(kept.chain(new).copied().collect());
        }
        self.0.push(std::sync::Arc::new(Layer::new(parts, threads)));
    }
}
