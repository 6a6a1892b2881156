//! What there is to be allowed, and who may do it: the one table of roles.

use serde::{Deserialize, Serialize};
use upshot_store::Role;
use utoipa::ToSchema;

/// Something that one may be allowed to do in a workspace.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Ask for numbers, and for what they are made by.
    Numbers,
    /// List sessions with their facts, without what was said.
    Sessions,
    /// Read what was said.
    Text,
    /// Write labels and notes on conversations.
    Notes,
    /// Take rows away, with what was said.
    Export,
    /// Save what others look at: segments, views, boards, annotations.
    Define,
    /// Send events and import files.
    Ingest,
    /// Change settings, profiles and prices.
    Settings,
    /// Make and revoke keys.
    Keys,
    /// Make and revoke links to shared views.
    Shares,
    /// Invite people, change what they are, and take them out; owners apart.
    People,
    /// The same with owners; and say by which server mail is sent, since links for their passwords go that way.
    Owners,
    /// Read who did what.
    Audit,
    /// Read how the server is, whatever the workspace.
    Server,
}

impl Permission {
    /// All of them, in the order of the table in docs/people.md.
    pub const ALL: [Self; 14] = [
        Self::Numbers,
        Self::Sessions,
        Self::Text,
        Self::Notes,
        Self::Export,
        Self::Define,
        Self::Ingest,
        Self::Settings,
        Self::Keys,
        Self::Shares,
        Self::People,
        Self::Owners,
        Self::Audit,
        Self::Server,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Sessions => "sessions",
            Self::Text => "text",
            Self::Notes => "notes",
            Self::Export => "export",
            Self::Define => "define",
            Self::Ingest => "ingest",
            Self::Settings => "settings",
            Self::Keys => "keys",
            Self::Shares => "shares",
            Self::People => "people",
            Self::Owners => "owners",
            Self::Audit => "audit",
            Self::Server => "server",
        }
    }
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// These.
    pub const fn of(all: &[Permission]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < all.len() {
            set |= 1 << all[at] as u32;
            at += 1;
        }
        Self(set)
    }

    /// Everything: a server of one's own, and its operator.
    pub const EVERYTHING: Self = Self::of(&Permission::ALL);

    /// A link to a shared view: numbers, and nothing that names anybody.
    pub const SHARE: Self = Self::of(&[Permission::Numbers]);

    /// What a person of this role may do.
    pub const fn of_role(role: Role) -> Self {
        use Permission::{
            Audit, Define, Export, Ingest, Keys, Notes, Numbers, Owners, People, Sessions,
            Settings, Shares, Text,
        };
        match role {
            Role::Owner => Self::of(&[
                Numbers, Sessions, Text, Notes, Export, Define, Ingest, Settings, Keys, Shares,
                People, Owners, Audit,
            ]),
            Role::Admin => Self::of(&[
                Numbers, Sessions, Text, Notes, Export, Define, Ingest, Settings, Keys, Shares,
                People, Audit,
            ]),
            Role::Analyst => Self::of(&[Numbers, Sessions, Text, Notes, Export, Define]),
            Role::Viewer => Self::of(&[Numbers, Sessions]),
            Role::Agent => Self::of(&[Numbers, Sessions, Text, Notes]),
        }
    }

    /// What a key of these scopes may do.
    pub fn of_scopes(scopes: &[Scope]) -> Self {
        scopes.iter().fold(Self::default(), |all, scope| {
            Self(all.0 | Self::of_scope(*scope).0)
        })
    }

    const fn of_scope(scope: Scope) -> Self {
        use Permission::{Export, Ingest, Numbers, Sessions, Text};
        match scope {
            Scope::Ingest => Self::of(&[Ingest]),
            Scope::Read => Self::of(&[Numbers, Sessions]),
            Scope::Export => Self::of(&[Export, Text]),
            Scope::Admin => Self::of_role(Role::Admin),
        }
    }

    /// Whether this is among it.
    pub const fn allow(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// One by one.
    pub fn list(self) -> Vec<Permission> {
        let all = Permission::ALL.into_iter();
        all.filter(|permission| self.allow(*permission)).collect()
    }
}

/// What a key may be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Numbers, and facts of sessions without what was said.
    Read,
    /// Rows and transcripts, with what was said.
    Export,
    /// What an admin may.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Export, Self::Admin];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Export => "export",
            Self::Admin => "admin",
        }
    }

    /// The scope of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// What a person is in a workspace, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// May do everything.
    Owner,
    /// Sets the workspace up, and says who takes part, owners apart.
    Admin,
    /// Reads everything, exports, and defines what others look at.
    Analyst,
    /// Reads numbers and facts of sessions, not what was said.
    Viewer,
    /// Reads conversations, and notes what they think of them.
    Agent,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Analyst => Self::Analyst,
            Role::Viewer => Self::Viewer,
            Role::Agent => Self::Agent,
        }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Admin => Self::Admin,
            RoleName::Analyst => Self::Analyst,
            RoleName::Viewer => Self::Viewer,
            RoleName::Agent => Self::Agent,
        }
    }
}
