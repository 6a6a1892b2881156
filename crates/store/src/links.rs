//! Links that carry a secret: the first owner's, invitations, new passwords, and shared views. The secret is kept as
//! its hash.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::people::{
    MOST_PEOPLE, Role, change_password, check_email, check_person_name, drop_resets,
};
use crate::store::Store;

/// The most links of one kind in a workspace.
pub const MOST_LINKS: usize = 1_000;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The first owner makes their account.
    Owner,
    /// Somebody takes part in a workspace.
    Invitation {
        /// Whose address it was made for.
        email: String,
        /// What they will be.
        role: Role,
    },
    /// A person sets a new password.
    Reset {
        /// The person's id.
        person: String,
    },
    /// Anybody who has the link reads numbers.
    Share {
        /// What it is called.
        name: String,
        /// The path of the app that it leads to.
        view: String,
    },
}

impl Purpose {
    /// Its word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Invitation { .. } => "invitation",
            Self::Reset { .. } => "reset",
            Self::Share { .. } => "share",
        }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: String,
    /// The hash of its secret.
    pub hash: Vec<u8>,
    /// The workspace that it opens.
    pub workspace: String,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was made, in UTC microseconds.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// From when on it opens nothing; nothing where it is good until it is revoked.
    pub expires: Option<i64>,
}

impl Link {
    /// Whether it opens anything at this time.
    pub fn is_good(&self, now: i64) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// Who comes by a link for the first time.
#[derive(Debug, Clone)]
pub struct NewPerson<'a> {
    /// The id that they get.
    pub id: &'a str,
    /// The address.
    pub email: &'a str,
    /// What they are called.
    pub name: &'a str,
    /// The hash of their password.
    pub password: &'a str,
}

impl Store {
    /// Keeps a link. That of the first owner, and one for a new password, takes the place of those before; so does an
    /// invitation of somebody who was invited already.
    ///
    /// # Errors
    /// When there are too many, or the database cannot be written.
    pub async fn add_link(&self, link: &Link) -> Result<(), StoreError> {
        let (mut email, mut role, mut person, mut name, mut view) = (None, None, None, None, None);
        match &link.purpose {
            Purpose::Owner => {}
            Purpose::Invitation {
                email: to,
                role: be,
            } => {
                (email, role) = (Some(check_email(to)?), Some(be.as_str()));
            }
            Purpose::Reset { person: of } => person = Some(of.as_str()),
            Purpose::Share {
                name: named,
                view: to,
            } => {
                (name, view) = (Some(named.as_str()), Some(to.as_str()));
            }
        }
        let kind = link.purpose.kind();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "DELETE FROM links WHERE expires <= ?1 OR kind = ?2 AND
                (?2 = 'owner' OR person = ?3 OR workspace = ?4 AND email = ?5)",
        )
        .bind(link.created)
        .bind(kind)
        .bind(person)
        .bind(&link.workspace)
        .bind(&email)
        .execute(&mut *transaction)
        .await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM links WHERE workspace = ?1 AND kind = ?2")
                .bind(&link.workspace)
                .bind(kind)
                .fetch_one(&mut *transaction)
                .await?;
        if others >= MOST_LINKS as i64 {
            return Err(StoreError::TooMany("links of this kind", MOST_LINKS));
        }
        sqlx::query(
            "INSERT INTO links (id, hash, workspace, kind, email, role, person, name, view, created, created_by, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .bind(&link.id)
        .bind(&link.hash)
        .bind(&link.workspace)
        .bind(kind)
        .bind(&email)
        .bind(role)
        .bind(person)
        .bind(name)
        .bind(view)
        .bind(link.created)
        .bind(&link.created_by)
        .bind(link.expires)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The link of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link(&self, id: &str) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query("SELECT * FROM links WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(link).transpose()
    }

    /// The links of one kind in a workspace, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn links(&self, workspace: &str, kind: &str) -> Result<Vec<Link>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM links WHERE workspace = ?1 AND kind = ?2 ORDER BY created DESC, id",
        )
        .bind(workspace)
        .bind(kind)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(link).collect()
    }

    /// Revokes a link of one kind in a workspace; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_link(
        &self,
        workspace: &str,
        kind: &str,
        id: &str,
    ) -> Result<bool, StoreError> {
        let removed =
            sqlx::query("DELETE FROM links WHERE workspace = ?1 AND kind = ?2 AND id = ?3")
                .bind(workspace)
                .bind(kind)
                .bind(id)
                .execute(&self.pool)
                .await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Makes the account of the first owner, once: the link and all others of its kind are gone then. Says whether
    /// the link was still there.
    ///
    /// # Errors
    /// When there is an owner already, a word cannot be used, or the database cannot be written.
    pub async fn accept_owner(
        &self,
        link: &Link,
        person: &NewPerson<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if !take(&mut transaction, link).await? {
            return Ok(false);
        }
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM members WHERE role = 'owner')")
                .fetch_one(&mut *transaction)
                .await?;
        if exists {
            return Err(StoreError::OwnerExists);
        }
        add_person(&mut transaction, person, now).await?;
        add_member(
            &mut transaction,
            &link.workspace,
            person.id,
            Role::Owner,
            now,
        )
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Makes the account of somebody who was invited, or lets the person who has it into the workspace; once. Says
    /// whether the link was still there.
    ///
    /// # Errors
    /// When a word cannot be used, or the database cannot be written.
    pub async fn accept_invitation(
        &self,
        link: &Link,
        role: Role,
        person: Invited<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if !take(&mut transaction, link).await? {
            return Ok(false);
        }
        let id = match person {
            Invited::Known(id) => id,
            Invited::New(person) => {
                add_person(&mut transaction, person, now).await?;
                person.id
            }
        };
        add_member(&mut transaction, &link.workspace, id, role, now).await?;
        drop_resets(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Sets a new password, by its hash, once, and ends all sign-ins. Says whether the link was still there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn accept_reset(
        &self,
        link: &Link,
        person: &str,
        hash: &str,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if !take(&mut transaction, link).await? {
            return Ok(false);
        }
        change_password(&mut transaction, person, hash, None).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Who accepts an invitation.
#[derive(Debug, Clone, Copy)]
pub enum Invited<'a> {
    /// The person of this id.
    Known(&'a str),
    /// Somebody who has no account yet.
    New(&'a NewPerson<'a>),
}

/// Uses a link up; says whether it was still there.
async fn take(connection: &mut SqliteConnection, link: &Link) -> Result<bool, StoreError> {
    let taken = sqlx::query("DELETE FROM links WHERE id = ?1")
        .bind(&link.id)
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() > 0)
}

async fn add_person(
    connection: &mut SqliteConnection,
    person: &NewPerson<'_>,
    now: i64,
) -> Result<(), StoreError> {
    let (email, name) = (check_email(person.email)?, check_person_name(person.name)?);
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM people WHERE email = ?1)")
        .bind(&email)
        .fetch_one(&mut *connection)
        .await?;
    if known {
        return Err(StoreError::EmailTaken);
    }
    sqlx::query(
        "INSERT INTO people (id, email, name, password, created) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(person.id)
    .bind(email)
    .bind(name)
    .bind(person.password)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Who is a member already stays what they are.
async fn add_member(
    connection: &mut SqliteConnection,
    workspace: &str,
    person: &str,
    role: Role,
    now: i64,
) -> Result<(), StoreError> {
    let others: i64 = sqlx::query_scalar("SELECT count(*) FROM members WHERE workspace = ?1")
        .bind(workspace)
        .fetch_one(&mut *connection)
        .await?;
    if others >= MOST_PEOPLE as i64 {
        return Err(StoreError::TooMany("people", MOST_PEOPLE));
    }
    sqlx::query(
        "INSERT INTO members (workspace, person, role, created) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )
    .bind(workspace)
    .bind(person)
    .bind(role.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    let kind: String = row.try_get("kind")?;
    let purpose = match kind.as_str() {
        "owner" => Purpose::Owner,
        "invitation" => Purpose::Invitation {
            email: row.try_get("email")?,
            role: Role::stored(row.try_get("role")?)?,
        },
        "reset" => Purpose::Reset {
            person: row.try_get("person")?,
        },
        "share" => Purpose::Share {
            name: row.try_get("name")?,
            view: row.try_get("view")?,
        },
        _ => return Err(StoreError::Unreadable(format!("the link `{kind}`"))),
    };
    Ok(Link {
        id: row.try_get("id")?,
        hash: row.try_get("hash")?,
        workspace: row.try_get("workspace")?,
        purpose,
        created: row.try_get("created")?,
        created_by: row.try_get("created_by")?,
        expires: row.try_get("expires")?,
    })
}
