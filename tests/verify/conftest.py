"""Helpers that tests of this folder share are modules beside them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
