"""Asks a live server everything that openapi.json allows, and what it does not, with Schemathesis.

UPSHOT_BINARY is the product under test. The server has data, a key, and a free port of this machine.
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
KEY = "a-key-of-more-than-20-letters"
# How many requests each operation gets beside those that try every bound of its description.
EXAMPLES = "12"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(url, server):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url + "/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not answer")


def main():
    binary = os.environ["UPSHOT_BINARY"]
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        demo = [binary, "demo", "--data", data, "--conversations", "200", "--end", "2026-03-01", "--quiet"]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        serve = [binary, "serve", "--data", data, "--listen", f"127.0.0.1:{port}", "--quiet"]
        server = subprocess.Popen(serve, env={**os.environ, "UPSHOT_KEY": KEY})
        try:
            wait_for(url, server)
            asked = subprocess.run(
                [
                    os.path.join(os.path.dirname(sys.executable), "st"),
                    *("--config-file", HERE / "schemathesis.toml"),
                    *("run", HERE.parent.parent / "openapi.json", "--url", url),
                    *("--header", f"Authorization: Bearer {KEY}"),
                    # A stream that only ends after half an hour: crates/server/tests/it/under.rs listens to it.
                    *("--exclude-path", "/api/v1/changes"),
                    *("--phases", "examples,coverage,fuzzing"),
                    *("--checks", "all", "--max-examples", EXAMPLES, "--no-color"),
                    *("--suppress-health-check", "all", "--no-shrink"),
                ],
                cwd=folder,
                env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")},
                check=False,
            )
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode}")
        finally:
            server.terminate()
            server.wait(timeout=30)
    sys.exit(asked.returncode)


if __name__ == "__main__":
    main()
