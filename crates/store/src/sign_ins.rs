//! Sign-ins: a browser in which a person is signed in. The secret that the browser holds is kept as its hash.

use sqlx::Row;

use crate::error::StoreError;
use crate::people::{Person, person};
use crate::store::Store;

/// A browser in which a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its id.
    pub id: String,
    /// The hash of its secret.
    pub hash: Vec<u8>,
    /// Who.
    pub person: Person,
    /// When it began, in UTC microseconds.
    pub created: i64,
    /// When it was last used, to the minute.
    pub seen: i64,
}

impl Store {
    /// Notes that a person signed in, and forgets the sign-ins that began before `oldest`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_sign_in(
        &self,
        id: &str,
        hash: &[u8],
        person: &str,
        now: i64,
        oldest: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM sign_ins WHERE created < ?1")
            .bind(oldest)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO sign_ins (id, hash, person, created, seen) VALUES (?1, ?2, ?3, ?4, ?4)",
        )
        .bind(id)
        .bind(hash)
        .bind(person)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE people SET last_seen = ?2 WHERE id = ?1")
            .bind(person)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The sign-in of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sign_in(&self, id: &str) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(
            "SELECT people.*, sign_ins.id AS sign_in, sign_ins.hash, sign_ins.created AS began, sign_ins.seen
             FROM sign_ins JOIN people ON people.id = sign_ins.person WHERE sign_ins.id = ?1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(SignIn {
                id: row.try_get("sign_in")?,
                hash: row.try_get("hash")?,
                person: person(&row)?,
                created: row.try_get("began")?,
                seen: row.try_get("seen")?,
            })
        })
        .transpose()
    }

    /// Notes that a sign-in was used.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn sign_in_seen(&self, sign_in: &SignIn, now: i64) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE sign_ins SET seen = ?2 WHERE id = ?1")
            .bind(&sign_in.id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE people SET last_seen = ?2 WHERE id = ?1")
            .bind(&sign_in.person.id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_sign_in(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sign_ins WHERE id = ?1")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
