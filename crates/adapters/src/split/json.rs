//! Cuts a stream of JSON into records.
//!
//! A damaged record costs itself and nothing else, wherever the text allows it: in JSON Lines the
//! next line is the next record; in an array the next record is looked for where it would stand if
//! the file goes on as it began.

use std::sync::Arc;

use super::resume::{Candidate, SEPARATOR_BYTES, Style, follows_well, indent_before};
use super::scan::{Scan, Scanned, array_under, skip_space};
use super::{Piece, Problem, Step};

/// How the records of a JSON text are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonLayout {
    /// Every line is a record.
    pub lines: bool,
    /// An array's elements are records; otherwise the array is one.
    pub split_arrays: bool,
    /// What stands outside of arrays is handed on even if it is damaged: a transcript's format reads
    /// what can be read.
    pub whole: bool,
    /// The records are the elements of an array that an object holds under this key.
    pub wrapped: Option<Arc<str>>,
}

/// How much text is looked through in vain, in one file, for the place where records go on.
const SEEK_BUDGET: usize = 64 << 20;
/// How far into an object the array of its records may begin.
const WRAPPER_BYTES: usize = 64 << 10;

#[derive(Debug)]
enum State {
    /// Between values.
    Top,
    /// Between an array's elements.
    Elements,
    /// Behind an array of records, before its object ends.
    Tail(Scan),
    /// Within a record that begins at `start`.
    Value {
        start: usize,
        scan: Scan,
        element: bool,
    },
    /// Behind a damaged record that begins at `start`, looking for the next.
    Seek {
        lost: Lost,
        candidate: Option<(usize, Scan)>,
    },
    /// Within a record that is too large.
    Skip { scan: Scan, element: bool },
    /// All the rest is one record.
    Rest { start: usize },
    /// All the rest is left out.
    Discard,
}

/// Cuts JSON into records. Places are counted in the buffer that it is shown.
#[derive(Debug)]
pub(crate) struct JsonSplitter {
    layout: JsonLayout,
    limit: usize,
    at: usize,
    state: State,
    inside_array: bool,
    seen_array: bool,
    indent: Option<Vec<u8>>,
    budget: usize,
}

impl JsonSplitter {
    pub fn new(layout: JsonLayout, limit: usize) -> Self {
        Self {
            layout,
            limit,
            at: 0,
            state: State::Top,
            inside_array: false,
            seen_array: false,
            indent: None,
            budget: SEEK_BUDGET,
        }
    }

    /// The first byte that is still needed.
    pub fn needed_from(&self) -> usize {
        match self.state {
            State::Value { start, .. } | State::Rest { start } => start,
            State::Seek { lost, .. } => lost.start,
            _ => self.at,
        }
    }

    /// Says that so many bytes were taken from the buffer's front.
    pub fn forget(&mut self, length: usize) {
        self.at -= length;
        match &mut self.state {
            State::Value { start, .. } | State::Rest { start } => *start -= length,
            State::Seek { lost, candidate } => {
                lost.start -= length;
                if let Some((place, _)) = candidate {
                    *place -= length;
                }
            }
            _ => {}
        }
    }

    /// The next record of the buffer; `finished` says that nothing will follow.
    pub fn next(&mut self, buffer: &[u8], finished: bool) -> Step {
        if self.layout.lines {
            return self.next_line(buffer, finished);
        }
        loop {
            let step = match self.state {
                State::Top => self.top(buffer, finished),
                State::Elements => self.elements(buffer, finished),
                State::Tail(scan) => self.tail(buffer, scan),
                State::Value {
                    start,
                    scan,
                    element,
                } => self.value(buffer, finished, start, scan, element),
                State::Seek { lost, candidate } => self.seek(buffer, finished, lost, candidate),
                State::Skip { scan, element } => self.skip(buffer, scan, element),
                State::Rest { start } => self.rest(buffer, finished, start),
                State::Discard => {
                    self.at = buffer.len();
                    Some(Step::More)
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    fn next_line(&mut self, buffer: &[u8], finished: bool) -> Step {
        loop {
            let start = match self.state {
                State::Value { start, .. } => start,
                _ => self.at,
            };
            let discarding = matches!(self.state, State::Discard);
            let line_end = memchr::memchr(b'\n', &buffer[self.at..]).map(|it| self.at + it);
            let Some(end) = line_end.or(finished.then_some(buffer.len())) else {
                self.at = buffer.len();
                if discarding {
                    return Step::More;
                }
                if self.at - start > self.limit {
                    self.state = State::Discard;
                    return Step::Piece(self.oversized(start, Problem::TooLarge));
                }
                let scan = Scan::default();
                self.state = State::Value {
                    start,
                    scan,
                    element: false,
                };
                return Step::More;
            };
            self.at = (end + 1).min(buffer.len());
            self.state = State::Top;
            if !discarding && end - start > self.limit {
                return Step::Piece(self.oversized(start, Problem::TooLarge));
            }
            let line = buffer[start..end].trim_ascii();
            if !discarding && !line.is_empty() {
                let first = skip_space(buffer, start);
                return Step::Piece(Piece {
                    start: first,
                    end: first + line.len(),
                    problem: None,
                });
            }
            if self.at == buffer.len() {
                return Step::More;
            }
        }
    }

    /// The report of a record over the limit ends at the limit, however the bytes came.
    fn oversized(&self, start: usize, problem: Problem) -> Piece {
        Piece::problem(start, start + self.limit, problem)
    }

    fn top(&mut self, buffer: &[u8], finished: bool) -> Option<Step> {
        self.at = skip_space(buffer, self.at);
        self.inside_array = false;
        let Some(first) = buffer.get(self.at) else {
            return Some(Step::More);
        };
        match first {
            b'[' if self.layout.split_arrays => {
                self.at += 1;
                self.enter_array();
            }
            b'{' if self.layout.wrapped.is_some() => return self.unwrap_object(buffer, finished),
            b'{' | b'[' => self.begin(false),
            // What separates values is no harm; anything else is.
            b',' => self.at += 1,
            _ => {
                self.inside_array = self.seen_array;
                self.lose(self.at, Problem::Malformed("expected `{` or `[` here"));
            }
        }
        None
    }

    fn enter_array(&mut self) {
        self.state = State::Elements;
        self.inside_array = true;
        self.seen_array = true;
    }

    fn unwrap_object(&mut self, buffer: &[u8], finished: bool) -> Option<Step> {
        let object = &buffer[self.at..];
        let name = self.layout.wrapped.as_deref().unwrap_or_default();
        let prefix = &object[..object.len().min(WRAPPER_BYTES)];
        if let Some(place) = array_under(prefix, &[name]) {
            self.at += place + 1;
            self.enter_array();
        } else if finished || object.len() >= WRAPPER_BYTES {
            self.begin(false);
        } else {
            return Some(Step::More);
        }
        None
    }

    fn elements(&mut self, buffer: &[u8], finished: bool) -> Option<Step> {
        let before = self.at;
        while let Some(b',' | b' ' | b'\t' | b'\r' | b'\n') = buffer.get(self.at) {
            self.at += 1;
        }
        let far = self.at - before > SEPARATOR_BYTES;
        if far && self.indent.is_none() {
            self.indent = Some(Vec::new());
        }
        match buffer.get(self.at) {
            None if finished => {
                self.state = State::Discard;
                Some(Step::Piece(Piece::problem(self.at, self.at, Problem::Cut)))
            }
            None => {
                // The white space before the first element is needed to learn its indent.
                self.at = if far { self.at } else { before };
                Some(Step::More)
            }
            Some(b']') => {
                self.at += 1;
                self.state = match self.layout.wrapped {
                    Some(_) => State::Tail(Scan::within_object()),
                    None => State::Top,
                };
                None
            }
            Some(b'{' | b'[') => {
                if self.indent.is_none() {
                    self.indent = Some(indent_before(&buffer[before..self.at]));
                }
                self.begin(true);
                None
            }
            Some(_) => {
                self.lose(self.at, Problem::Malformed("expected an object here"));
                None
            }
        }
    }

    fn tail(&mut self, buffer: &[u8], mut scan: Scan) -> Option<Step> {
        match scan.advance(&buffer[self.at..]) {
            Scanned::End(length) => {
                self.at += length;
                self.state = State::Top;
                None
            }
            Scanned::More => {
                self.at = buffer.len();
                self.state = State::Tail(scan);
                Some(Step::More)
            }
            Scanned::Broken(length, reason) => {
                self.lose(self.at + length, Problem::Malformed(reason));
                None
            }
        }
    }

    fn begin(&mut self, element: bool) {
        let start = self.at;
        self.state = State::Value {
            start,
            scan: Scan::default(),
            element,
        };
    }

    fn value(
        &mut self,
        buffer: &[u8],
        finished: bool,
        start: usize,
        mut scan: Scan,
        element: bool,
    ) -> Option<Step> {
        // One byte over the limit is looked at, so that the answer does not depend on the chunks.
        let most = buffer.len().min(start + self.limit + 1);
        let whole = !element && self.layout.whole;
        match scan.advance(&buffer[self.at..most]) {
            Scanned::End(length) if self.at + length - start <= self.limit => {
                self.at += length;
                self.state = if element { State::Elements } else { State::Top };
                let problem = scan.too_deep().then_some(Problem::TooDeep);
                Some(Step::Piece(Piece {
                    start,
                    end: self.at,
                    problem,
                }))
            }
            Scanned::End(length) => {
                self.at += length;
                self.state = if element { State::Elements } else { State::Top };
                Some(Step::Piece(self.oversized(start, too_large(whole))))
            }
            Scanned::Broken(..) if whole => {
                self.state = State::Rest { start };
                None
            }
            Scanned::Broken(length, reason) => {
                self.at += length;
                self.lose(start, Problem::Malformed(reason));
                None
            }
            Scanned::More => {
                self.at = most;
                if self.at - start > self.limit {
                    self.state = State::Skip { scan, element };
                    return Some(Step::Piece(self.oversized(start, too_large(whole))));
                }
                self.state = State::Value {
                    start,
                    scan,
                    element,
                };
                match (finished, whole) {
                    (false, _) => return Some(Step::More),
                    (true, true) => self.state = State::Rest { start },
                    (true, false) => self.lose(start, Problem::Cut),
                }
                None
            }
        }
    }

    fn skip(&mut self, buffer: &[u8], mut scan: Scan, element: bool) -> Option<Step> {
        match scan.advance(&buffer[self.at..]) {
            Scanned::End(length) => {
                self.at += length;
                self.state = if element { State::Elements } else { State::Top };
                None
            }
            Scanned::More => {
                self.at = buffer.len();
                self.state = State::Skip { scan, element };
                Some(Step::More)
            }
            Scanned::Broken(length, reason) => {
                self.at += length;
                let problem = Problem::Malformed(reason);
                let lost = Lost {
                    start: self.at,
                    problem,
                    reported: true,
                };
                self.state = State::Seek {
                    lost,
                    candidate: None,
                };
                None
            }
        }
    }

    fn rest(&mut self, buffer: &[u8], finished: bool, start: usize) -> Option<Step> {
        self.at = buffer.len();
        if self.at - start > self.limit {
            self.state = State::Discard;
            return Some(Step::Piece(self.oversized(start, Problem::CutByLimit)));
        }
        if !finished {
            return Some(Step::More);
        }
        self.state = State::Discard;
        Some(Step::Piece(Piece::problem(
            start,
            self.at,
            Problem::Damaged,
        )))
    }

    fn lose(&mut self, start: usize, problem: Problem) {
        self.at = start + 1;
        let lost = Lost {
            start,
            problem,
            reported: false,
        };
        self.state = State::Seek {
            lost,
            candidate: None,
        };
    }

    /// Looks for the next record behind a damaged one.
    fn seek(
        &mut self,
        buffer: &[u8],
        finished: bool,
        lost: Lost,
        mut candidate: Option<(usize, Scan)>,
    ) -> Option<Step> {
        loop {
            let Some((place, mut scan)) = candidate.take() else {
                match self.next_candidate(buffer, finished) {
                    Candidate::At(place) => {
                        self.at = place;
                        candidate = Some((place, Scan::default()));
                    }
                    Candidate::Perhaps(place) => {
                        self.at = place;
                        return Some(self.not_found(buffer, finished, lost));
                    }
                }
                continue;
            };
            let most = buffer.len().min(place + self.limit + 1);
            let scanned = scan.advance(&buffer[self.at..most]);
            match self.judge(buffer, finished, scanned, place) {
                Verdict::Wait => {
                    self.at = most;
                    self.state = State::Seek {
                        lost,
                        candidate: Some((place, scan)),
                    };
                    return Some(Step::More);
                }
                Verdict::WaitForWhatFollows => {
                    self.at = place;
                    let candidate = Some((place, Scan::default()));
                    self.state = State::Seek { lost, candidate };
                    return Some(Step::More);
                }
                Verdict::Good => {
                    self.at = place;
                    self.state = if self.inside_array {
                        State::Elements
                    } else {
                        State::Top
                    };
                    return self.report(lost, place).map(Step::Piece);
                }
                Verdict::Bad(followed) => {
                    self.budget = self.budget.saturating_sub(followed - place);
                    self.at = place + 1;
                    if self.budget == 0 {
                        self.at = buffer.len();
                        self.state = State::Discard;
                        return self.report(lost, self.at).map(Step::Piece);
                    }
                }
            }
        }
    }

    fn next_candidate(&self, buffer: &[u8], finished: bool) -> Candidate {
        let style = match &self.indent {
            Some(indent) => Style::of_indent(indent),
            None if self.inside_array => Style::Shared,
            None => Style::OwnLine(b""),
        };
        style.next_candidate(buffer, self.at.min(buffer.len()), finished)
    }

    fn judge(&self, buffer: &[u8], finished: bool, scanned: Scanned, place: usize) -> Verdict {
        match scanned {
            Scanned::End(length) => match follows_well(buffer, self.at + length, finished) {
                None => Verdict::WaitForWhatFollows,
                Some(true) => Verdict::Good,
                Some(false) => Verdict::Bad(self.at + length),
            },
            Scanned::Broken(length, _) => Verdict::Bad(self.at + length),
            Scanned::More if buffer.len() - place > self.limit => Verdict::Bad(place + self.limit),
            Scanned::More if finished => Verdict::Bad(buffer.len()),
            Scanned::More => Verdict::Wait,
        }
    }

    /// The report of what was lost, once, from its start to here.
    fn report(&self, lost: Lost, end: usize) -> Option<Piece> {
        let end = end.min(lost.start + self.limit);
        (!lost.reported).then_some(Piece::problem(lost.start, end, lost.problem))
    }

    /// No place to go on is in sight yet, or there is none.
    fn not_found(&mut self, buffer: &[u8], finished: bool, mut lost: Lost) -> Step {
        if finished {
            self.at = buffer.len();
            self.state = State::Discard;
            return self.report(lost, self.at).map_or(Step::More, Step::Piece);
        }
        let mut step = Step::More;
        if self.at > lost.start && self.at - lost.start > self.limit {
            if let Some(piece) = self.report(lost, self.at) {
                step = Step::Piece(piece);
            }
            lost = Lost {
                start: self.at,
                reported: true,
                ..lost
            };
        }
        self.state = State::Seek {
            lost,
            candidate: None,
        };
        step
    }
}

/// A damaged record, for the report.
#[derive(Debug, Clone, Copy)]
struct Lost {
    start: usize,
    problem: Problem,
    reported: bool,
}

/// What is thought of such a place.
enum Verdict {
    Good,
    /// It was followed to this place in vain.
    Bad(usize),
    Wait,
    WaitForWhatFollows,
}

fn too_large(whole: bool) -> Problem {
    if whole {
        Problem::CutByLimit
    } else {
        Problem::TooLarge
    }
}
