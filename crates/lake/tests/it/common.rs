//! A small lake, and rows to fill it with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use upshot_core::words::EventType;
use upshot_core::{Event, Session};
use upshot_lake::Table;
use upshot_lake::catalog::{Catalog, NewFile, Transaction};
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{FileCache, sort, write};
use upshot_lake::schema::BatchBuilder;

pub const DAY: i32 = 20_000;
pub const DAY_TIME: i64 = 20_000 * 86_400_000_000;
pub const NOW: i64 = DAY_TIME + 1_000_000;

pub struct Lake {
    pub folder: TempDir,
    pub catalog: Catalog,
    pub cache: FileCache,
}

impl Lake {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = open(&folder).await;
        catalog.create_workspace("main", NOW).await.unwrap();
        let cache = FileCache::new(Arc::new(DiskFiles), 1 << 20);
        Self {
            folder,
            catalog,
            cache,
        }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("lake.sqlite")
    }

    /// Closes and opens again.
    pub async fn reopen(self) -> Self {
        self.catalog.close().await.unwrap();
        Self {
            catalog: open(&self.folder).await,
            folder: self.folder,
            cache: self.cache,
        }
    }

    /// Writes a file of the workspace `main`.
    pub fn file(&self, table: Table, batch: &RecordBatch, day: i32, bucket: i32) -> NewFile {
        self.file_of("main", table, batch, day, bucket)
    }

    pub fn file_of(
        &self,
        workspace: &str,
        table: Table,
        batch: &RecordBatch,
        day: i32,
        bucket: i32,
    ) -> NewFile {
        let (name, path) = self.catalog.new_file(workspace, table, day, bucket);
        let ids = self.catalog.field_ids(workspace, table).unwrap();
        let sorted = sort(batch, table).unwrap();
        let info = write(&DiskFiles, &path, table, &ids, [&sorted]).unwrap();
        let fact_set = if Table::FACTS.contains(&table) {
            "default@1"
        } else {
            ""
        };
        NewFile {
            table,
            name,
            info,
            day,
            bucket,
            fact_set: fact_set.to_owned(),
        }
    }

    pub async fn add(&self, files: Vec<NewFile>) -> i64 {
        self.catalog.commit(add(files)).await.unwrap()
    }
}

pub async fn open(folder: &TempDir) -> Catalog {
    let database = folder.path().join("lake.sqlite");
    let data = folder.path().join("files");
    Catalog::open(Arc::new(DiskFiles), &database, &data, NOW)
        .await
        .unwrap()
}

/// A change that adds files to the workspace `main`.
pub fn add(files: Vec<NewFile>) -> Transaction {
    Transaction {
        workspace: "main".to_owned(),
        add: files,
        now: NOW,
        message: "test".to_owned(),
        ..Transaction::default()
    }
}

/// Event `number`: ten a conversation, one a second.
pub fn event(number: usize) -> Event {
    let conversation = number / 10;
    let mut event = Event {
        event_id: format!("e{number:06}").into(),
        event_type: Some(EventType::Message),
        time: DAY_TIME + i64::try_from(number).unwrap() * 1_000_000,
        conversation_id: format!("c{conversation:05}").into(),
        source_sequence: Some(i64::try_from(number % 10).unwrap()),
        channel: Some("web".into()),
        user_id: Some(format!("secret-user-{conversation}").into()),
        text: Some(format!("secret-text-{number}").into()),
        confidence: Some(number as f64 / 8.0),
        unmatched: Some(number.is_multiple_of(3)),
        ..Event::default()
    };
    if number.is_multiple_of(2) {
        event.attributes.insert(
            "plan".into(),
            format!("secret-attribute-{}", number % 7).into(),
        );
    }
    event
}

/// Events as rows of `events` or `texts`.
pub fn events(table: Table, numbers: impl IntoIterator<Item = usize>) -> RecordBatch {
    let mut builder = BatchBuilder::new(table);
    for number in numbers {
        builder.push(&event(number), DAY, 0);
    }
    builder.finish().unwrap()
}

/// Sessions of some days, one a conversation.
pub fn sessions(numbers: std::ops::Range<usize>, day: i32, bucket: i32) -> RecordBatch {
    let mut builder = BatchBuilder::new(Table::Sessions);
    for number in numbers {
        let session = Session {
            session_id: format!("s{number:05}").into(),
            fact_set: Some("default@1".into()),
            conversation_id: format!("c{number:05}").into(),
            start_time: i64::from(day) * 86_400_000_000 + i64::try_from(number).unwrap(),
            ..Session::default()
        };
        builder.push(&session, day, bucket);
    }
    builder.finish().unwrap()
}

/// Runs a statement on the database beside the catalog; it must change something.
pub async fn execute(lake: &Lake, statement: &str) {
    let options = SqliteConnectOptions::new().filename(lake.database());
    let mut connection = options.connect().await.unwrap();
    let result = sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(result.rows_affected() > 0, "{statement} changed nothing");
    connection.close().await.unwrap();
}

/// Writes the file again without a column, as the catalog would have it otherwise.
pub fn without_column(path: &Path, name: &str) {
    let content: bytes::Bytes = std::fs::read(path).unwrap().into();
    let reader = ParquetRecordBatchReader::try_new(content, 1024).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let schema = batches[0].schema();
    let kept: Vec<usize> = (0..schema.fields().len())
        .filter(|index| schema.field(*index).name() != name)
        .collect();
    let file = std::fs::File::create(path).unwrap();
    let projected = schema.project(&kept).unwrap();
    let mut writer = ArrowWriter::try_new(file, projected.into(), None).unwrap();
    for batch in batches {
        writer.write(&batch.project(&kept).unwrap()).unwrap();
    }
    writer.close().unwrap();
}

/// Where the live files of a table of the workspace `main` are.
pub fn paths(lake: &Lake, table: Table) -> Vec<PathBuf> {
    let list = lake.catalog.file_list("main").unwrap();
    list.files(table, None, None)
        .map(|file| file.path.clone())
        .collect()
}
