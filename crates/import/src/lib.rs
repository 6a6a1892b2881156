//! Taking files in: from bytes, packed or not, to events in the lake, or to an account of what would go in.
//!
//! What the command line reads from disks and the server from browsers goes through here, so that both tell the
//! same of the same file. This crate opens no file and speaks no HTTP. Where to start reading: [`read()`] makes
//! batches of events of bytes, [`Taker`] stores them or says what storing would do, [`Account`] counts.

mod account;
mod read;
mod rejection;
mod take;
mod unpack;

pub use account::{Account, FIRST_EVENTS};
pub use read::{Part, ReadAs, UnknownFormat, read};
pub use rejection::Rejection;
pub use take::{Taken, Taker};
pub use unpack::{WINDOW_LOG, unpacked};
