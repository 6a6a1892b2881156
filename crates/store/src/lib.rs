//! Operational data: what people set beside what the bots' events say: settings of workspaces, and what becomes of texts; segments, views and
//! boards, which are saved under a name; annotations; what people say of sessions; and who may ask, by which secrets, and
//! what they did.
//!
//! It lies in one SQLite database, `store.sqlite`, in the data directory. This crate knows nothing of events, facts
//! and numbers, and never checks what a filter or a setting means: whoever saves one does that before. It sees no
//! secret either: passwords, keys and links reach it as hashes. What belongs to a workspace is asked for by its name, and
//! nothing of another is ever given; people alone stand above workspaces. Where to start reading: [`Store`] opens the
//! database, [`schema`] has its tables and how older ones become newer; [`settings`], [`text_modes`], [`segments`], [`views`],
//! [`annotations`], [`labels`], [`notes`], [`people`], [`sign_ins`], [`links`], [`keys`], [`tries`] and [`audit`] are its content; [`mod@verify`] says whether it is whole.

pub mod annotations;
pub mod audit;
pub mod demos;
mod error;
pub mod keys;
pub mod labels;
pub mod links;
pub mod mail;
pub mod name;
pub mod notes;
pub mod people;
pub mod schema;
pub mod segments;
mod sessions;
pub mod settings;
pub mod sign_ins;
mod store;
pub mod text_modes;
pub mod tries;
pub mod verify;
pub mod views;

pub use annotations::{Annotation, AnnotationContent};
pub use audit::Deed;
pub use error::StoreError;
pub use keys::AccessKey;
pub use labels::{AllLabels, Label};
pub use links::{Link, Purpose};
pub use mail::MailSettings;
pub use notes::Note;
pub use people::{Member, Person, Role};
pub use segments::Segment;
pub use settings::{TicketBaseline, WorkspaceSettings};
pub use sign_ins::SignIn;
pub use store::{STORE_FILE, Store, restore};
pub use text_modes::{MOST_SOURCES, SetTextMode, SetTextModes};
pub use verify::{StoreReport, verify};
pub use views::{Board, BoardContent, View, ViewContent};
