// Where a search leads: to the place on the page that has most of the words, also if it is folded away.
addEventListener("load", () => {
  const marks = [...document.querySelectorAll(".bd-article span.highlighted")];
  if (!marks.length) return;
  const passage = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const inside = marks.filter((mark) => passage?.contains(mark));
  const blocks = new Map();
  for (const mark of inside.length ? inside : marks) {
    const block = mark.closest("p, li, td, th, dt, dd, pre, figcaption, h1, h2, h3, h4") ?? mark;
    if (!blocks.has(block)) blocks.set(block, new Set());
    blocks.get(block).add(mark.textContent.toLowerCase());
  }
  const most = Math.max(...[...blocks.values()].map((words) => words.size));
  const [best] = [...blocks].find(([, words]) => words.size === most);
  for (let fold = best.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  best.tabIndex = -1;
  best.focus({ preventScroll: true });
  best.scrollIntoView({ block: "center" });
});
