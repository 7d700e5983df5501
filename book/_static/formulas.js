// A formula that is copied arrives as what was typed, between dollars, and not as its pieces, twice.
(() => {
  const whole = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".math");
  addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || !event.clipboardData) return;
    const range = selection.getRangeAt(0).cloneRange();
    const [first, last] = [whole(range.startContainer), whole(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const piece = document.createElement("div");
    piece.append(range.cloneContents());
    const formulas = piece.querySelectorAll(".math");
    if (!formulas.length) return;
    for (const formula of formulas) {
      const dollars = formula.tagName === "DIV" ? "$$" : "$";
      const text = document.createElement(formula.tagName);
      text.textContent = `${formula.dataset.before ?? ""}${dollars}${formula.dataset.tex}${dollars}${formula.dataset.after ?? ""}`;
      formula.replaceWith(text);
    }
    // Where a line ends depends on what is laid out.
    piece.style.cssText = "position: fixed; left: -200vw; width: 60rem";
    document.body.append(piece);
    event.clipboardData.setData("text/plain", piece.innerText);
    event.clipboardData.setData("text/html", piece.innerHTML);
    piece.remove();
    event.preventDefault();
  });
})();
