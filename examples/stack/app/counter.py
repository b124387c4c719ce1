"""A page that says how often it was asked for."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

store = redis.Redis(host=os.environ["VALKEY_HOST"])
greeting = os.environ.get("GREETING", "Welcome")


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"{greeting}, visitor {store.incr('visits')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


ThreadingHTTPServer(("", 8080), Page).serve_forever()
