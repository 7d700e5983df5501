// What a link leads to, beside the link: on hover, on focus, and on a first tap (a second one follows the link). Escape closes it.
(() => {
  const links = new Map();
  const box = Object.assign(document.createElement("div"), { id: "preview", className: "preview-box", role: "tooltip", hidden: true });
  let shown = null;
  let timer = 0;
  let touched = false;

  const hide = () => {
    clearTimeout(timer);
    box.hidden = true;
    shown?.removeAttribute("aria-describedby");
    shown = null;
  };

  // Below the link, or above where there is no room, and never past an edge.
  const place = () => {
    const at = shown.getClientRects()[0];
    const { offsetWidth: width, offsetHeight: height } = box;
    const below = at.bottom + 6 + height < innerHeight || at.top < height + 6;
    box.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8)) + scrollX}px`;
    box.style.top = `${(below ? at.bottom + 6 : at.top - height - 6) + scrollY}px`;
  };

  const show = (link) => {
    clearTimeout(timer);
    if (shown === link) return;
    hide();
    shown = link;
    box.replaceChildren(links.get(link).content.cloneNode(true));
    box.hidden = false;
    link.setAttribute("aria-describedby", "preview");
    place();
  };

  const soon = (act, wait) => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };

  // What the keyboard opened, the mouse does not close.
  const leave = () => document.activeElement !== shown && soon(hide, 300);

  const arm = (link, template) => {
    links.set(link, template);
    link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && soon(() => show(link), 200));
    link.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && (shown === link ? leave() : clearTimeout(timer)));
    link.addEventListener("pointerdown", (event) => (touched = event.pointerType !== "mouse"));
    link.addEventListener("focus", () => !touched && show(link));
    link.addEventListener("blur", () => soon(hide, 100));
    link.addEventListener("click", (event) => {
      const first = touched && shown !== link;
      touched = false;
      if (!first) return hide();
      event.preventDefault();
      show(link);
    });
  };

  document.body.append(box);
  for (const template of document.querySelectorAll("template.preview")) {
    for (const link of document.querySelectorAll(`.bd-article a[href="${CSS.escape(template.dataset.for)}"]:not(.headerlink)`)) arm(link, template);
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", leave);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("pointerdown", (event) => shown && !box.contains(event.target) && !shown.contains(event.target) && hide());
  addEventListener("resize", hide);
})();
