"""Settings of this environment: ``python -m tools.settings`` writes them.

A kernel that listens on this machine alone warns all the same, once a notebook, that its connection is not encrypted: silence. And
JupyterLab shows a page of Markdown as a page, not as its source.
"""

import json
import sys
from pathlib import Path

SETTINGS = {
    "etc/ipython/ipython_kernel_config.json": {"IPKernelApp": {"log_level": "ERROR"}},
    "share/jupyter/lab/settings/overrides.json": {
        "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}
    },
}


def main(prefix=sys.prefix):
    for path, settings in SETTINGS.items():
        file = Path(prefix) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings, indent=1) + "\n")


if __name__ == "__main__":
    main()
