"""What all tests share: the library is found, and everything random is the same on every run."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

_TESTS = Path(__file__).parent
for _folder in (_TESTS, _TESTS.parent / "workflow"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

settings.register_profile(
    "reproducible",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("reproducible")
