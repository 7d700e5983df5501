// What scrolls sideways must be reachable by keyboard.
(() => {
  const reach = () => {
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
