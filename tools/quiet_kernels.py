"""Let kernels of this environment start in silence: ``python -m tools.quiet_kernels``.

A kernel that listens on this machine alone warns all the same, once a notebook, that its connection is not encrypted.
"""

import json
import sys
from pathlib import Path

CONFIGURATION = Path(sys.prefix) / "etc" / "ipython" / "ipython_kernel_config.json"


def main():
    settings = json.loads(CONFIGURATION.read_text()) if CONFIGURATION.exists() else {}
    settings.setdefault("IPKernelApp", {})["log_level"] = "ERROR"
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION.write_text(json.dumps(settings, indent=1) + "\n")


if __name__ == "__main__":
    main()
