//! The heart of Upshot: the words, the event, the rules and the fold that makes facts of events.
//!
//! This crate does no I/O, keeps no state and reads no clock: whoever calls it passes the time. It
//! knows nothing of files, tables, HTTP or any platform's format.
//!
//! Where to start reading: [`event`] is what comes in, [`facts`] is what goes out, [`profile`] holds
//! the rules and [`fold`] applies them. [`people`] is the second fold, over the sessions of one person.
//! [`prices`] says what models cost. [`words`] are the closed vocabularies and [`record`] is how a
//! flat record is declared once and read and written everywhere.

pub mod event;
pub mod facts;
pub mod fold;
pub mod people;
pub mod prices;
pub mod profile;
pub mod record;
pub mod time;
pub mod words;

pub use event::{Event, EventView};
pub use facts::{Message, Session, Step};
pub use record::{Attributes, Field, FieldKind, FieldSink, FieldSource, Record};
