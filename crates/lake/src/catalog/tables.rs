//! The tables of the catalog: those of DuckLake 1.0, and ours beside them.

/// The version of DuckLake that we write and read.
pub(super) const DUCKLAKE_VERSION: &str = "1.0";
/// The version of our own tables.
pub(super) const CATALOG_VERSION: u32 = 3;

/// The tables of DuckLake 1.0.
pub(super) const DUCKLAKE: &[&str] = &[
    "CREATE TABLE ducklake_metadata(key VARCHAR NOT NULL, value VARCHAR NOT NULL, scope VARCHAR, scope_id BIGINT)",
    "CREATE TABLE ducklake_snapshot(snapshot_id BIGINT PRIMARY KEY, snapshot_time VARCHAR, schema_version BIGINT, next_catalog_id BIGINT, next_file_id BIGINT)",
    "CREATE TABLE ducklake_snapshot_changes(snapshot_id BIGINT PRIMARY KEY, changes_made VARCHAR, author VARCHAR, commit_message VARCHAR, commit_extra_info VARCHAR)",
    "CREATE TABLE ducklake_schema(schema_id BIGINT PRIMARY KEY, schema_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_name VARCHAR, path VARCHAR, path_is_relative BIGINT)",
    "CREATE TABLE ducklake_table(table_id BIGINT, table_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, table_name VARCHAR, path VARCHAR, path_is_relative BIGINT)",
    "CREATE TABLE ducklake_view(view_id BIGINT, view_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, view_name VARCHAR, dialect VARCHAR, sql VARCHAR, column_aliases VARCHAR)",
    "CREATE TABLE ducklake_tag(object_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR, value VARCHAR)",
    "CREATE TABLE ducklake_column_tag(table_id BIGINT, column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR, value VARCHAR)",
    "CREATE TABLE ducklake_data_file(data_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, file_order BIGINT, path VARCHAR, path_is_relative BIGINT, file_format VARCHAR, record_count BIGINT, file_size_bytes BIGINT, footer_size BIGINT, row_id_start BIGINT, partition_id BIGINT, encryption_key VARCHAR, mapping_id BIGINT, partial_max BIGINT)",
    "CREATE TABLE ducklake_file_column_stats(data_file_id BIGINT, table_id BIGINT, column_id BIGINT, column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BIGINT, extra_stats VARCHAR)",
    "CREATE TABLE ducklake_file_variant_stats(data_file_id BIGINT, table_id BIGINT, column_id BIGINT, variant_path VARCHAR, shredded_type VARCHAR, column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BIGINT, extra_stats VARCHAR)",
    "CREATE TABLE ducklake_delete_file(delete_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, format VARCHAR, delete_count BIGINT, file_size_bytes BIGINT, footer_size BIGINT, encryption_key VARCHAR, partial_max BIGINT)",
    "CREATE TABLE ducklake_column(column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, table_id BIGINT, column_order BIGINT, column_name VARCHAR, column_type VARCHAR, initial_default VARCHAR, default_value VARCHAR, nulls_allowed BIGINT, parent_column BIGINT, default_value_type VARCHAR, default_value_dialect VARCHAR)",
    "CREATE TABLE ducklake_table_stats(table_id BIGINT, record_count BIGINT, next_row_id BIGINT, file_size_bytes BIGINT)",
    "CREATE TABLE ducklake_table_column_stats(table_id BIGINT, column_id BIGINT, contains_null BIGINT, contains_nan BIGINT, min_value VARCHAR, max_value VARCHAR, extra_stats VARCHAR)",
    "CREATE TABLE ducklake_partition_info(partition_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT)",
    "CREATE TABLE ducklake_partition_column(partition_id BIGINT, table_id BIGINT, partition_key_index BIGINT, column_id BIGINT, transform VARCHAR)",
    "CREATE TABLE ducklake_file_partition_value(data_file_id BIGINT, table_id BIGINT, partition_key_index BIGINT, partition_value VARCHAR)",
    "CREATE TABLE ducklake_files_scheduled_for_deletion(data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, schedule_start VARCHAR)",
    "CREATE TABLE ducklake_inlined_data_tables(table_id BIGINT, table_name VARCHAR, schema_version BIGINT)",
    "CREATE TABLE ducklake_column_mapping(mapping_id BIGINT, table_id BIGINT, type VARCHAR)",
    "CREATE TABLE ducklake_name_mapping(mapping_id BIGINT, column_id BIGINT, source_name VARCHAR, target_field_id BIGINT, parent_column BIGINT, is_partition BIGINT)",
    "CREATE TABLE ducklake_schema_versions(begin_snapshot BIGINT, schema_version BIGINT, table_id BIGINT)",
    "CREATE TABLE ducklake_macro(schema_id BIGINT, macro_id BIGINT, macro_name VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT)",
    "CREATE TABLE ducklake_macro_impl(macro_id BIGINT, impl_id BIGINT, dialect VARCHAR, sql VARCHAR, type VARCHAR)",
    "CREATE TABLE ducklake_macro_parameters(macro_id BIGINT, impl_id BIGINT, column_id BIGINT, parameter_name VARCHAR, parameter_type VARCHAR, default_value VARCHAR, default_value_type VARCHAR)",
    "CREATE TABLE ducklake_sort_info(sort_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT)",
    "CREATE TABLE ducklake_sort_expression(sort_id BIGINT, table_id BIGINT, sort_key_index BIGINT, expression VARCHAR, dialect VARCHAR, sort_direction VARCHAR, null_order VARCHAR)",
];

/// Indices that DuckLake does not ask for and does not mind: without them a commit reads every file.
pub(super) const INDICES: &[&str] = &[
    "CREATE INDEX upshot_live_files ON ducklake_data_file(table_id, end_snapshot)",
    "CREATE INDEX upshot_ended_files ON ducklake_data_file(end_snapshot) WHERE end_snapshot IS NOT NULL",
    "CREATE INDEX upshot_file_statistics ON ducklake_file_column_stats(data_file_id)",
    "CREATE INDEX upshot_file_partitions ON ducklake_file_partition_value(data_file_id)",
    "CREATE UNIQUE INDEX upshot_table_column_statistics ON ducklake_table_column_stats(table_id, column_id)",
];

/// Our own tables.
pub(super) const OURS: &[&str] = &[
    "CREATE TABLE upshot_meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE upshot_file(data_file_id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL)",
    "CREATE TABLE upshot_mark(node TEXT NOT NULL, workspace TEXT NOT NULL, events_mark INTEGER NOT NULL, facts_mark INTEGER NOT NULL, PRIMARY KEY(node, workspace)) WITHOUT ROWID",
    "CREATE TABLE upshot_dirty(workspace TEXT NOT NULL, conversation_id TEXT NOT NULL, segment_from INTEGER NOT NULL, segment_to INTEGER NOT NULL, due_time INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(workspace, conversation_id)) WITHOUT ROWID",
    "CREATE TABLE upshot_carry(workspace TEXT NOT NULL, fact_set TEXT NOT NULL, conversation_id TEXT NOT NULL, at_time INTEGER NOT NULL, carry BLOB NOT NULL, PRIMARY KEY(workspace, fact_set, conversation_id, at_time)) WITHOUT ROWID",
    "CREATE TABLE upshot_fact_set(workspace TEXT NOT NULL, name TEXT NOT NULL, profile_toml TEXT NOT NULL, fold_version INTEGER NOT NULL, active INTEGER NOT NULL, role TEXT NOT NULL DEFAULT '', replaces TEXT NOT NULL DEFAULT '', built_to INTEGER NOT NULL DEFAULT 9223372036854775807, PRIMARY KEY(workspace, name)) WITHOUT ROWID",
    "CREATE TABLE upshot_erased(workspace TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(workspace, hash)) WITHOUT ROWID",
    "CREATE TABLE upshot_erasure(workspace TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, proof TEXT NOT NULL, sessions TEXT NOT NULL, PRIMARY KEY(workspace, id)) WITHOUT ROWID",
    "CREATE TABLE upshot_keeping(workspace TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID",
];

/// What turns our tables of a version into those of the next.
pub(super) const MIGRATIONS: &[(u32, &[&str])] = &[
    (
        1,
        &[
            "ALTER TABLE upshot_fact_set ADD COLUMN role TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE upshot_fact_set ADD COLUMN replaces TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE upshot_fact_set ADD COLUMN built_to INTEGER NOT NULL DEFAULT 9223372036854775807",
            // Facts of a choice of profiles that was given up are gone.
            "DELETE FROM upshot_fact_set WHERE NOT active",
        ],
    ),
    (
        2,
        &[
            "CREATE TABLE IF NOT EXISTS upshot_erased(workspace TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(workspace, hash)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS upshot_erasure(workspace TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, proof TEXT NOT NULL, sessions TEXT NOT NULL, PRIMARY KEY(workspace, id)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS upshot_keeping(workspace TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID",
        ],
    ),
];
