"""Runs a file of SQL in DuckDB or in ClickHouse's engine and prints what it took, as one line of JSON.

Usage: python bench/peers.py duckdb|clickhouse FILE.sql [--set NAME=VALUE]… [--runs N] [--threads N]

`{NAME}` in the SQL is replaced by VALUE. The file's last statement gives the result; all statements are timed
together. One run that is not timed comes first: the peers are measured at their best.

Where the file has lines `-- question: NAME`, what stands before the first is run once and not timed. Each question is
timed by itself too (`each`), and the result has the rows of every question by its name.
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


def median(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each number."""
    return {name: sorted(run[name] for run in runs)[len(runs) // 2] for name in runs[0]}


MARK = "-- question: "


def questions(text: str) -> tuple[str, dict[str, str]]:
    """What comes first, and the SQL of each question by its name."""
    first, *parts = f"\n{text}".split(f"\n{MARK}")
    return first, dict(part.split("\n", 1) for part in parts)


def processor() -> float:
    """Seconds that processors have spent on this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ask(text: str, run: Callable[[str], list[list]]) -> tuple[list[list] | dict, dict[str, dict]]:
    """The result of a file of SQL, and the seconds of each of its questions, by the clock and of processors."""
    _, named = questions(text)
    if not named:
        result: list[list] = []
        for statement in statements(text):
            result = run(statement)
        return result, {}
    found, seconds = {}, {}
    for name, sql in named.items():
        start, used = time.perf_counter(), processor()
        for statement in statements(sql):
            found[name] = run(statement)
        seconds[name] = {"seconds": time.perf_counter() - start, "processor": processor() - used}
    return found, seconds


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
    seconds, each = [], []
    result: list[list] | dict = []
    first, named = questions(text)
    for statement in statements(first) if named else []:
        run(statement)
    for _ in range(options.runs + 1):
        start = time.perf_counter()
        result, of_questions = ask(text, run)
        seconds.append(time.perf_counter() - start)
        each.append(of_questions)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answer = {
        "version": version,
        "seconds": seconds[1:],
        "each": {name: median([times[name] for times in each[1:]]) for name in named},
        "peak_memory_bytes": peak,
        "rows": len(result),
        "result": result,
    }
    print(json.dumps(answer, default=float))


if __name__ == "__main__":
    main()
