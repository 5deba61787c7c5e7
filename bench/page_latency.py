"""Pages with 50 readers and 100,000 trades in the tables, against the queries that they ask.

Usage: python bench/page_latency.py [trades [requests]]; prints one JSON line a page, then the delay
from a block to the event in an open stream.

Both are asked of the same server by the same readers in random order, so that a busy machine slows
both: the ratio of the 95th percentiles is what counts. A reader waits 1 to 3 seconds after each
answer. The queries are those of the page, their rows fetched and dropped.
"""

import http.client
import json
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import pytest  # noqa: E402
from flask import Response  # noqa: E402
from sqlalchemy import event, insert  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402

from harness.bare_chain import bare_access, silent_node  # noqa: E402
from harness.founded import found, ok, open_session  # noqa: E402
from harness.served import served  # noqa: E402
from tanlian.accounts.secrets_box import SecretsBox  # noqa: E402
from tanlian.accounts.store import open_store  # noqa: E402
from tanlian.bootstrap import serving  # noqa: E402
from tanlian.domain.instrument import allowance  # noqa: E402
from tanlian.domain.market_events import Kind  # noqa: E402
from tanlian.readmodel.store import open_read_model  # noqa: E402
from tanlian.readmodel.tables import (  # noqa: E402
    certificates,
    checkpoint,
    fills,
    issue_blocks,
    orders,
    organisations,
    sessions,
)
from tanlian.services.outbox import Outbox  # noqa: E402
from tanlian.web.app import Office, create_app  # noqa: E402
from tanlian.web.config import WebConfig  # noqa: E402
from tanlian.web.guards import public  # noqa: E402

READERS = 50
MEMBERS, SESSIONS, STANDING, CERTIFICATES = 500, 40, 400, 2_000
PATHS = ("sessions", "sessions/40", "prices", "members", "certificates", "statistics")
TOKEN = allowance(2024).token_id
START = 1_750_000_000


def fill(tables: Engine, trades: int) -> None:
    """Nine tenths of the trades lie in the newest session, the others in those before."""
    draw = random.Random(7)
    terms = {
        "reference_tick": 7_000, "opens_at": START, "cancels_until": START + 300,
        "auction_ends_at": START + 600, "closes_at": START + 9_000_000, "margin_bps": 10_000,
        "pay_by": 0,
    }  # fmt: skip
    with tables.begin() as db:
        db.execute(insert(checkpoint).values(
            id=1, chain_id=7, genesis_hash="0x12", block=trades, block_hash="0x34",
            block_time=START + 5_000,
        ))  # fmt: skip
        db.execute(insert(organisations), [
            {"id": n, "identity": f"{n}", "name": f"成员 Member {n}", "roles": 2, "sector": n % 8,
             "region": 11 + n % 30, "active": True, "certificate": "0x", "admitted_at": START}
            for n in range(1, MEMBERS + 1)
        ])  # fmt: skip
        db.execute(insert(sessions), [
            {"id": n, "instrument": TOKEN, "terms": json.dumps(terms), "low_tick": 6_300,
             "high_tick": 7_700, "opens_at": START, "closes_at": terms["closes_at"],
             "paused": False, "cleared_at": START + 601,
             "closed_at": START + 9_000 if n < SESSIONS else None,
             "closing_tick": 7_000 + n if n < SESSIONS else None, "volume_lots": trades,
             "turnover_half_ticks": trades * 14_000, "first_half_ticks": 14_000,
             "highest_half_ticks": 14_200, "lowest_half_ticks": 13_800, "last_half_ticks": 14_010,
             "trades": trades}
            for n in range(1, SESSIONS + 1)
        ])  # fmt: skip
        rows = []
        for n in range(trades):
            newest = n >= trades // 10
            rows.append({
                "block": n, "log_index": 0, "number": 0,
                "session": SESSIONS if newest else 1 + n * 10 * (SESSIONS - 1) // trades,
                "kind": int(Kind.BUYER_TOOK if n % 10 else Kind.AUCTION),
                "buyer": draw.randint(1, MEMBERS),
                "seller": draw.randint(1, MEMBERS), "lots": draw.randint(1, 500),
                "half_ticks": draw.randint(13_800, 14_200), "bid_tick": 7_000, "bid_position": n,
                "ask_tick": 7_000, "ask_position": n, "obligation": 0, "time": START + n // 20,
                "tx_hash": f"0x{n:064x}",
            })  # fmt: skip
        db.execute(insert(fills), rows)
        db.execute(insert(orders), [
            {"session": SESSIONS, "buy": bool(n % 2), "tick": 7_000 - 50 + n % 100, "position": n,
             "organisation": draw.randint(1, MEMBERS), "lots": 100,
             "open_lots": 100 if n % (trades // STANDING) == 0 else 0, "ended": None,
             "ended_at": None, "time": START + 400 if n < 5_000 else START + 700, "block": n,
             "log_index": 0, "tx_hash": f"0x{n:064x}"}
            for n in range(trades)
        ])  # fmt: skip
        db.execute(insert(issue_blocks).values(
            id=TOKEN << 40 | 1, token_id=TOKEN, organisation=1, first_serial=1,
            amount_kg=10**9, basis="0xab", time=START, tx_hash="0xcd",
        ))  # fmt: skip
        db.execute(insert(certificates), [
            {"id": TOKEN << 40 | n, "token_id": TOKEN, "organisation": 1 + n % MEMBERS,
             "first_serial": n * 1_000, "amount_kg": 1_000, "purpose": 1, "reference": "0xef",
             "time": START + n, "tx_hash": "0x01"}
            for n in range(1, CERTIFICATES + 1)
        ])  # fmt: skip


class Recorder:
    """Notes the statements that a request sends to the tables, to send them again alone."""

    def __init__(self, tables: Engine) -> None:
        self._at = threading.local()
        event.listen(tables, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, _many) -> None:
        if getattr(self._at, "said", None) is not None:
            self._at.said.append((statement, parameters))

    def statements_of(self, app, path: str) -> list:
        self._at.said = []
        assert app.test_client().get(f"/{path}").status_code == 200
        said, self._at.said = self._at.said, None
        return said


def serve(folder: str, trades: int, pipe) -> None:
    """A server in a process of its own, with each page's queries beside the page."""
    from waitress.server import create_server

    tables = open_read_model(f"sqlite:///{folder}/tables.sqlite")
    fill(tables, trades)
    box = SecretsBox.at(Path(folder) / "key")
    accounts = open_store(f"sqlite:///{folder}/accounts.sqlite", box)
    with silent_node() as url:
        outbox = Outbox(accounts, bare_access(url), lambda: int(time.time()))
        office = Office(accounts, box, tables, outbox)
        app = create_app(WebConfig(secret=b"s" * 32, insecure_cookies=True), office)
        recorder = Recorder(tables)
        for place, path in enumerate(PATHS):
            statements: list = []

            def ask(statements: list = statements) -> Response:
                with tables.connect() as db:
                    cursor = db.connection.cursor()
                    for statement, parameters in statements:
                        cursor.execute(statement, parameters)
                        cursor.fetchall()
                return Response("asked")

            app.add_url_rule(f"/bench/{place}", f"bench_{place}", public(ask))
            app.extensions[path] = statements
        for path in PATHS:  # the second time, when what is remembered is remembered
            recorder.statements_of(app, path)
            app.extensions[path] += recorder.statements_of(app, path)
        server = create_server(app, host="127.0.0.1", port=0, threads=16)
        pipe.send((server.effective_port, {p: len(app.extensions[p]) for p in PATHS}))
        server.run()


def read(port: int, requests: int, took: dict, lock: threading.Lock, seed: int) -> None:
    draw = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    asked = [f"/{path}" for path in PATHS] + [f"/bench/{place}" for place in range(len(PATHS))]
    time.sleep(draw.uniform(0, 2))
    for _ in range(requests):
        path = draw.choice(asked)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept-Language": "zh"})
        answer = connection.getresponse()
        answer.read()
        seconds = time.perf_counter() - began
        assert answer.status == 200, (path, answer.status)
        with lock:
            took[path].append(seconds)
        time.sleep(draw.uniform(1, 3))


def percentile(seconds: list[float], share: float) -> float:
    return round(sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)] * 1_000, 1)


def pages(trades: int, requests: int) -> None:
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = context.Pipe()
        server = context.Process(target=serve, args=(folder, trades, theirs), daemon=True)
        server.start()
        port, statements = mine.recv()
        took: dict[str, list[float]] = defaultdict(list)
        lock = threading.Lock()
        readers = [
            threading.Thread(target=read, args=(port, requests, took, lock, seed))
            for seed in range(READERS)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        server.terminate()
        server.join()
    for place, path in enumerate(PATHS):
        page, query = took[f"/{path}"], took[f"/bench/{place}"]
        print(json.dumps({
            "page": path, "requests": len(page), "statements": statements[path],
            "p50 ms": percentile(page, 0.5), "p95 ms": percentile(page, 0.95),
            "query p50 ms": percentile(query, 0.5), "query p95 ms": percentile(query, 0.95),
            "p95 ratio": round(percentile(page, 0.95) / percentile(query, 0.95), 2),
        }), flush=True)  # fmt: skip


def stream_delay(samples: int) -> None:
    """From the block that holds an event, seen by its sender, to the event in an open stream."""
    delays = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as environment:
        folder = Path(name)
        with served(folder, environment) as chain:
            found(chain, folder)
            open_session(chain)
            with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
                heard: dict[int, float] = {}

                def listen() -> None:
                    with urllib.request.urlopen(f"{address}live", timeout=120) as stream:
                        for line in stream:
                            if line.startswith(b"data: "):
                                heard[int(line[6:])] = time.perf_counter()

                threading.Thread(target=listen, daemon=True).start()
                time.sleep(2)
                for number in range(samples):
                    ok(chain, "quote", 1, "buy", f"68.{number:02d}", 1, "--as", "other")
                    sealed, block = time.perf_counter(), chain.connection().head()
                    while not any(seen >= block for seen in heard):
                        time.sleep(0.002)
                    first = min(moment for seen, moment in heard.items() if seen >= block)
                    delays.append(max(first - sealed, 0.0))
    print(json.dumps({
        "stream": samples, "p50 ms": percentile(delays, 0.5), "p95 ms": percentile(delays, 0.95),
        "worst ms": percentile(delays, 1.0),
    }))  # fmt: skip


if __name__ == "__main__":
    asked = [int(text) for text in sys.argv[1:]]
    pages(asked[0] if asked else 100_000, asked[1] if len(asked) > 1 else 40)
    stream_delay(30)
