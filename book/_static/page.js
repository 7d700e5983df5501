// What scrolls sideways must be reachable by keyboard.
(() => {
  const reach = () => {
    // Measured on the screen: what changes while a page is being printed can leave it blank.
    if (matchMedia("print").matches) return;
    for (const table of document.querySelectorAll(".bd-article table")) mark(table, table.scrollWidth > table.clientWidth + 1);
  };
  const mark = (box, wide) => {
    box.classList.toggle("wide", wide);
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  addEventListener("load", reach);
  addEventListener("resize", reach);
  // What was folded away could not be measured.
  addEventListener("click", () => setTimeout(reach));
  addEventListener("toggle", reach, true);
})();
