"""Which characters the terminal shows: what its locale says, not what Python writes.

Python writes UTF-8 in a C locale, too (PEP 538 even sets `LC_CTYPE` for it); the terminal then shows garbage.
"""

import os
import sys
from collections.abc import Mapping

_UTF8 = frozenset({"utf8", "utf8sig"})
_COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
"""What PEP 538 puts into `LC_CTYPE`."""


def charset(encoding: str | None, environ: Mapping[str, str] = os.environ, *, coerced: bool | None = None) -> str:
    """Give the encoding that a terminal understands, where a stream of ours writes `encoding`.

    `ascii` where that is UTF-8 and the locale is not: `LC_ALL`, else `LC_CTYPE`, else `LANG` names it (POSIX.1-2017,
    8.2), and none of them is the C locale. `coerced` tells whether Python itself may have set `LC_CTYPE`: it does so
    in its UTF-8 mode alone.
    """
    if encoding is None or _plain(encoding) not in _UTF8:
        return encoding or "ascii"
    coerced = bool(sys.flags.utf8_mode) if coerced is None else coerced
    named = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if coerced and named[1] in _COERCED:
        named[1] = ""
    locale = next((name for name in named if name), "C")
    codeset = locale.partition("@")[0].rpartition(".")[2]  # `UTF-8` alone is a locale of macOS
    return encoding if _plain(codeset) in _UTF8 else "ascii"


def shows_unicode() -> bool:
    """Tell whether what is printed on stdout may be drawn with more than ASCII."""
    return _plain(charset(sys.stdout.encoding)) in _UTF8


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
