"""A plain TCP server behind the proxies: answers a byte with a byte, and a line with a number by so many bytes.

python -m benchmarks.proxy_peer PORT
"""

from __future__ import annotations

import asyncio
import sys

BLOCK = bytes(256 * 1024)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        line = await reader.readline()
        left = int(line)
        while left > 0:
            writer.write(BLOCK[:left])
            await writer.drain()
            left -= len(BLOCK)
    except (OSError, ValueError):
        pass
    finally:
        writer.close()


async def serve(port: int) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
