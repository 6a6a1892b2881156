//! What Upshot does with text before anything is stored: it takes personal data out.
//!
//! The crate is pure: text in, text out. It does no I/O, asks no service and never panics, whatever
//! the text. Its work is linear in the length of the text: every rule looks at a bounded stretch
//! around the place where it begins.
//!
//! Where to start reading: [`Masker`] is what callers use, [`apply`] treats a whole event under a [`PrivacyMode`], and
//! [`apply_all`] many of them under the [`PrivacyModes`] of a workspace. Behind them `scan` holds the text that is looked
//! through and what was found, and one module a kind of data says how it is recognised. What is recognised, how surely,
//! and what is not, is told to users in `docs/privacy.md`.

mod cluster;
mod context;
mod email;
mod event;
mod iban;
mod identity;
mod masker;
mod modes;
mod network;
mod number;
mod phone;
mod pseudonym;
mod scan;
mod secret;
mod shadow;
mod url;

pub use event::{PrivacyMode, UnknownPrivacyMode, apply, apply_all};
pub use masker::{DataKind, Masked, Masker, Replacement};
pub use modes::PrivacyModes;
