//! Operational data: what people set beside what the bots' events say: segments, which are filters that are saved
//! under a name, and who may ask, by which secrets, and what they did.
//!
//! It lies in one SQLite database, `store.sqlite`, in the data directory. This crate knows nothing of events, facts
//! and numbers, and never checks what a filter means: whoever saves one does that before. It sees no secret either:
//! passwords, keys and links reach it as hashes. What belongs to a workspace is asked for by its name, and nothing of
//! another is ever given; people alone stand above workspaces. Where to start reading: [`Store`] opens the database,
//! [`schema`] has its tables and how older ones become newer; [`segments`], [`people`], [`sign_ins`], [`links`],
//! [`keys`] and [`audit`] are its content.

pub mod audit;
mod error;
pub mod keys;
pub mod links;
pub mod mail;
pub mod people;
pub mod schema;
pub mod segments;
pub mod sign_ins;
mod store;

pub use audit::Deed;
pub use error::StoreError;
pub use keys::AccessKey;
pub use links::{Link, Purpose};
pub use mail::MailSettings;
pub use people::{Member, Person, Role};
pub use segments::Segment;
pub use sign_ins::SignIn;
pub use store::{STORE_FILE, Store, restore};
