//! What passes over a cut.
//!
//! After a silence longer than [`Profile::cut_gap`](crate::profile::Profile::cut_gap) nothing does:
//! the fold forgets everything, so that folding from there with `Carry::default()` equals folding
//! from the beginning. Only where the cap ends a session of a conversation that is never silent does
//! something remain: who and where, the running billed session, the windows that were left.

use super::billing::{Billing, Running};
use super::context::OwnedContext;
use crate::words::{Environment, Word};

const VERSION: u8 = 1;

/// What the events before a cut leave for those after it; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carry {
    /// The last event's time; nothing where there was none.
    pub(super) last_time: Option<i64>,
    /// The last activity of the session that was live, if one was.
    pub(super) live_until: Option<i64>,
    pub(super) context: OwnedContext,
    pub(super) billing: Billing,
    /// Hashes of the windows that later ones have replaced.
    pub(super) windows: Vec<u64>,
}

/// Why a stored carry cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// Written by another version.
    #[error(
        "the carry has version {found}, this program reads {VERSION}; fold the conversation again \
         from its beginning"
    )]
    Version {
        /// The version that was found.
        found: u8,
    },
    /// Cut off or damaged.
    #[error(
        "the carry is damaged at byte {position}; fold the conversation again from its beginning"
    )]
    Damaged {
        /// Where reading failed.
        position: usize,
    },
}

impl Carry {
    /// The carry as bytes, the version first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_integer(&mut bytes, self.last_time);
        put_integer(&mut bytes, self.live_until);
        for text in self.context.texts() {
            put_text(&mut bytes, text);
        }
        put_text(&mut bytes, self.context.environment.map(Word::as_str));
        put_flag(&mut bytes, self.context.authenticated);
        put_flag(&mut bytes, self.context.unlinkable);
        let running = self.billing.running;
        put_integer(&mut bytes, running.map(|running| running.start));
        put_integer(&mut bytes, running.map(|running| running.last));
        put_integer(&mut bytes, running.map(|running| i64::from(running.turns)));
        for window in &self.windows {
            bytes.extend_from_slice(&window.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Carry::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Carry, CarryError> {
        let mut reader = Reader { bytes, position: 0 };
        let [version] = reader.take::<1>()?;
        if version != VERSION {
            return Err(CarryError::Version { found: version });
        }
        let mut carry = Carry {
            last_time: reader.integer()?,
            live_until: reader.integer()?,
            ..Carry::default()
        };
        for text in carry.context.texts_mut() {
            *text = reader.text()?.map(Into::into);
        }
        carry.context.environment = match reader.text()? {
            None => None,
            Some(word) => Some(Environment::parse(word).ok_or(reader.damaged())?),
        };
        carry.context.authenticated = reader.flag()?;
        carry.context.unlinkable = reader.flag()?;
        let running = (reader.integer()?, reader.integer()?, reader.integer()?);
        carry.billing.running = match running {
            (None, None, None) => None,
            (Some(start), Some(last), Some(turns)) => Some(Running {
                start,
                last,
                turns: u32::try_from(turns).map_err(|_| reader.damaged())?,
            }),
            _ => return Err(reader.damaged()),
        };
        while reader.position < bytes.len() {
            carry.windows.push(u64::from_le_bytes(reader.take::<8>()?));
        }
        Ok(carry)
    }
}

fn put_integer(bytes: &mut Vec<u8>, value: Option<i64>) {
    bytes.push(u8::from(value.is_some()));
    if let Some(value) = value {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
}

fn put_flag(bytes: &mut Vec<u8>, value: Option<bool>) {
    bytes.push(value.map_or(2, u8::from));
}

fn put_text(bytes: &mut Vec<u8>, value: Option<&str>) {
    put_integer(bytes, value.map(|text| text.len() as i64));
    bytes.extend_from_slice(value.unwrap_or_default().as_bytes());
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn damaged(&self) -> CarryError {
        CarryError::Damaged {
            position: self.position,
        }
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], CarryError> {
        let end = self.position.checked_add(length).ok_or(self.damaged())?;
        let slice = self.bytes.get(self.position..end).ok_or(self.damaged())?;
        self.position = end;
        Ok(slice)
    }

    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], CarryError> {
        let damaged = self.damaged();
        self.slice(LENGTH)?.try_into().map_err(|_| damaged)
    }

    fn integer(&mut self) -> Result<Option<i64>, CarryError> {
        match self.take::<1>()? {
            [0] => Ok(None),
            [1] => Ok(Some(i64::from_le_bytes(self.take::<8>()?))),
            _ => Err(self.damaged()),
        }
    }

    fn flag(&mut self) -> Result<Option<bool>, CarryError> {
        match self.take::<1>()? {
            [0] => Ok(Some(false)),
            [1] => Ok(Some(true)),
            [2] => Ok(None),
            _ => Err(self.damaged()),
        }
    }

    fn text(&mut self) -> Result<Option<&'a str>, CarryError> {
        let Some(length) = self.integer()? else {
            return Ok(None);
        };
        let length = usize::try_from(length).map_err(|_| self.damaged())?;
        let damaged = self.damaged();
        let text = std::str::from_utf8(self.slice(length)?).map_err(|_| damaged)?;
        Ok(Some(text))
    }
}
