"""Files a signed copy of the latest invoices, five times a second."""

import hashlib
import hmac
import threading
import time
from pathlib import Path

from vault import Vault

ARCHIVE = Path("/tmp/archive")

vault = Vault()


def keep_token_alive():
    while True:
        time.sleep(vault.ttl / 2)
        vault.renew()


vault.login()
threading.Thread(target=keep_token_alive, daemon=True).start()
ARCHIVE.mkdir(exist_ok=True)
while True:
    try:
        copy = f"invoices until {time.time():.0f}"
        signature = hmac.new(vault.signing_key(), copy.encode(), hashlib.sha256).hexdigest()
        (ARCHIVE / "latest").write_text(f"{copy} {signature}\n")
    except Exception as error:
        print("could not archive:", error)
    time.sleep(0.2)
