//! How a command ends when it does not end well.

use upshot_lake::LakeError;
use upshot_server::access::links::LinkError;
use upshot_store::StoreError;

/// Why a command failed, and with which exit code.
#[derive(Debug)]
pub struct Failure {
    /// What to say.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

/// Done, but some records were rejected.
pub const REJECTED: u8 = 3;
/// `verify` found damage.
pub const DAMAGED: u8 = 5;
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const IN_USE: u8 = 4;

impl Failure {
    /// Something failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: FAILED,
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: USAGE,
        }
    }
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        let code = match error {
            LakeError::InUse(_) => IN_USE,
            LakeError::WorkspaceName(_)
            | LakeError::Profile(_)
            | LakeError::UnknownFactSet { .. }
            | LakeError::FactSetRefused(_)
            | LakeError::KeepingRefused(_) => USAGE,
            _ => FAILED,
        };
        Self {
            message: error.to_string(),
            code,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Name { .. } | StoreError::UnknownView { .. } | StoreError::Email(_) => {
                Self::usage(error.to_string())
            }
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Store(error) => error.into(),
            error => Self::failed(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}
