"""A JSON-RPC server that answers as told, for what needs a node's interface and no chain."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refusal(Exception):
    """What a handler raises to answer with a JSON-RPC error."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


class FakeNode:
    """`methods` maps a method to a function of its parameters; `calls` records what was asked."""

    def __init__(self, methods):
        self.methods = methods
        self.calls = []
        self.headers = []
        self.url = ""

    def answer(self, request):
        method, parameters = request["method"], request.get("params", [])
        self.calls.append((method, parameters))
        if method not in self.methods:
            error = {"code": -32601, "message": "Method not found"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        try:
            result = self.methods[method](*parameters)
        except Refusal as refusal:
            error = {"code": refusal.code, "message": refusal.message}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}


class Allowlists:
    """The perm_* methods of a Besu node over two lists."""

    def __init__(self, accounts=(), nodes=()):
        self.accounts, self.nodes = list(accounts), list(nodes)

    def methods(self):
        return {
            "perm_getAccountsAllowlist": lambda: self.accounts,
            "perm_getNodesAllowlist": lambda: self.nodes,
            "perm_addAccountsToAllowlist": lambda new: self._add(self.accounts, new),
            "perm_addNodesToAllowlist": lambda new: self._add(self.nodes, new),
            "perm_removeAccountsFromAllowlist": lambda old: self._remove(self.accounts, old),
            "perm_removeNodesFromAllowlist": lambda old: self._remove(self.nodes, old),
        }

    @staticmethod
    def _add(listed, new):
        if set(new) & set(listed):
            raise Refusal(-32000, "Request contains an entry that is on the list already")
        listed.extend(new)
        return "Success"

    @staticmethod
    def _remove(listed, old):
        if not set(old) <= set(listed):
            raise Refusal(-32000, "Request contains an entry that is not on the list")
        listed[:] = [entry for entry in listed if entry not in old]
        return "Success"


@contextmanager
def fake_node(methods, tls=None, token=None):
    """Serve `methods`; with an `ssl.SSLContext` by HTTPS, with a token only to whoever shows it."""
    node = FakeNode(methods)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            node.headers.append(dict(self.headers))
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if token is not None and self.headers["Authorization"] != f"Bearer {token}":
                self.send_error(401)
                return
            answer = (
                [node.answer(one) for one in request]
                if isinstance(request, list)
                else node.answer(request)
            )
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    node.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
