"""Where the package is that these tests run: src, or the compiled copy that `make test-compiled` tests.

Processes that a test starts get the same one.
"""

from __future__ import annotations

from pathlib import Path

import asocial

SOURCE = Path(asocial.__file__).parents[1]
