// What scrolls sideways must be reachable by keyboard.
(() => {
  const reach = () => {
    for (const math of document.querySelectorAll(".bd-article .math")) {
      const formula = math.querySelector("mjx-math");
      const block = math.parentElement.closest("p, li, td, dd, div, section");
      if (!formula) continue;
      const [place, room, style] = [formula.getBoundingClientRect(), block.getBoundingClientRect(), getComputedStyle(block)];
      const [start, end] = [room.left + parseFloat(style.paddingLeft), room.right - parseFloat(style.paddingRight)];
      mark(math, place.right > end + 1 || place.left < start - 1);
    }
    for (const table of document.querySelectorAll(".bd-article table")) mark(table, table.scrollWidth > table.clientWidth + 1);
  };
  const mark = (box, wide) => {
    box.classList.toggle("wide", wide);
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reach));
  addEventListener("resize", reach);
  // What was folded away could not be measured.
  addEventListener("click", () => setTimeout(reach));
  addEventListener("toggle", reach, true);
})();
