"""Pushes to many screens: one web process beside the barest server of the same stream, in one run.

The bare one listens and fetches as ours does and writes to its sockets: no framework, no sign-in, no queue,
no memory of what was sent. Both get the same pushes in the order ours, bare, bare, ours. Latency runs from
just before the COMMIT of the push to the client, which is on the same two cores.

  python -m bench.fanout [--screens 1000] [--rate 10] [--seconds 8]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from bench import processes
from tests.faults.house import House, a_house, free_port, wait_for

CHANNEL = "clearway_push"
FILLING = "x" * 200  # with its envelope a push is about 300 bytes


def follow(port: int, cookie: str, screens: int, pipe: Connection) -> None:
    """In a process of its own: open the screens, say so, then answer with the latencies when asked."""
    latencies: list[float] = []

    async def screen(ready: list[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked = f"GET /live/?topics=feeds HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={cookie}\r\n\r\n"
        writer.write(asked.encode())
        await reader.readuntil(b"retry: 2000\n\n")
        ready.append(1)
        while line := await reader.readline():
            if line.startswith(b"data: ") and b'"html": "' in line:
                made = line.partition(b'"html": "')[2].partition(b" ")[0]
                latencies.append(time.time() - float(made))

    async def main() -> None:
        ready: list[int] = []
        tasks = [asyncio.create_task(screen(ready)) for _ in range(screens)]
        while len(ready) < screens:
            await asyncio.sleep(0.05)
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        pipe.send(latencies)
        for task in tasks:
            task.cancel()

    asyncio.run(main())


def serve_bare(port: int, address: str, pipe: Connection) -> None:
    """The bare server, in a process of its own."""
    import psycopg

    writers: list[asyncio.StreamWriter] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 2000\n\n")
        writers.append(writer)

    async def main() -> None:
        await asyncio.start_server(greet, "127.0.0.1", port, backlog=2048)
        link = await psycopg.AsyncConnection.connect(address, autocommit=True)
        await link.execute(f"LISTEN {CHANNEL}")
        newest = 0
        pipe.send("ready")
        while True:
            _ = [notice async for notice in link.notifies(stop_after=1)]
            query = "SELECT id, topic, key, body FROM core_push WHERE id > %s ORDER BY id"
            found = await (await link.execute(query, [newest])).fetchall()
            for newest, topic, key, body in found:
                data = json.dumps({"topic": topic, "key": key, "html": body})
                encoded = f"id: {newest}\nevent: push\ndata: {data}\n\n".encode()
                for writer in writers:
                    writer.write(encoded)

    asyncio.run(main())


def publish(house: House, rate: float, seconds: float) -> int:
    """Commit pushes at a rate. Returns how many."""
    count = 0
    with house.connect() as link:
        due = time.monotonic()
        while count < rate * seconds:
            with link.transaction():
                link.execute(
                    "INSERT INTO core_push (organisation_id, topic, key, body, at)"
                    " SELECT id, 'feeds', 'x', %s, now() FROM core_organisation LIMIT 1",
                    [f"{time.time()} {FILLING}"],
                )
                link.execute("SELECT pg_notify(%s, '{\"push\": 0}')", [CHANNEL])
            count += 1
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
    return count


def one_run(house: House, port: int, pid: int, wanted: argparse.Namespace) -> dict[str, float]:
    """Screens on one server for a while: latencies in ms, CPU in microseconds a delivery, what was lost."""
    mine, theirs = multiprocessing.Pipe()
    client = multiprocessing.Process(target=follow, args=(port, house.cookie, wanted.screens, theirs))
    client.start()
    assert mine.poll(120) and mine.recv() == "ready"
    before = processes.cpu_seconds(pid)
    count = publish(house, wanted.rate, wanted.seconds)
    time.sleep(1)
    cpu = processes.cpu_seconds(pid) - before
    mine.send("stop")
    latencies = mine.recv()
    client.join()
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "p50 ms": 1000 * cuts[49],
        "p95 ms": 1000 * cuts[94],
        "CPU us": 1e6 * cpu / len(latencies),
        "lost": count * wanted.screens - len(latencies),
    }


def start_bare(house: House) -> tuple[int, int]:
    port = free_port()
    address = f"host={house.server.sockets} user=clearway dbname=clearway"
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve_bare, args=(port, address, theirs), daemon=True)
    server.start()
    assert mine.recv() == "ready" and server.pid
    return port, server.pid


def listens_deeply(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--screens", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=10, help="pushes a second (default 10)")
    parser.add_argument("--seconds", type=float, default=8)
    wanted = parser.parse_args()
    with a_house() as house:
        house.serve("web")
        ours = (house.ports["web"], house.processes["web"].pid)
        bare = start_bare(house)
        wait_for(listens_deeply(bare[0]), seconds=10, what="the bare server")
        runs = [(name, one_run(house, *where, wanted)) for name, where in order(ours, bare)]
        memory = processes.memory_mb(ours[1])
    print(f"{wanted.screens} screens, {wanted.rate:g} pushes a second, load average {os.getloadavg()[0]:.1f}")
    means = {
        name: {what: statistics.mean(run[what] for who, run in runs if who == name) for what in runs[0][1]}
        for name in ("ours", "bare")
    }
    for what in runs[0][1]:
        mine, theirs = means["ours"][what], means["bare"][what]
        ratio = f"ratio {mine / theirs:.2f}" if theirs else ""
        print(f"{what:<8} ours {mine:8.1f}   bare {theirs:8.1f}   {ratio}")
    print(f"memory of our process {memory:.0f} MB")


def order(ours: tuple[int, int], bare: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    return [("ours", ours), ("bare", bare), ("bare", bare), ("ours", ours)]


if __name__ == "__main__":
    main()
