"""A bounded client in closed loop: each connection asks again once it has its answer. This machine only."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Sequence

from bench.serve import HOST

HEADERS = {"Accept-Encoding": "gzip, br", "Accept": "text/html", "Accept-Language": "fr-CA"}


class Client:
    """One kept-alive connection. Never sends If-None-Match: every answer is made in full."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection(HOST, port, timeout=60)

    def get(self, address: str, bench: str = "") -> tuple[float, http.client.HTTPResponse, bytes]:
        headers = {**HEADERS, "X-Bench": bench} if bench else HEADERS
        for attempt in (1, 2):
            started = time.perf_counter()
            try:
                self.connection.request("GET", address, headers=headers)
                response = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection.close()  # left idle, the server closed it: open another, time it alone
                if attempt == 2:
                    raise
        body = response.read()
        took = time.perf_counter() - started
        if response.status != 200:
            raise RuntimeError(f"{address} : {response.status}")
        return took, response, body

    def close(self) -> None:
        self.connection.close()


def series(client: Client, addresses: Sequence[str], count: int, bench: str = "") -> tuple[list[float], list[float]]:
    """Of ``count`` requests, one after the other, going round the addresses: milliseconds, and those of processor."""
    took, worked = [], []
    for address in itertools.islice(itertools.cycle(addresses), count):
        seconds, response, _body = client.get(address, bench)
        took.append(1000 * seconds)
        worked.append(float(response.headers.get("X-Bench-Cpu", "0")))
    return took, worked


def throughput(port: int, addresses: Sequence[str], seconds: float, bench: str = "", connections: int = 4) -> float:
    """Answers a second, with a few connections at once."""
    limit = time.perf_counter() + seconds
    done = [0] * connections
    faults: list[BaseException] = []

    def work(number: int) -> None:
        client = Client(port)
        try:
            for address in itertools.cycle([*addresses[number:], *addresses[:number]]):
                if time.perf_counter() > limit:
                    break
                client.get(address, bench)
                done[number] += 1
        except Exception as fault:
            faults.append(fault)
        finally:
            client.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(done) / (time.perf_counter() - started)


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
