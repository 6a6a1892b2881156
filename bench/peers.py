"""Runs a file of SQL in DuckDB or in ClickHouse's engine and prints what it took, as one line of JSON.

Usage: python bench/peers.py duckdb|clickhouse FILE.sql [--set NAME=VALUE]… [--runs N] [--threads N]

`{NAME}` in the SQL is replaced by VALUE. The file's last statement gives the result; all statements are timed
together. One run that is not timed comes first: the peers are measured at their best.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path


def duckdb_engine(threads: int) -> tuple[str, Callable[[str], list[list]]]:
    """DuckDB's version and what runs a statement in it."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}")
    connection.execute("set preserve_insertion_order = false")
    return duckdb.__version__, lambda query: [list(row) for row in connection.execute(query).fetchall()]


def clickhouse_engine(threads: int) -> tuple[str, Callable[[str], list[list]]]:
    """The version of ClickHouse's engine and what runs a statement in it."""
    from chdb.session import Session

    session = Session()
    session.query(f"set max_threads = {threads}")
    # Large numbers as numbers, not as text.
    session.query("set output_format_json_quote_64bit_integers = 0")

    def run(query: str) -> list[list]:
        answer = str(session.query(query, "JSONCompactEachRow"))
        return [json.loads(line) for line in answer.splitlines() if line]

    version = run("select version()")[0][0]
    return version, run


ENGINES = {"duckdb": duckdb_engine, "clickhouse": clickhouse_engine}


def statements(text: str) -> list[str]:
    """The statements of a file of SQL: each ends with a semicolon at the end of a line."""
    parts = (part.strip() for part in f"{text}\n".split(";\n"))
    return [part for part in parts if part]


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    text = options.file.read_text(encoding="utf-8")
    for setting in options.set:
        name, value = setting.split("=", 1)
        text = text.replace(f"{{{name}}}", value)
    version, run = ENGINES[options.engine](options.threads)
    seconds = []
    result: list[list] = []
    for _ in range(options.runs + 1):
        start = time.perf_counter()
        for statement in statements(text):
            result = run(statement)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answer = {
        "version": version,
        "seconds": seconds[1:],
        "peak_memory_bytes": peak,
        "rows": len(result),
        "result": result,
    }
    print(json.dumps(answer, default=float))


if __name__ == "__main__":
    main()
