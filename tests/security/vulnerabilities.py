"""A database of vulnerabilities on loopback that speaks OSV's protocol, in the place of one on the network."""

import contextlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextlib.contextmanager
def database(knows):
    """Its URL, and the names that it is asked for; `knows` are packages with a hole, None a server that has gone."""
    asked = set()

    class Database(BaseHTTPRequestHandler):
        def do_POST(self):
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            asked.add(name)
            self.answer({"vulns": [{"id": f"TEST-{name}", "affected": []}]} if name in knows else {})

        def answer(self, document):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code="-", size="-"):
            """Quiet: a line a package says nothing here."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        if knows is None:
            server.server_close()
            yield url, asked
            return
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield url, asked
        server.shutdown()
        thread.join()
