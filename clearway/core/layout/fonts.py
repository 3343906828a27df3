"""The fonts of letters and papers: Source Sans Pro, from the package of its files."""

from functools import cache
from pathlib import Path

import font_source_sans_pro as files

from clearway.interchange.tagged_pdf import Fonts


@cache
def fonts() -> Fonts:
    """Read once for a process."""
    faces = files.font_files_ttf
    return Fonts(Path(faces["SourceSansPro"]).read_bytes(), Path(faces["SourceSansProBold"]).read_bytes())
