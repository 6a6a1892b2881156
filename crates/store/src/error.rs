//! What can go wrong.

use std::path::PathBuf;

/// What can go wrong with operational data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the store: {0}")]
    Database(#[from] sqlx::Error),
    /// Somebody reads it who does not end.
    #[error("the store is being read by another program; end that, then try again")]
    Busy,
    /// The file system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as «sync».
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It was written by a newer version of the program.
    #[error(
        "{} has version {found}, this program reads up to {known}; upgrade upshot, or restore a backup",
        path.display()
    )]
    Version {
        /// The database.
        path: PathBuf,
        /// The version that was found.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The name cannot be that of what is to be kept.
    #[error(
        "`{name}` cannot be the name of a {what}: a name has 1 to 100 characters, none of them a control character, \
         and no space at its ends"
    )]
    Name {
        /// What was to be named, as «segment».
        what: &'static str,
        /// The name, cut short.
        name: String,
    },
    /// A board names a view that there is not.
    #[error("there is no view `{name}` to be put on a board; save it first")]
    UnknownView {
        /// Its position on the board, from 0.
        position: usize,
        /// The name.
        name: String,
    },
    /// This is no e-mail address.
    #[error("`{0}` is no e-mail address; write one such as name@example.org")]
    Email(String),
    /// Somebody cannot be called this.
    #[error("a person's name has 1 to 100 characters, none of them a control character")]
    PersonName,
    /// Another person has the address.
    #[error("somebody else has this e-mail address; use another")]
    EmailTaken,
    /// This person is in the workspace.
    #[error("`{0}` takes part in the workspace already")]
    AlreadyMember(String),
    /// There is an owner, so nobody can become the first.
    #[error("there is an owner already; ask for an invitation")]
    OwnerExists,
    /// A workspace without an owner could be set up by nobody.
    #[error("this is the last owner of the workspace; make somebody else an owner first")]
    LastOwner,
    /// The workspace has as many as it may have.
    #[error("the workspace has {1} {0}, which is the most; remove some first")]
    TooMany(&'static str, usize),
    /// Something in the database is not what this program writes.
    #[error("the store holds {0}, which this version does not know; upgrade upshot")]
    Unreadable(String),
}
