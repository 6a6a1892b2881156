//! Who asks, what they may do, and in which workspace.
//!
//! Every request passes [`guard`]. It finds out who asks ([`caller`]), looks up what the route needs ([`routes`], one
//! table), compares that with what they may do ([`permission`], one table), and binds the workspace. A handler takes
//! the workspace from there and from nowhere else, so none can answer for a workspace that was not granted.
//! What was done is recorded on the way out ([`record`]).
//!
//! The other files are the paths under which people sign in, are invited and given keys.

mod attempts;
pub mod audit;
pub(crate) mod caller;
mod cookies;
pub mod digest;
pub(crate) mod guard;
pub mod keys;
pub mod links;
pub mod mail;
pub mod me;
mod origin;
mod password;
pub mod people;
pub mod permission;
pub mod record;
pub mod routes;
pub mod secret;
pub mod shares;
pub(crate) mod sign_in;

pub use permission::{Permission, RoleName};
pub use secret::Secret;
