"""The pages as a process of their own, as an operator starts them."""

import http.cookiejar
import json
import os
import subprocess
import sys
import threading
import urllib.parse
import urllib.request


class Process:
    """`tanlian web serve` as an operator starts it, with its log."""

    def __init__(self, chain, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "tanlian.cli", "--rpc", chain.url, "--book",
                str(chain.target.book), "web", "serve", "--port", "0",
            ],
            env={**os.environ, "TANLIAN_DATA": str(chain.folder), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.lines: list[dict] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._jar = http.cookiejar.CookieJar()
        self.address = ""

    def ready(self) -> "Process":
        """Wait for the address; both may be starting at once."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("serving: "), self.lines
        self.address = line.removeprefix("serving: ").strip()
        return self

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(json.loads(line) if line.startswith("{") else {"text": line})

    def open(self, path: str, form: dict | None = None, jar=None):
        handler = urllib.request.HTTPCookieProcessor(jar if jar is not None else self._jar)
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(
            self.address + path, data, {"Accept-Language": "en", "Accept": "text/html"}
        )
        return urllib.request.build_opener(handler).open(request, timeout=20)

    def read(self, path: str, form: dict | None = None, jar=None) -> str:
        with self.open(path, form, jar) as answer:
            return answer.read().decode()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        self._process.terminate()
        return self._process.wait(30)
