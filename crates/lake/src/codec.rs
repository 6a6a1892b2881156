//! Events as compact bytes: the form in which the log and the overlay hold them.
//!
//! Only the fields that say something are written, each with its position in the list of field
//! names under which it was written. That list stands at the head of each log segment, so that a
//! program with more fields reads an older segment, and fields may move.

use std::borrow::Cow;

use upshot_core::{Attributes, Event, FieldKind, FieldSink, FieldSource, Record};

use crate::error::LakeError;

/// How a field's bytes are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Text,
    Integer,
    Real,
    Flag,
    Map,
}

impl Layout {
    const fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Key | FieldKind::Text | FieldKind::Label | FieldKind::Word => Self::Text,
            FieldKind::Instant | FieldKind::Time | FieldKind::Count | FieldKind::Integer => {
                Self::Integer
            }
            FieldKind::Real => Self::Real,
            FieldKind::Flag | FieldKind::Bool => Self::Flag,
            FieldKind::Map => Self::Map,
        }
    }

    const fn letter(self) -> u8 {
        match self {
            Self::Text => b't',
            Self::Integer => b'i',
            Self::Real => b'r',
            Self::Flag => b'f',
            Self::Map => b'm',
        }
    }

    const fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b't' => Self::Text,
            b'i' => Self::Integer,
            b'r' => Self::Real,
            b'f' => Self::Flag,
            b'm' => Self::Map,
            _ => return None,
        })
    }
}

/// Writes one event behind what `bytes` holds.
pub fn encode(event: &Event, bytes: &mut Vec<u8>) {
    event.write(&mut Encoder { bytes });
}

/// The list of fields under which [`encode`] writes: a letter for the layout and the name, each
/// ended by a line feed.
pub fn dictionary() -> String {
    Event::FIELDS
        .iter()
        .map(|field| {
            format!(
                "{}{}\n",
                char::from(Layout::of(field.kind).letter()),
                field.name
            )
        })
        .collect()
}

struct Encoder<'a> {
    bytes: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn head(&mut self, index: usize) {
        write_varint(self.bytes, index as u64);
    }

    fn write_text(&mut self, text: &str) {
        write_varint(self.bytes, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

impl FieldSink for Encoder<'_> {
    fn text(&mut self, index: usize, value: Option<&str>) {
        if let Some(text) = value {
            self.head(index);
            self.write_text(text);
        }
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        if let Some(number) = value {
            self.head(index);
            write_varint(self.bytes, zigzag(number));
        }
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        if let Some(number) = value {
            self.head(index);
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        if let Some(flag) = value {
            self.head(index);
            self.bytes.push(u8::from(flag));
        }
    }
    fn map(&mut self, index: usize, value: &Attributes) {
        if value.is_empty() {
            return;
        }
        self.head(index);
        write_varint(self.bytes, value.len() as u64);
        for (name, text) in value {
            self.write_text(name);
            self.write_text(text);
        }
    }
}

/// Reads events that were written under one list of fields.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// For each position in the written list: its layout, and where the field stands today.
    fields: Vec<(Layout, Option<usize>)>,
}

impl Decoder {
    /// For events that this program wrote itself.
    pub fn current() -> Self {
        let fields = Event::FIELDS
            .iter()
            .enumerate()
            .map(|(index, field)| (Layout::of(field.kind), Some(index)))
            .collect();
        Self { fields }
    }

    /// For events written under this [`dictionary`].
    ///
    /// # Errors
    /// When the list is not one.
    pub fn from_dictionary(dictionary: &str) -> Result<Self, LakeError> {
        let fields = dictionary
            .lines()
            .map(|line| {
                let layout = line.bytes().next().and_then(Layout::from_letter);
                let layout =
                    layout.ok_or_else(|| damaged("the list of fields has an unknown layout"))?;
                let name = &line[1..];
                let index = Event::field(name)
                    .filter(|index| Layout::of(Event::FIELDS[*index].kind) == layout);
                Ok((layout, index))
            })
            .collect::<Result<_, LakeError>>()?;
        Ok(Self { fields })
    }

    /// The event that these bytes hold.
    ///
    /// # Errors
    /// When the bytes are not an event.
    pub fn decode(&self, bytes: &[u8]) -> Result<Event, LakeError> {
        let mut row = SparseRow::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let position = read_varint(&mut rest)? as usize;
            let (layout, index) = *self
                .fields
                .get(position)
                .ok_or_else(|| damaged("an event names an unknown field"))?;
            let value = read_value(layout, &mut rest)?;
            if let Some(index) = index {
                row.slots[index] = row.values.len() as u8 + 1;
                row.values.push(value);
            }
        }
        Ok(Event::read(&row))
    }
}

enum Value<'a> {
    Text(&'a str),
    Integer(i64),
    Real(f64),
    Flag(bool),
    Map(Vec<(&'a str, &'a str)>),
}

struct SparseRow<'a> {
    /// For each field, the position of its value plus one; zero where there is none.
    slots: [u8; Event::FIELDS.len()],
    values: Vec<Value<'a>>,
}

const _: () = assert!(Event::FIELDS.len() < 255, "a slot is one byte");

impl Default for SparseRow<'_> {
    fn default() -> Self {
        Self {
            slots: [0; Event::FIELDS.len()],
            values: Vec::with_capacity(32),
        }
    }
}

impl<'a> SparseRow<'a> {
    fn value(&self, index: usize) -> Option<&Value<'a>> {
        let slot = self.slots[index];
        (slot > 0).then(|| &self.values[usize::from(slot) - 1])
    }
}

impl FieldSource for SparseRow<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        match self.value(index) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    fn integer(&self, index: usize) -> Option<i64> {
        match self.value(index) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }
    fn real(&self, index: usize) -> Option<f64> {
        match self.value(index) {
            Some(Value::Real(number)) => Some(*number),
            _ => None,
        }
    }
    fn flag(&self, index: usize) -> Option<bool> {
        match self.value(index) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }
    fn map(&self, index: usize) -> Attributes {
        match self.value(index) {
            Some(Value::Map(pairs)) => pairs
                .iter()
                .map(|(name, text)| ((*name).into(), (*text).into()))
                .collect(),
            _ => Attributes::new(),
        }
    }
}

fn read_value<'a>(layout: Layout, rest: &mut &'a [u8]) -> Result<Value<'a>, LakeError> {
    Ok(match layout {
        Layout::Text => Value::Text(read_text(rest)?),
        Layout::Integer => Value::Integer(unzigzag(read_varint(rest)?)),
        Layout::Real => {
            let (number, after) = rest
                .split_first_chunk::<8>()
                .ok_or_else(|| damaged("an event is cut short"))?;
            *rest = after;
            Value::Real(f64::from_le_bytes(*number))
        }
        Layout::Flag => {
            let (flag, after) = rest
                .split_first()
                .ok_or_else(|| damaged("an event is cut short"))?;
            *rest = after;
            Value::Flag(*flag != 0)
        }
        Layout::Map => {
            let count = read_varint(rest)? as usize;
            // Each pair takes at least two bytes: a larger count is damage, not a reason to allocate.
            if count > rest.len() {
                return Err(damaged("an event is cut short"));
            }
            let mut pairs = Vec::with_capacity(count);
            for _ in 0..count {
                pairs.push((read_text(rest)?, read_text(rest)?));
            }
            Value::Map(pairs)
        }
    })
}

/// Writes an unsigned number in groups of seven bits.
pub(crate) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what [`write_varint`] wrote.
pub(crate) fn read_varint(rest: &mut &[u8]) -> Result<u64, LakeError> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest
            .split_first()
            .ok_or_else(|| damaged("a number is cut short"))?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged("a number is too long"))
}

/// Reads a length and that many bytes of UTF-8.
pub(crate) fn read_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, LakeError> {
    let bytes = read_bytes(rest)?;
    std::str::from_utf8(bytes).map_err(|_| damaged("a text is not UTF-8"))
}

/// Reads a length and that many bytes.
pub(crate) fn read_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], LakeError> {
    let length = read_varint(rest)? as usize;
    if length > rest.len() {
        return Err(damaged("a text is cut short"));
    }
    let (bytes, after) = rest.split_at(length);
    *rest = after;
    Ok(bytes)
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn damaged(reason: &str) -> LakeError {
    LakeError::Damaged {
        what: Cow::Borrowed("a stored event").into_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use upshot_core::words::{EventType, Role};

    use super::*;

    fn sample() -> Event {
        let mut event = Event::new(EventType::Message, 1_767_225_600_000_000, "c1");
        event.role = Some(Role::User);
        event.text = Some("grüß dich".into());
        event.confidence = Some(0.25);
        event.unmatched = Some(false);
        event.tokens_input = Some(-3);
        event.attributes.insert("plan".into(), "gold".into());
        event.attributes.insert("empty".into(), "".into());
        event
    }

    #[test]
    fn an_event_comes_back_as_it_was() {
        let mut bytes = Vec::new();
        encode(&sample(), &mut bytes);
        assert_eq!(Decoder::current().decode(&bytes).unwrap(), sample());
        let by_list = Decoder::from_dictionary(&dictionary()).unwrap();
        assert_eq!(by_list.decode(&bytes).unwrap(), sample());
        assert!(bytes.len() < 100, "{} bytes", bytes.len());
    }

    #[test]
    fn a_field_that_is_no_longer_known_is_passed_over() {
        let older = format!("tgone\n{}", dictionary());
        let decoder = Decoder::from_dictionary(&older).unwrap();
        let mut bytes = vec![0, 2, b'h', b'i'];
        bytes.push(1); // `event_id` stood first and stands second in the older list
        bytes.extend([2, b'e', b'1']);
        assert_eq!(&*decoder.decode(&bytes).unwrap().event_id, "e1");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_event_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Decoder::current().decode(&bytes);
        }

        #[test]
        fn a_cut_event_never_reads_as_another_with_more(cut in 0usize..60) {
            let mut bytes = Vec::new();
            encode(&sample(), &mut bytes);
            let cut = cut.min(bytes.len() - 1);
            if let Ok(event) = Decoder::current().decode(&bytes[..cut]) {
                prop_assert!(event != sample());
            }
        }

        #[test]
        fn numbers_come_back(number in any::<i64>()) {
            let mut bytes = Vec::new();
            write_varint(&mut bytes, zigzag(number));
            prop_assert_eq!(unzigzag(read_varint(&mut bytes.as_slice()).unwrap()), number);
        }
    }
}
