//! People, and what they are in which workspace.

use std::fmt;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::store::Store;

/// The most people of a workspace.
pub const MOST_PEOPLE: usize = 10_000;
/// The most characters of a person's name.
const LONGEST_NAME: usize = 100;
/// The most bytes of an e-mail address (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// What a person is in a workspace. What each may do is the server's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May do everything.
    Owner,
    /// Sets the workspace up, and says who takes part.
    Admin,
    /// Reads everything, and defines what others look at.
    Analyst,
    /// Reads numbers.
    Viewer,
    /// Reads conversations, and notes what they think of them.
    Agent,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Analyst,
        Self::Viewer,
        Self::Agent,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
            Self::Agent => "agent",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// As it was stored.
    pub(crate) fn stored(word: &str) -> Result<Self, StoreError> {
        Self::parse(word).ok_or_else(|| StoreError::Unreadable(format!("the role `{word}`")))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The address, in lower case; no other person has it.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// When they were first here, in UTC microseconds.
    pub created: i64,
    /// When they last asked for something.
    pub last_seen: Option<i64>,
}

/// A person in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// What they are here.
    pub role: Role,
    /// Whether they want the weekly digest.
    pub digest: bool,
    /// When the last digest was sent to them.
    pub digest_sent: Option<i64>,
}

/// An address as it is stored and compared.
///
/// # Errors
/// When it is no address.
pub fn check_email(email: &str) -> Result<String, StoreError> {
    let email = email.trim().to_lowercase();
    let good = email.len() <= LONGEST_EMAIL
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
        && !email.chars().any(|letter| {
            letter.is_whitespace() || letter.is_control() || "<>(),;:\\\"".contains(letter)
        });
    match good {
        true => Ok(email),
        false => Err(StoreError::Email(
            email.chars().take(LONGEST_EMAIL).collect(),
        )),
    }
}

/// What a person may be called.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_person_name(name: &str) -> Result<String, StoreError> {
    let name = name.trim();
    let length = name.chars().count();
    match (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        true => Ok(name.to_owned()),
        false => Err(StoreError::PersonName),
    }
}

impl Store {
    /// Whether any workspace has an owner.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn owner_exists(&self) -> Result<bool, StoreError> {
        let found =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM members WHERE role = 'owner')")
                .fetch_one(&self.pool)
                .await?;
        Ok(found)
    }

    /// The person of this address, in lower case, with the hash of the password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn person_by_email(
        &self,
        email: &str,
    ) -> Result<Option<(Person, String)>, StoreError> {
        let row = sqlx::query("SELECT * FROM people WHERE email = ?1")
            .bind(email)
            .fetch_optional(&self.pool)
            .await?;
        with_password(row.as_ref())
    }

    /// The person of this id with the hash of the password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn person(&self, id: &str) -> Result<Option<(Person, String)>, StoreError> {
        let row = sqlx::query("SELECT * FROM people WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        with_password(row.as_ref())
    }

    /// What a person is in which workspace, by workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn memberships(&self, person: &str) -> Result<Vec<(String, Role)>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT workspace, role FROM members WHERE person = ?1 ORDER BY workspace",
        )
        .bind(person)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(workspace, role)| Ok((workspace, Role::stored(&role)?)))
            .collect()
    }

    /// The people of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn members(&self, workspace: &str) -> Result<Vec<Member>, StoreError> {
        let rows = sqlx::query(
            "SELECT people.*, members.role, members.digest, members.digest_sent
             FROM members JOIN people ON people.id = members.person
             WHERE members.workspace = ?1 ORDER BY people.name, people.id",
        )
        .bind(workspace)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(member).collect()
    }

    /// One person of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn member(&self, workspace: &str, id: &str) -> Result<Option<Member>, StoreError> {
        let row = sqlx::query(
            "SELECT people.*, members.role, members.digest, members.digest_sent
             FROM members JOIN people ON people.id = members.person
             WHERE members.workspace = ?1 AND people.id = ?2",
        )
        .bind(workspace)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(member).transpose()
    }

    /// Gives a person of a workspace another role; says whether there is such a person.
    ///
    /// # Errors
    /// When the workspace would have no owner, or the database cannot be written.
    pub async fn set_role(
        &self,
        workspace: &str,
        id: &str,
        role: Role,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if role != Role::Owner {
            refuse_last_owner(&mut transaction, workspace, id).await?;
        }
        let changed =
            sqlx::query("UPDATE members SET role = ?3 WHERE workspace = ?1 AND person = ?2")
                .bind(workspace)
                .bind(id)
                .bind(role.as_str())
                .execute(&mut *transaction)
                .await?;
        drop_resets(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed.rows_affected() > 0)
    }

    /// Takes a person out of a workspace; who is in no workspace then is forgotten. Says whether there was such a
    /// person.
    ///
    /// # Errors
    /// When the workspace would have no owner, or the database cannot be written.
    pub async fn remove_member(&self, workspace: &str, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        refuse_last_owner(&mut transaction, workspace, id).await?;
        let removed = sqlx::query("DELETE FROM members WHERE workspace = ?1 AND person = ?2")
            .bind(workspace)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        let elsewhere: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM members WHERE person = ?1)")
                .bind(id)
                .fetch_one(&mut *transaction)
                .await?;
        if removed.rows_affected() > 0 && !elsewhere {
            for forget in [
                "DELETE FROM sign_ins WHERE person = ?1",
                "DELETE FROM links WHERE person = ?1",
                "DELETE FROM people WHERE id = ?1",
            ] {
                sqlx::query(forget)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// When it cannot be a name, or the database cannot be written.
    pub async fn rename_person(&self, id: &str, name: &str) -> Result<(), StoreError> {
        let name = check_person_name(name)?;
        sqlx::query("UPDATE people SET name = ?2 WHERE id = ?1")
            .bind(id)
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Gives a person another password, by its hash, and ends all sign-ins but one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_password(
        &self,
        id: &str,
        hash: &str,
        kept_sign_in: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        change_password(&mut transaction, id, hash, kept_sign_in).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The change of [`Store::set_password`] within a transaction. Links to set it by lose their meaning.
pub(crate) async fn change_password(
    connection: &mut SqliteConnection,
    id: &str,
    hash: &str,
    kept_sign_in: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE people SET password = ?2 WHERE id = ?1")
        .bind(id)
        .bind(hash)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM sign_ins WHERE person = ?1 AND id IS NOT ?2")
        .bind(id)
        .bind(kept_sign_in)
        .execute(&mut *connection)
        .await?;
    drop_resets(connection, id).await
}

/// Links by which a person would set a new password open nothing any more. Who made one while the person was less, or in
/// fewer workspaces, could come to be what they are now.
pub(crate) async fn drop_resets(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM links WHERE person = ?1 AND kind = 'reset'")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Refuses when this person is the only owner of the workspace.
async fn refuse_last_owner(
    connection: &mut SqliteConnection,
    workspace: &str,
    id: &str,
) -> Result<(), StoreError> {
    let owners: Vec<String> =
        sqlx::query_scalar("SELECT person FROM members WHERE workspace = ?1 AND role = 'owner'")
            .bind(workspace)
            .fetch_all(connection)
            .await?;
    match owners.as_slice() {
        [only] if only == id => Err(StoreError::LastOwner),
        _ => Ok(()),
    }
}

pub(crate) fn person(row: &SqliteRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        created: row.try_get("created")?,
        last_seen: row.try_get("last_seen")?,
    })
}

fn with_password(row: Option<&SqliteRow>) -> Result<Option<(Person, String)>, StoreError> {
    row.map(|row| Ok((person(row)?, row.try_get("password")?)))
        .transpose()
}

pub(crate) fn member(row: &SqliteRow) -> Result<Member, StoreError> {
    Ok(Member {
        person: person(row)?,
        role: Role::stored(row.try_get("role")?)?,
        digest: row.try_get("digest")?,
        digest_sent: row.try_get("digest_sent")?,
    })
}
