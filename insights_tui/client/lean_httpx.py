"""httpx without its own command line, which would load pygments and more of rich: 40 ms of every start.

httpx tries to import `httpx._main` and does without where that fails, as where its extra `httpx[cli]` is not
installed. Import it from here.
"""

import sys
from typing import Any

_COMMAND_LINE = "httpx._main"

_modules: dict[str, Any] = sys.modules
_new = "httpx" not in _modules
if _new:
    _modules[_COMMAND_LINE] = None  # Python's documented way to let an import fail
try:
    import httpx
finally:
    if _new:
        del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
