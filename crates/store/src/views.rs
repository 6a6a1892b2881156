//! Views and boards: places of the app that are saved under a name, and views that are shown together.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;

/// The most views of a workspace.
pub const MOST_VIEWS: usize = 1_000;
/// The most boards of a workspace.
pub const MOST_BOARDS: usize = 200;
/// The most views on a board.
pub const MOST_ON_A_BOARD: usize = 100;

/// What people say of a view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewContent {
    /// What it is called.
    pub title: String,
    /// The address within the app: path and query.
    pub address: String,
    /// The question that it asks, as JSON.
    pub query: Option<String>,
    /// How the answer is drawn, as JSON; the app's own.
    pub chart: Option<String>,
    /// What it is for; empty where nothing was said.
    pub description: String,
}

/// A view that is saved under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name, unique in the workspace.
    pub name: String,
    /// What people say of it.
    pub content: ViewContent,
    /// When it was first saved, in UTC microseconds.
    pub created: i64,
    /// When it was last saved.
    pub changed: i64,
}

/// What people say of a board.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoardContent {
    /// What it is called.
    pub title: String,
    /// The names of its views, in order.
    pub views: Vec<String>,
    /// How they are laid out, as JSON; the app's own.
    pub layout: Option<String>,
    /// What it is for; empty where nothing was said.
    pub description: String,
}

/// A board that is saved under a name. All of its views are there: one that is removed leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its name, unique in the workspace.
    pub name: String,
    /// What people say of it.
    pub content: BoardContent,
    /// When it was first saved, in UTC microseconds.
    pub created: i64,
    /// When it was last saved.
    pub changed: i64,
}

impl Store {
    /// The views of a workspace, by name; only the one of a name where one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn views(
        &self,
        workspace: &str,
        name: Option<&str>,
    ) -> Result<Vec<View>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, title, address, query, chart, description, created, changed FROM views
             WHERE workspace = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY name",
        )
        .bind(workspace)
        .bind(name)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(view).collect()
    }

    /// Saves a view under a name, in the place of one that has the name already. It is durable when this returns.
    /// `now` is the time in UTC microseconds.
    ///
    /// # Errors
    /// When the name cannot be one, there are too many, or the database cannot be written.
    pub async fn set_view(
        &self,
        workspace: &str,
        name: &str,
        content: &ViewContent,
        now: i64,
    ) -> Result<View, StoreError> {
        check_name("view", name)?;
        // Takes the right to write at once, so that nobody adds another between counting and writing.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM views WHERE workspace = ?1 AND name <> ?2")
                .bind(workspace)
                .bind(name)
                .fetch_one(&mut *transaction)
                .await?;
        check_count("views", others, MOST_VIEWS)?;
        let row = sqlx::query(
            "INSERT INTO views (workspace, name, title, address, query, chart, description, created, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
             ON CONFLICT (workspace, name) DO UPDATE SET
                title = excluded.title, address = excluded.address, query = excluded.query,
                chart = excluded.chart, description = excluded.description, changed = excluded.changed
             RETURNING name, title, address, query, chart, description, created, changed",
        )
        .bind(workspace)
        .bind(name)
        .bind(&content.title)
        .bind(&content.address)
        .bind(&content.query)
        .bind(&content.chart)
        .bind(&content.description)
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        let saved = view(&row)?;
        transaction.commit().await?;
        Ok(saved)
    }

    /// Removes a view, and takes it off all boards; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_view(&self, workspace: &str, name: &str) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM board_views WHERE workspace = ?1 AND view = ?2")
            .bind(workspace)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        let removed = sqlx::query("DELETE FROM views WHERE workspace = ?1 AND name = ?2")
            .bind(workspace)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected() > 0)
    }

    /// The boards of a workspace, by name; only the one of a name where one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn boards(
        &self,
        workspace: &str,
        name: Option<&str>,
    ) -> Result<Vec<Board>, StoreError> {
        // Boards and what is on them are read as of one moment.
        let mut transaction = self.pool.begin().await?;
        let found = boards(&mut transaction, workspace, name).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Saves a board under a name, in the place of one that has the name already. It is durable when this returns.
    /// `now` is the time in UTC microseconds.
    ///
    /// # Errors
    /// When the name cannot be one, a view is not there, there are too many, or the database cannot be written.
    pub async fn set_board(
        &self,
        workspace: &str,
        name: &str,
        content: &BoardContent,
        now: i64,
    ) -> Result<Board, StoreError> {
        check_name("board", name)?;
        if content.views.len() > MOST_ON_A_BOARD {
            return Err(StoreError::TooMany("views on one board", MOST_ON_A_BOARD));
        }
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM boards WHERE workspace = ?1 AND name <> ?2")
                .bind(workspace)
                .bind(name)
                .fetch_one(&mut *transaction)
                .await?;
        check_count("boards", others, MOST_BOARDS)?;
        sqlx::query(
            "INSERT INTO boards (workspace, name, title, layout, description, created, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
             ON CONFLICT (workspace, name) DO UPDATE SET
                title = excluded.title, layout = excluded.layout, description = excluded.description,
                changed = excluded.changed",
        )
        .bind(workspace)
        .bind(name)
        .bind(&content.title)
        .bind(&content.layout)
        .bind(&content.description)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        put_on_board(&mut transaction, workspace, name, &content.views).await?;
        let saved = boards(&mut transaction, workspace, Some(name)).await?;
        transaction.commit().await?;
        saved
            .into_iter()
            .next()
            .ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// Removes a board; its views stay. Says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_board(&self, workspace: &str, name: &str) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM board_views WHERE workspace = ?1 AND board = ?2")
            .bind(workspace)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        let removed = sqlx::query("DELETE FROM boards WHERE workspace = ?1 AND name = ?2")
            .bind(workspace)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected() > 0)
    }
}

/// Refuses one more where there are as many as there may be.
pub(crate) fn check_count(what: &'static str, others: i64, most: usize) -> Result<(), StoreError> {
    match usize::try_from(others) {
        Ok(others) if others < most => Ok(()),
        _ => Err(StoreError::TooMany(what, most)),
    }
}

async fn put_on_board(
    connection: &mut SqliteConnection,
    workspace: &str,
    board: &str,
    views: &[String],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM board_views WHERE workspace = ?1 AND board = ?2")
        .bind(workspace)
        .bind(board)
        .execute(&mut *connection)
        .await?;
    for (position, view) in views.iter().enumerate() {
        let put = sqlx::query(
            "INSERT INTO board_views (workspace, board, position, view)
             SELECT workspace, ?2, ?3, name FROM views WHERE workspace = ?1 AND name = ?4",
        )
        .bind(workspace)
        .bind(board)
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(view)
        .execute(&mut *connection)
        .await?;
        if put.rows_affected() == 0 {
            return Err(StoreError::UnknownView {
                position,
                name: view.chars().take(100).collect(),
            });
        }
    }
    Ok(())
}

async fn boards(
    connection: &mut SqliteConnection,
    workspace: &str,
    name: Option<&str>,
) -> Result<Vec<Board>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, title, layout, description, created, changed FROM boards
         WHERE workspace = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY name",
    )
    .bind(workspace)
    .bind(name)
    .fetch_all(&mut *connection)
    .await?;
    let mut found: Vec<Board> = rows.iter().map(board).collect::<Result<_, _>>()?;
    let on_boards: Vec<(String, String)> = sqlx::query_as(
        "SELECT board, view FROM board_views
         WHERE workspace = ?1 AND (?2 IS NULL OR board = ?2) ORDER BY board, position",
    )
    .bind(workspace)
    .bind(name)
    .fetch_all(&mut *connection)
    .await?;
    for (of, view) in on_boards {
        if let Ok(index) = found.binary_search_by(|board| board.name.cmp(&of)) {
            found[index].content.views.push(view);
        }
    }
    Ok(found)
}

fn view(row: &SqliteRow) -> Result<View, StoreError> {
    Ok(View {
        name: row.try_get("name")?,
        content: ViewContent {
            title: row.try_get("title")?,
            address: row.try_get("address")?,
            query: row.try_get("query")?,
            chart: row.try_get("chart")?,
            description: row.try_get("description")?,
        },
        created: row.try_get("created")?,
        changed: row.try_get("changed")?,
    })
}

fn board(row: &SqliteRow) -> Result<Board, StoreError> {
    Ok(Board {
        name: row.try_get("name")?,
        content: BoardContent {
            title: row.try_get("title")?,
            views: Vec::new(),
            layout: row.try_get("layout")?,
            description: row.try_get("description")?,
        },
        created: row.try_get("created")?,
        changed: row.try_get("changed")?,
    })
}
