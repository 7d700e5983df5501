"""A JupyterLab that touches nothing of the reader's own, for the browser tests."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager


def get(address):
    """Return the JSON at `address`."""
    with urllib.request.urlopen(address, timeout=5) as answer:
        return json.load(answer)


def wait(question, tries=300):
    """Return the first true answer to `question`; a lab takes its time to start."""
    for _ in range(tries):
        try:
            if answer := question():
                return answer
        except (OSError, ValueError):  # not there yet, or half written
            pass
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not answer")


@contextmanager
def running_lab(home, root, *options):
    """Start JupyterLab on the folder `root`, with settings and kernels' addresses (in ``runtime``) below `home`; give its address."""
    runtime = home / "runtime"
    environment = os.environ | {
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.news_url=None"]
    command += [f"--ServerApp.root_dir={root}", *options]
    with open(home / "log.txt", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        found = wait(lambda: next(runtime.glob("jpserver-*.json"), None))
        address = wait(lambda: json.loads(found.read_text())["url"]).rstrip("/")
        wait(lambda: get(f"{address}/api/status"))
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
