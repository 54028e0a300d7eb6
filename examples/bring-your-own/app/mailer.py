"""Signs and sends an invoice for each POST /invoices."""

import hashlib
import hmac
import itertools
import json
import random
import threading
import time
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vault import Vault

REFRESH = 1  # seconds between two looks at Vault: a new key is in use soon
KEEP = 600  # seconds for which we sign with a key that Vault has not confirmed since

numbers = itertools.count(1)


class SigningKey:
    """Always has a key at hand, and looks for a newer one in the background."""

    def __init__(self):
        self.vault = Vault()
        self.key = None
        self.confirmed = 0.0
        threading.Thread(target=self.refresh_for_ever, daemon=True).start()

    def refresh_for_ever(self):
        pause = REFRESH
        while True:
            try:
                self.refresh()
                pause = REFRESH
            except Exception as error:
                print("no answer from Vault:", error)
                pause = min(pause * 2, 4)
            time.sleep(pause * random.uniform(0.5, 1))

    def refresh(self):
        if not self.vault.token:
            self.vault.login()
        try:
            self.key = self.vault.signing_key()
        except urllib.error.HTTPError as error:
            if error.code != 403:
                raise
            print("our token is no longer good, logging in")
            self.vault.login()
            self.key = self.vault.signing_key()
        self.confirmed = time.monotonic()

    def sign(self, text):
        if self.key is None or time.monotonic() - self.confirmed > KEEP:
            return None
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


class Invoices(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        # What is left unread would be taken for the next request on this connection.
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = next(numbers)
        signature = signing_key.sign(f"invoice {number}")
        if signature is None:
            self.answer(503, {"problem": "cannot sign"})
        else:
            self.answer(201, {"number": number, "signature": signature})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signing_key = SigningKey()
ThreadingHTTPServer(("", 8080), Invoices).serve_forever()
