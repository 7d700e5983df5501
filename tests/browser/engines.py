"""The three browser engines behind one small interface: ``python -m tests.browser.engines`` says which of them are here.

Chromium and Firefox are driven by Playwright; WebKit, as WebKitGTK's MiniBrowser, by Selenium. On Debian the packages
``chromium``, ``firefox-esr``, ``webkit2gtk-driver`` and ``xvfb`` are all that is needed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import QUIET, found, playwrights_own

NEEDS = {
    "chromium": "Chromium or Google Chrome (Debian: chromium)",
    "firefox": "Firefox (Debian: firefox-esr)",
    "webkit": "WebKitGTK's driver and a display of its own (Debian: webkit2gtk-driver xvfb)",
}


def _firefox():
    return shutil.which("firefox-esr") or shutil.which("firefox")


def _mini_browser():
    return max(Path("/usr").glob("lib*/**/webkit2gtk-4*/MiniBrowser"), default=None)


def is_here(name):
    """Say whether this machine has the engine."""
    if name == "chromium":
        return bool(found() or playwrights_own())
    if name == "firefox":
        return bool(_firefox())
    return bool(shutil.which("WebKitWebDriver") and shutil.which("Xvfb") and _mini_browser())


class PlaywrightEngine:
    """Chromium or Firefox."""

    def __init__(self, page):
        self.page = page

    def open(self, address):
        """Open `address` and wait until all of it is loaded."""
        self.page.goto(address, wait_until="load")

    def ask(self, expression):
        """Return the value of a JavaScript expression; a promise is waited for."""
        return self.page.evaluate(expression)

    def press(self, selector, key):
        """Press a key on the first element that `selector` finds."""
        self.page.locator(selector).first.press(key)

    def click(self, selector):
        """Click the middle of the first element that `selector` finds."""
        self.page.locator(selector).first.click()

    def resize(self, width, height):
        """Give the page this width and height."""
        self.page.set_viewport_size({"width": width, "height": height})


class WebKitEngine:
    """WebKitGTK's MiniBrowser."""

    def __init__(self, driver):
        self.driver, self.frame = driver, None

    def open(self, address):
        if self.frame is None:
            self.driver.get(address)
            return
        self.driver.get("about:blank")
        self.driver.execute_async_script(
            """const frame = document.createElement("iframe");
            Object.assign(frame, { width: arguments[0], height: arguments[1], src: arguments[2], onload: arguments[3] });
            document.body.append(frame)""",
            *self.frame,
            address,
        )
        self.driver.switch_to.frame(0)

    def ask(self, expression):
        script = f"const done = arguments[0]; Promise.resolve({expression}).then(done, (error) => done(String(error)))"
        return self.driver.execute_async_script(script)

    def _first(self, selector):
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def press(self, selector, key):
        self._first(selector).send_keys({"ArrowRight": Keys.ARROW_RIGHT, "ArrowLeft": Keys.ARROW_LEFT}[key])

    def click(self, selector):
        self._first(selector).click()

    def resize(self, width, height):
        # The window's own bar keeps it from being as narrow as a phone: then the next page is opened in a frame.
        self.driver.switch_to.default_content()
        self.driver.set_window_size(max(width, 600), height + 150)
        self.frame = [width, height] if width < 600 else None


@contextmanager
def _display():
    """Start a display that nobody sees; give its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1200x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait(timeout=10)


@contextmanager
def start(name, *, dark=False):
    """Start an engine with one window; give it."""
    with ExitStack() as stack:
        if name == "webkit":
            folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            environment = os.environ | {"DISPLAY": stack.enter_context(_display()), "HOME": folder}
            environment.pop("WAYLAND_DISPLAY", None)
            options = webdriver.WebKitGTKOptions()
            options.binary_location = str(_mini_browser())
            for argument in ("--automation", *["--dark-mode"] * dark):
                options.add_argument(argument)
            service = webdriver.WebKitGTKService(shutil.which("WebKitWebDriver"), env=environment)
            driver = webdriver.WebKitGTK(options=options, service=service)
            stack.callback(driver.quit)
            driver.set_script_timeout(30)
            yield WebKitEngine(driver)
            return
        playwright = stack.enter_context(sync_playwright())
        if name == "chromium":
            browser = playwright.chromium.launch(executable_path=found(), args=QUIET)
        else:
            # This way of driving Firefox cannot ask for a scheme page by page.
            preferences = {"layout.css.prefers-color-scheme.content-override": 0 if dark else 1}
            browser = playwright.firefox.launch(
                channel="moz-firefox", executable_path=_firefox(), firefox_user_prefs=preferences
            )
        stack.callback(browser.close)
        scheme = {"color_scheme": "dark" if dark else "light"} if name == "chromium" else {}
        yield PlaywrightEngine(browser.new_context(viewport={"width": 1280, "height": 900}, **scheme).new_page())


if __name__ == "__main__":
    for name, needs in NEEDS.items():
        print(f"{name}: {'is here' if is_here(name) else 'NOT HERE, its tests are skipped. It needs ' + needs}")
    sys.exit(os.environ.get("CI") == "true" and not all(map(is_here, NEEDS)))
