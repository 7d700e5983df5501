"""How long a widget of the built book takes to answer: ``python benchmarks/widget_frame.py`` (``make book`` first).

Every slider of each widget is moved in turn. What is timed is the whole work of the frame that follows: new pictures, new words,
layout and paint. A display at 60 frames a second leaves 16.7 ms.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser.chromium import QUIET, found
from tests.browser.conftest import SITE
from tests.browser.test_widgets_in_the_page import HOMES

MOVE = """async widget => {
  const sliders = [...widget.querySelectorAll('input[type=range]')].filter(s => s.offsetParent);
  const times = [];
  for (let k = 0; k < 60; k++) {
    const one = sliders[k % sliders.length];
    const [low, high] = [Number(one.min), Number(one.max)];
    one.value = low + (high - low) * ((7 * k) % 11) / 11;
    one.dispatchEvent(new Event('input'));
    await new Promise(done => requestAnimationFrame(() => {
      const start = performance.now();
      const after = new MessageChannel();
      after.port1.onmessage = () => { times.push(performance.now() - start); done(); };
      after.port2.postMessage(0);
    }));
  }
  return times.sort((a, b) => a - b);
}"""

if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=QUIET)
        for page_name, place in HOMES.values():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto((SITE / f"{page_name}.html").as_uri())
            widget = page.locator(".tb-widget").nth(place)
            widget.scroll_into_view_if_needed()
            page.wait_for_timeout(1500)
            times = widget.evaluate(MOVE)
            name = widget.get_attribute("aria-label")
            print(f"{name:22s} median {times[30]:5.1f} ms, slowest of 60 {times[-1]:5.1f} ms")
            page.close()
        browser.close()
