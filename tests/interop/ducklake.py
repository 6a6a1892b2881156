"""Opens the lake of an Upshot data directory with DuckDB's own DuckLake client, read-only.

As a module:

    from ducklake import connect
    connection = connect("./upshot-data")
    connection.sql("SELECT count(*) FROM lake.events").show()

As a command, for tests that are not written in Python (one JSON array of rows on standard output, each row an
object; every SQL statement gives one line):

    python tests/interop/ducklake.py DATA_DIRECTORY "SELECT count(*) AS n FROM lake.events" …

Needs the packages of `requirements.txt` beside this file. Nothing is fetched when it runs: the extensions are
loaded from the files that the packages install.
"""

import importlib.util
import json
import sqlite3
import sys
from pathlib import Path

import duckdb

SQLITE_MAGIC = b"SQLite format 3\x00"
EXTENSION_PACKAGES = ("duckdb_extension_sqlite_scanner", "duckdb_extension_ducklake")


def extension_file(package: str) -> Path:
    """The extension file that an installed `duckdb-extension-*` package carries for this DuckDB."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(
            f"the Python package {package} is not installed: pip install -r tests/interop/requirements.txt"
        )
    folder = Path(next(iter(found.submodule_search_locations))) / "extensions" / f"v{duckdb.__version__}"
    files = sorted(folder.glob("*.duckdb_extension"))
    if not files:
        raise FileNotFoundError(
            f"{package} holds no extension for DuckDB {duckdb.__version__} (looked in {folder}): "
            "install the same version of both"
        )
    return files[0]


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Loads the DuckLake and SQLite extensions into a connection, without any download."""
    connection.execute("SET autoinstall_known_extensions = false")
    for package in EXTENSION_PACKAGES:
        connection.execute(f"LOAD {quoted(extension_file(package))}")


def find_catalog(data_directory: str | Path) -> Path:
    """The SQLite file of the data directory that holds a DuckLake catalog."""
    directory = Path(data_directory)
    found = [path for path in sorted(directory.rglob("*")) if path.is_file() and is_catalog(path)]
    if len(found) != 1:
        names = ", ".join(str(path) for path in found) or "none"
        raise FileNotFoundError(f"expected one DuckLake catalog in {directory}, found {names}")
    return found[0]


def is_catalog(path: Path) -> bool:
    """Whether a file is a SQLite database with DuckLake's metadata table."""
    with path.open("rb") as file:
        if file.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            return False
    return bool(read_sqlite(path, "SELECT 1 FROM sqlite_master WHERE name = 'ducklake_metadata'"))


def read_sqlite(path: Path, query: str) -> list[tuple]:
    """Rows of a query on a SQLite file, opened read-only."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def data_path(catalog: Path, data_directory: Path) -> tuple[str, bool]:
    """Where the catalog's files are, and whether that differs from what the catalog itself says.

    A data directory may have been moved, or named relatively by whoever wrote it: then its files are looked for
    inside the directory as it is named now.
    """
    found = read_sqlite(
        catalog, "SELECT value FROM ducklake_metadata WHERE key = 'data_path' AND scope IS NULL"
    )
    recorded = Path(found[0][0]) if found and found[0][0] else Path()
    if recorded.is_absolute() and recorded.is_dir():
        return f"{recorded}/", False
    inside = [] if recorded.is_absolute() else [data_directory / recorded]
    for candidate in (*inside, catalog.parent / recorded.name):
        if candidate.is_dir():
            return f"{candidate.resolve()}/", True
    return f"{data_directory.resolve()}/", True


def connect(data_directory: str | Path, alias: str = "lake") -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with the directory's lake attached, read-only, as `alias`."""
    directory = Path(data_directory)
    catalog = find_catalog(directory)
    files, moved = data_path(catalog, directory)
    options = ["READ_ONLY", f"DATA_PATH {quoted(files)}"]
    if moved:
        options.append("OVERRIDE_DATA_PATH true")
    connection = duckdb.connect()
    load_extensions(connection)
    connection.execute(
        f"ATTACH {quoted(f'ducklake:sqlite:{catalog.resolve()}')} AS {alias} ({', '.join(options)})"
    )
    return connection


def quoted(text: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    """The rows of a query, each as a dictionary by column name."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def main(arguments: list[str]) -> int:
    """Runs each statement given on the command line and prints its rows as a line of JSON."""
    if len(arguments) < 2:
        print("usage: ducklake.py DATA_DIRECTORY SQL [SQL …]", file=sys.stderr)
        return 2
    connection = connect(arguments[0])
    for query in arguments[1:]:
        print(json.dumps(rows(connection, query), default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
