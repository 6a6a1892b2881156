//! By which server a workspace sends mail, and who wants the weekly digest.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::people::{Member, member};
use crate::store::Store;

/// By which server a workspace sends mail.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected, in the server's words.
    pub security: String,
    /// The name by which one signs in there; empty for none.
    pub username: String,
    /// The password; empty for none.
    pub password: String,
    /// From whom mails come.
    pub sender: String,
}

impl MailSettings {
    /// Whether both hand their mail to the same server.
    fn is_same_server(&self, other: &Self) -> bool {
        let server = |of: &Self| (of.host.to_lowercase(), of.port, of.security.clone());
        server(self) == server(other)
    }
}

impl Store {
    /// By which server a workspace sends mail, if it does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail(&self, workspace: &str) -> Result<Option<MailSettings>, StoreError> {
        let row = sqlx::query("SELECT * FROM mail WHERE workspace = ?1")
            .bind(workspace)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(settings).transpose()
    }

    /// By which server a person is written to, with the name of the first of their workspaces: nothing where these do not
    /// all send by the same. What comes that way opens all of them, so none of them may lead it past the others.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_of(
        &self,
        person: &str,
    ) -> Result<Option<(String, MailSettings)>, StoreError> {
        let rows = sqlx::query(
            "SELECT members.workspace AS of, mail.* FROM members
             LEFT JOIN mail ON mail.workspace = members.workspace
             WHERE members.person = ?1 ORDER BY members.workspace",
        )
        .bind(person)
        .fetch_all(&self.pool)
        .await?;
        let mut first: Option<(String, MailSettings)> = None;
        for row in &rows {
            if row.try_get::<Option<String>, _>("host")?.is_none() {
                return Ok(None);
            }
            let own = settings(row)?;
            match &first {
                None => first = Some((row.try_get("of")?, own)),
                Some((_, first)) if first.is_same_server(&own) => {}
                Some(_) => return Ok(None),
            }
        }
        Ok(first)
    }

    /// Says by which server a workspace sends mail; by none any more where nothing is given.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_mail(
        &self,
        workspace: &str,
        settings: Option<&MailSettings>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM mail WHERE workspace = ?1")
            .bind(workspace)
            .execute(&mut *transaction)
            .await?;
        if let Some(settings) = settings {
            sqlx::query(
                "INSERT INTO mail (workspace, host, port, security, username, password, sender)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .bind(workspace)
            .bind(&settings.host)
            .bind(settings.port)
            .bind(&settings.security)
            .bind(&settings.username)
            .bind(&settings.password)
            .bind(&settings.sender)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whether a person wants the weekly digest of a workspace.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_digest(
        &self,
        workspace: &str,
        person: &str,
        wanted: bool,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE members SET digest = ?3 WHERE workspace = ?1 AND person = ?2")
            .bind(workspace)
            .bind(person)
            .bind(wanted)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Who wants the digest, of the workspaces that send mail, by workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn digests_wanted(&self) -> Result<Vec<(String, Member)>, StoreError> {
        let rows = sqlx::query(
            "SELECT people.*, members.workspace, members.role, members.digest, members.digest_sent
             FROM members JOIN people ON people.id = members.person
             WHERE members.digest AND members.workspace IN (SELECT workspace FROM mail)
             ORDER BY members.workspace, people.id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("workspace")?, member(row)?)))
            .collect()
    }

    /// Notes that a person was sent the digest of a workspace.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn digest_sent(
        &self,
        workspace: &str,
        person: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE members SET digest_sent = ?3 WHERE workspace = ?1 AND person = ?2")
            .bind(workspace)
            .bind(person)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn settings(row: &SqliteRow) -> Result<MailSettings, StoreError> {
    Ok(MailSettings {
        host: row.try_get("host")?,
        port: row.try_get("port")?,
        security: row.try_get("security")?,
        username: row.try_get("username")?,
        password: row.try_get("password")?,
        sender: row.try_get("sender")?,
    })
}
