"""The same widgets as live objects in JupyterLab: a slider moves the Python trait, and the trait moves the slider."""

from pathlib import Path

import nbformat
import pytest
from jupyter_client import BlockingKernelClient

import twobox.widgets
from tests.browser.jupyterlab import get, running_lab, wait
from tests.normalise import METADATA


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab in a folder of its own; yield its address, that folder, and where kernels leave their addresses."""
    home = tmp_path_factory.mktemp("lab")
    with running_lab(home, home) as address:
        yield address, home, home / "runtime"


def _open(lab, browser, kind):
    """Open a notebook that shows one widget; return the page, the widget in it and a way to ask its kernel."""
    address, home, runtime = lab
    source = f"from twobox.widgets import {kind}\n\nwidget = {kind}()\nwidget"
    cell = nbformat.v4.new_code_cell(source)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=METADATA), home / f"{kind}.ipynb")
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    # A lab that is slow to find its kernel asks which one to take: the one that the notebook names.
    page.add_locator_handler(page.locator(".jp-Dialog"), lambda: page.locator(".jp-Dialog .jp-mod-accept").click())
    page.goto(f"{address}/lab/workspaces/{kind}/tree/{kind}.ipynb")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)

    def shown():
        # A lab that is still settling can swallow a key: press again.
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(6000)
        return page.locator(".tb-widget").count()

    wait(shown, 8)
    sessions = get(f"{address}/api/sessions")
    kernel = next(s["kernel"]["id"] for s in sessions if Path(s["path"]).name == f"{kind}.ipynb")
    client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()

    def ask(expression):
        printed = []
        client.execute_interactive(
            f"print(repr({expression}))", output_hook=lambda m: printed.append(m["content"].get("text", "")), timeout=30
        )
        return "".join(printed).strip()

    return page, page.locator(".tb-widget").first, ask


# For each widget a slider, the trait that it moves, and a value to give to that trait.
MOVES = {
    "KickAndRelax": ("time since the kick", "time", 2.0),
    "NoiseContest": ("noise B₁₂", "noise", (4.0, 9.0, 4.0)),
    "Rod": ("place of the kick", "kick", 0.2),
    "TemperatureExplorer": ("right bath T₃", "right", 0.3),
    "BoundExplorer": ("noise B₀₁", "noise", (0.5, 0.25, 0.5)),
}


@pytest.mark.parametrize("kind", twobox.widgets.__all__)
def test_slider_and_trait_move_each_other(kind, lab, browser):
    label, trait, new = MOVES[kind]
    page, widget, ask = _open(lab, browser, kind)
    slider = widget.get_by_role("slider", name=label)
    before = ask(f"widget.{trait}")
    slider.focus()
    slider.press("ArrowRight" if float(slider.input_value()) < float(slider.get_attribute("max")) else "ArrowLeft")
    wait(lambda: ask(f"widget.{trait}") != before, 50)

    ask(f"setattr(widget, {trait!r}, {new!r})")
    number = max(new) if isinstance(new, tuple) else new
    wait(lambda: float(slider.get_attribute("aria-valuetext").split()[0]) == pytest.approx(number), 50)
    assert ask(f"widget.{trait}") == repr(new)
    page.context.close()


def test_a_reader_who_changes_the_system_changes_the_baths_in_python(lab, browser):
    page, widget, ask = _open(lab, browser, "TemperatureExplorer")
    for system, baths in (("exclusion", "(0.8, 0.2)"), ("ideal gas", "(2.0, 0.2)")):
        widget.get_by_role("radio", name=system).check()
        wait(lambda: ask("widget.system") == repr(system), 50)  # noqa: B023
        assert ask("(widget.left, widget.right)") == baths
    ask("setattr(widget, 'system', 'exclusion')")
    slider = widget.get_by_role("slider", name="left bath ρ₀")
    wait(lambda: slider.count() and slider.get_attribute("aria-valuetext") == "0.80", 50)
    page.context.close()


def test_escape_leads_from_a_control_back_to_the_notebook(lab, browser):
    page, widget, _ = _open(lab, browser, "Rod")
    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    slider = widget.get_by_role("slider", name="place of the kick")
    slider.focus()
    # The keys of the notebook do nothing while a control has the focus: "b" would make a new cell.
    slider.press("b")
    page.wait_for_timeout(300)
    assert cells.count() == before
    slider.press("Escape")
    assert slider.evaluate(
        "s => document.activeElement !== s && document.activeElement.closest('.jp-Notebook') !== null"
    )
    page.keyboard.press("b")
    wait(lambda: cells.count() == before + 1, 20)
    page.context.close()


def test_reset_and_full_screen_are_there_and_what_needs_a_page_is_not(lab, browser):
    page, widget, ask = _open(lab, browser, "NoiseContest")
    ask("[setattr(widget, 'system', 'exclusion'), setattr(widget, 'left', 0.5)]")
    widget.get_by_role("button", name="Reset").click()
    wait(lambda: ask("widget.system") == "'by hand'", 50)
    assert ask("widget.noise") == "(4.0, 4.0, 4.0)"
    assert widget.get_by_role("button", name="Full screen").is_visible()
    assert widget.locator(".tb-tools button").count() == 2
    page.context.close()
