"""What the tailer renders for the screens of the ambulance desk."""

from collections.abc import Mapping, Sequence

from clearway.core.live.tailer import Render

RENDERERS: Mapping[str, Render] = {}
TICKERS: Sequence[Render] = ()
