"""The module `ducklake`, on a lake that DuckDB wrote: it must open it read-only wherever the directory is now."""

import os
import shutil

import duckdb
import pytest

import ducklake


@pytest.fixture
def directory(tmp_path):
    """A data directory with a table of a thousand rows, written by DuckDB, the catalog in write-ahead mode."""
    home = tmp_path / "data"
    (home / "files").mkdir(parents=True)
    connection = duckdb.connect()
    ducklake.load_extensions(connection)
    connection.execute(
        f"ATTACH 'ducklake:sqlite:{home}/lake.sqlite' AS lake "
        f"(DATA_PATH '{home}/files/', DATA_INLINING_ROW_LIMIT 0)"
    )
    connection.execute("CREATE TABLE lake.events AS SELECT i AS number FROM range(1000) AS t(i)")
    connection.execute("DETACH lake")
    connection.close()
    import sqlite3

    catalog = sqlite3.connect(home / "lake.sqlite")
    assert catalog.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    catalog.close()
    return home


def test_reads_what_the_catalog_names(directory):
    connection = ducklake.connect(directory)
    assert ducklake.rows(connection, "SELECT count(*) AS n, sum(number) AS s FROM lake.events") == [
        {"n": 1000, "s": 499500}
    ]


def test_a_moved_directory_still_opens(directory):
    moved = directory.with_name("moved")
    shutil.move(directory, moved)
    connection = ducklake.connect(moved)
    assert ducklake.rows(connection, "SELECT max(number) AS m FROM lake.events") == [{"m": 999}]


def test_a_directory_named_relatively_opens(directory):
    here = os.getcwd()
    os.chdir(directory.parent)
    try:
        connection = ducklake.connect("data")
    finally:
        os.chdir(here)
    assert ducklake.rows(connection, "SELECT max(number) AS m FROM lake.events") == [{"m": 999}]


def test_opens_while_a_writer_holds_a_transaction(directory):
    import sqlite3

    writer = sqlite3.connect(directory / "lake.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    connection = ducklake.connect(directory)
    assert ducklake.rows(connection, "SELECT count(*) AS n FROM lake.events") == [{"n": 1000}]
    writer.execute("ROLLBACK")


def test_writing_is_refused(directory):
    connection = ducklake.connect(directory)
    with pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("INSERT INTO lake.events VALUES (1)")


def test_a_directory_without_a_lake_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="found none"):
        ducklake.connect(tmp_path)
