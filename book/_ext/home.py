"""Sphinx extension: where the book lives, and how to cite it.

The address of the repository stands in one place, `repository_url` in ``_config.yml``. With it pages offer their source, an edit, an
issue and Binder; without it none of them. The footer says version, date and citation, out of ``CITATION.cff``.
"""

import os
import time
from pathlib import Path

import yaml


def _name_home(app, config):
    options = config.html_theme_options
    address = options["repository_url"] = (options.get("repository_url") or "").rstrip(
        "/"
    )
    if address:
        buttons = (
            "use_repository_button",
            "use_source_button",
            "use_edit_page_button",
            "use_issues_button",
        )
        options.update(dict.fromkeys(buttons, True))
        options["launch_buttons"] = {
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }
    citation = yaml.safe_load(
        (Path(app.confdir) / "CITATION.cff").read_text(encoding="utf-8")
    )
    # Builds that must be the same bytes name their date.
    today = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    date = f"{today.tm_mday} {time.strftime('%B %Y', today)}"
    authors = ", ".join(author["name"] for author in citation["authors"])
    cite = f"{authors}: <cite>{citation['title']}</cite>, version {citation['version']} ({today.tm_year})"
    if address:
        cite += f', <a href="{address}">{address.removeprefix("https://")}</a>'
    options["extra_footer"] = (
        f"{options.get('extra_footer', '')}<br>Version {citation['version']}, built on {date}. To cite: {cite}."
    )


def setup(app):
    app.connect("config-inited", _name_home)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
