//! Rows by where their conversation's hash falls: each part is small enough to be worked on within the
//! processor's own memory.

use super::row::Row;

/// Rows of a piece: parts grow by pieces, so that nothing is ever moved.
const PIECE_ROWS: usize = 256;

/// Rows by part.
pub struct Parts {
    /// Bits of the hash that choose the part.
    bits: u32,
    /// The piece of each part to which rows are added.
    open: Vec<Vec<Row>>,
    /// The pieces that are full.
    full: Vec<Vec<Vec<Row>>>,
    /// Empty pieces, whose memory is used again.
    spare: Vec<Vec<Row>>,
}

impl Parts {
    /// Empty parts, as many as these bits of a hash can name; at least one bit.
    pub fn new(bits: u32) -> Self {
        Self {
            bits,
            open: vec![Vec::new(); 1 << bits],
            full: vec![Vec::new(); 1 << bits],
            spare: Vec::new(),
        }
    }

    /// How many parts there are.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// Adds a row to its part.
    #[inline]
    pub fn push(&mut self, row: Row) {
        let part = (row.conversation >> (u64::BITS - self.bits)) as usize;
        let piece = &mut self.open[part];
        if piece.len() == piece.capacity() {
            let next = self.spare.pop();
            let next = next.unwrap_or_else(|| Vec::with_capacity(PIECE_ROWS));
            let filled = std::mem::replace(piece, next);
            if !filled.is_empty() {
                self.full[part].push(filled);
            }
        }
        piece.push(row);
    }

    /// The rows of a part, piece by piece.
    pub fn pieces(&self, part: usize) -> impl Iterator<Item = &[Row]> + Clone {
        let full = self.full[part].iter();
        full.chain([&self.open[part]]).map(Vec::as_slice)
    }

    /// Forgets the rows of a part.
    pub fn clear(&mut self, part: usize) {
        self.open[part].clear();
        for mut piece in self.full[part].drain(..) {
            piece.clear();
            self.spare.push(piece);
        }
    }
}

/// The rows of a part, conversation by conversation.
#[derive(Default)]
pub struct Conversations {
    /// The rows.
    rows: Vec<Row>,
    /// Where each conversation's rows end.
    ends: Vec<u32>,
    /// Places of conversations by hash, one more than the number; 0 where there is none.
    table: Vec<u32>,
    hashes: Vec<u64>,
    /// The conversation of each row.
    numbers: Vec<u32>,
}

impl Conversations {
    /// Takes the rows of a part from all who have read, in any order.
    pub fn fill<'r>(&mut self, pieces: impl Iterator<Item = &'r [Row]> + Clone) {
        self.numbers.clear();
        self.hashes.clear();
        self.ends.clear();
        self.table.fill(0);
        pieces.clone().for_each(|piece| self.number(piece));
        let mut next = 0;
        for end in &mut self.ends {
            next += std::mem::replace(end, next);
        }
        // While rows are put in their places, `ends` holds where the next one goes.
        self.rows.resize(self.numbers.len(), Row::default());
        for (row, number) in pieces.flatten().zip(&self.numbers) {
            let end = &mut self.ends[*number as usize];
            self.rows[*end as usize] = *row;
            *end += 1;
        }
    }

    /// Numbers the conversations and counts their rows.
    fn number(&mut self, rows: &[Row]) {
        for row in rows {
            if self.hashes.len() * 2 >= self.table.len() {
                self.grow();
            }
            let place = self.find(row.conversation);
            let number = match self.table[place] {
                0 => {
                    self.hashes.push(row.conversation);
                    self.ends.push(0);
                    self.table[place] = self.hashes.len() as u32;
                    self.hashes.len() - 1
                }
                known => known as usize - 1,
            };
            self.ends[number] += 1;
            self.numbers.push(number as u32);
        }
    }

    /// Where the conversation is in the table, or would be.
    #[inline]
    fn find(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            match self.table[place] {
                0 => return place,
                known if self.hashes[known as usize - 1] == hash => return place,
                _ => place = (place + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(1024)];
        for number in 0..self.hashes.len() {
            let place = self.find(self.hashes[number]);
            self.table[place] = number as u32 + 1;
        }
    }

    /// The rows of each conversation, in order of time.
    pub fn each(&mut self) -> impl Iterator<Item = &[Row]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        for (start, end) in starts.clone().zip(&self.ends) {
            let rows = &mut self.rows[start as usize..*end as usize];
            if !rows.is_sorted_by(|earlier, later| earlier.time < later.time) {
                rows.sort_unstable_by_key(Row::order);
            }
        }
        let rows = &self.rows;
        starts
            .zip(&self.ends)
            .map(move |(start, end)| &rows[start as usize..*end as usize])
    }
}
