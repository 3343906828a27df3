"""Serving one ASGI application with the settings that stop cleanly."""

import uvicorn

STOP_SECONDS = 2  # an open live stream must not hold up a stop


def serve(host: str, port: int, workers: int) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        "clearway.config.asgi:application",
        host=host,
        port=port,
        workers=workers,
        timeout_graceful_shutdown=STOP_SECONDS,
        access_log=False,
        log_config=None,  # ours: JSON lines
        server_header=False,
    )
