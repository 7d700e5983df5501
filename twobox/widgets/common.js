// Shared by every widget of the book: elements, controls, panels, axes. Drawn with the page's own text and colours.

const SVG = "http://www.w3.org/2000/svg";

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

const html = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const signed = (value, digits = 3) => {
  const rounded = Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value;
  return `${rounded < 0 ? "−" : rounded > 0 ? "+" : ""}${Math.abs(rounded).toFixed(digits)}`;
};
/** Decimals that leave two significant digits, at least two and at most seven. */
const enough = (value) => clamp(1 - Math.floor(Math.log10(Math.abs(value) || 1)), 2, 7);
const plain = (value, digits = 2) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;
/** Four significant digits, or as many as an error of that size leaves right. */
const known = (value, error) => {
  const digits = Math.min(4, Math.floor(Math.log10(Math.abs(value) / error)));
  return digits < 1 ? "0" : `${value < 0 ? "−" : ""}${Math.abs(value).toPrecision(digits)}`;
};
/** Two decimals, or four significant digits of a value that has more. */
const exact = (value) => (Math.abs(value - Number(value.toFixed(2))) < 1e-12 ? plain(value) : `${Number(value.toPrecision(4))}`);
const replaced = (list, place, value) => list.map((old, i) => (i === place ? value : old));

const BONDS = ["B₀₁", "B₁₂", "B₂₃"];
const CHAIN = ["left bath", "box 1", "box 2", "right bath"];

// JupyterLab would take the arrow keys of a control for its own shortcuts. Escape gives them back to it.
const OWN_KEYS = {
  "data-lm-suppress-shortcuts": "true",
  onkeydown: (event) => {
    const cell = event.key === "Escape" && event.target.closest(".jp-Cell, .jp-Notebook");
    if (cell) (cell.closest(".jp-Notebook") ?? cell).focus();
  },
};

/** Set traits of the model and send them on. */
function send(model, values) {
  for (const [trait, value] of Object.entries(values)) model.set(trait, value);
  model.save_changes();
}

/** A drag that is meant: with the main button of a mouse at once; with a finger or pen after 8 px, mostly sideways, so that a
    vertical swipe scrolls the page. `grab(event)` returns what to do with each x, in px from where the drag began, or nothing. `tap(event)`
    is for a finger that went nowhere. */
function draggable(element, grab, tap = () => {}) {
  const SLACK = 8;
  let drag = null;
  const end = () => (drag = null);
  element.classList.add("tb-drag");
  element.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return end();
    const move = grab(event);
    if (!move) return;
    element.setPointerCapture(event.pointerId);
    drag = { move, x: event.clientX, y: event.clientY, meant: event.pointerType === "mouse" };
  });
  element.addEventListener("pointermove", (event) => {
    if (!drag || !event.isPrimary) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.meant) return drag.move(x);
    if (Math.hypot(x, y) < SLACK) return;
    if (Math.abs(x) <= Math.abs(y)) return end();
    Object.assign(drag, { meant: true, x: event.clientX });
  });
  element.addEventListener("pointerup", (event) => {
    if (drag && !drag.meant) tap(event);
    end();
  });
  element.addEventListener("pointercancel", end);
}

/** What a control holds: a trait, or one place of a trait that is a list. */
const held = (model, trait, place) => ({
  trait,
  get: () => (place === undefined ? model.get(trait) : model.get(trait)[place]),
  set: (value) => send(model, { [trait]: place === undefined ? value : replaced(model.get(trait), place, value) }),
});

/** A labelled slider of a trait (or of one `place` of it). `show` puts its value in words. With `ratios`, equal steps are equal
    ratios (`step` is one of log₁₀) and the places have two digits. The model may lie between the places, and is shown as it is. */
function slider(model, { label, trait, place: index, min, max, step, ratios, show = exact }) {
  const { get, set } = held(model, trait, index);
  const place = ratios ? (value) => Number((Math.round(Math.log10(value) / step) * step).toFixed(6)) : (value) => value;
  const value = ratios ? (at) => clamp(Number((10 ** at).toPrecision(2)), min, max) : (at) => at;
  const [first, last] = [place(min), place(max)];
  const input = html("input", { type: "range", min: first, max: last, step, "aria-label": label, ...OWN_KEYS });
  const output = html("span", { class: "tb-value", "aria-hidden": "true" });
  input.addEventListener("input", () => set(value(Number(input.value))));

  // The pointer is handled here: by itself a range input changes as soon as a finger that wants to scroll touches it.
  const track = html("div", { class: "tb-track" }, input);
  const THUMB = 16;
  const length = () => Math.max(1, input.getBoundingClientRect().width - THUMB);
  const there = (event) => first + ((last - first) * (event.clientX - input.getBoundingClientRect().left - THUMB / 2)) / length();
  const move = (at) => {
    const before = input.value;
    input.value = at;
    if (input.value !== before) input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  draggable(track, (event) => {
    input.focus({ preventScroll: true });
    const off = Math.abs(there(event) - Number(input.value)) * (length() / (last - first));
    if (event.pointerType === "mouse" && off > THUMB / 2) move(there(event));
    const from = Number(input.value);
    return (x) => move(from + ((last - first) * x) / length());
  }, (event) => move(there(event)));
  // A press would give the focus to what lies behind.
  track.addEventListener("mousedown", (event) => event.preventDefault());

  const update = () => {
    input.value = place(get());
    input.setAttribute("aria-valuetext", show(get()));
    output.textContent = show(get());
  };
  const read = (text) => {
    const number = text.trim() === "" ? NaN : Number(text);
    if (!(number >= min && number <= max)) throw new RangeError(`${label} must be a number from ${min} to ${max}, not “${text}”`);
    return number;
  };
  const root = html("div", { class: "tb-slider" }, html("span", { "aria-hidden": "true" }, label), track, output);
  return { root, update, trait, get, set, read };
}

/** A row of choices of a trait, one of them taken. `options` are pairs of value and text; `also(value)` is what is set with it. */
function choice(model, { label, trait, options, get = () => model.get(trait), also = () => ({}) }) {
  // Each kind of widget has a copy of this module: the count that keeps names apart belongs to the document.
  document.tbChoices = (document.tbChoices ?? 0) + 1;
  const name = `tb-choice-${document.tbChoices}`;
  const set = (value) => send(model, { [trait]: value, ...also(value) });
  const inputs = options.map(([value]) => {
    const input = html("input", { type: "radio", name, ...OWN_KEYS });
    input.addEventListener("change", () => set(value));
    return input;
  });
  const update = () => options.forEach(([value], i) => (inputs[i].checked = value === get()));
  const buttons = options.map(([, text], i) => html("label", {}, inputs[i], html("span", {}, text)));
  const read = (text) => {
    const found = options.find(([value]) => String(value) === text);
    if (!found) throw new RangeError(`${label} must be one of ${options.map(([value]) => value).join(", ")}, not “${text}”`);
    return found[0];
  };
  const root = html("fieldset", { class: "tb-choice" }, html("legend", {}, label), html("div", {}, buttons));
  return { root, update, trait, get, set, read, first: true };
}

/** Controls that depend on a choice: `parts()` returns those of now. */
function changing(parts) {
  const place = html("div", { class: "tb-some" });
  let shown = [];
  const update = () => {
    const now = parts();
    if (now.length !== shown.length || now.some((one, i) => one !== shown[i])) place.replaceChildren(...now.map((one) => one.root));
    shown = now;
    for (const one of now) one.update?.();
  };
  return { root: place, update, parts };
}

/** Controls that few readers need, folded under a title. */
function folded(title, controls) {
  const root = html("details", { class: "tb-more" }, html("summary", {}, title),
    html("div", { class: "tb-some" }, controls.map((one) => one.root)));
  return { root, update: () => controls.forEach((one) => one.update()), parts: () => controls };
}

/** The two baths of a named system, as Python's `TwoBaths` describes them: `sliders()`, and `of(system)`: what to set with a new one. */
function twoBaths(model) {
  const all = model.get("baths");
  const entry = () => all[model.get("system")];
  const pairs = {};
  for (const { quantity, symbol, low, high, step, ratios } of Object.values(all)) {
    pairs[quantity] ??= [["left", "₀"], ["right", "₃"]].map(([side, index]) =>
      slider(model, { label: `${side} bath ${symbol}${index}`, trait: side, min: low, max: high, step, ratios }));
  }
  // What `left` and `right` were when they were last shown: a temperature is not carried over as a density.
  let quantity = null;
  const of = (system) => {
    if (!all[system] || all[system].quantity === quantity) return {};
    const [left, right] = all[system].usual;
    return { left, right };
  };
  return { entry, of, sliders: () => pairs[(quantity = entry().quantity)] };
}

const button = (text, onclick) => html("button", { type: "button", class: "tb-button", onclick }, text);

/** A picture as wide as its place, drawn again at every change and every new size. `height` is a number or f(width). Where the style
    sheet gives it all the room there is (`--tb-fill`, on a full screen), it is drawn larger instead. */
function panel(title, height, draw) {
  const picture = svg("svg", { role: "img", "aria-label": title });
  const caption = html("figcaption", {}, title);
  const root = html("figure", { class: "tb-panel" }, caption, picture);
  let size = [0, 0];
  const update = () => {
    const [width, room] = size;
    if (!width) return;
    const fill = getComputedStyle(root).getPropertyValue("--tb-fill").trim() === "1";
    const usual = typeof height === "function" ? Math.round(height(width)) : height;
    const tall = fill ? Math.max(120, room - caption.offsetHeight - 4) : usual;
    const zoom = fill ? clamp(Math.min(width / 300, tall / 210), 1, 1.8) : 1;
    const [across, down] = [Math.round(width / zoom), Math.round(tall / zoom)];
    build(picture, { viewBox: `0 0 ${across} ${down}`, width, height: tall }, []);
    picture.replaceChildren(...draw(across, down).flat().filter((part) => part !== null));
  };
  new ResizeObserver(([{ contentRect }]) => {
    const now = [Math.floor(contentRect.width), Math.floor(contentRect.height)];
    const fill = root.closest(".tb-full");
    if (now[0] && (now[0] !== size[0] || (fill && now[1] !== size[1]))) {
      size = now;
      update();
    }
  }).observe(root);
  return { root, update, picture };
}

function ticks([low, high], room) {
  const rough = (high - low) / Math.max(2, room);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = (value) => (digits > 4 && value ? value.toExponential(0).replace("-", "−") : plain(value, Math.min(digits, 4)));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push([k * step, text(k * step)]);
  return found;
}

/** Axes of a plot: scales `X`, `Y` from data to the picture, and the `parts` to draw. */
function axes(width, height, { x, y, xlabel, ylabel, left, bottom = 36, top = 18, right = 10 }) {
  const heights = ticks(y, (height - bottom - top) / 40);
  left ??= 14 + 7 * Math.max(...heights.map(([, text]) => text.length));
  const X = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (width - left - right);
  const Y = (value) => height - bottom - ((value - y[0]) / (y[1] - y[0])) * (height - bottom - top);
  const place = (px) => x[0] + ((px - left) / (width - left - right)) * (x[1] - x[0]);
  const parts = [
    svg("path", { class: "tb-axis", d: `M${left} ${top}V${height - bottom}H${width - right}` }),
    ticks(x, (width - left - right) / 48).map(([value, text]) =>
      svg("text", { x: X(value), y: height - bottom + 14, class: "tb-tick", "text-anchor": "middle" }, text)),
    heights.map(([value, text]) =>
      svg("text", { x: left - 5, y: Y(value) + 4, class: "tb-tick", "text-anchor": "end" }, text)),
    svg("text", { x: width - right, y: height - 4, class: "tb-label", "text-anchor": "end" }, xlabel),
    svg("text", { x: 2, y: 11, class: "tb-label" }, ylabel),
  ].flat();
  if (y[0] < 0 && y[1] > 0) parts.push(svg("path", { class: "tb-zero", d: `M${left} ${Y(0)}H${width - right}` }));
  if (x[0] < 0 && x[1] > 0) parts.push(svg("path", { class: "tb-zero tb-upright", d: `M${X(0)} ${top}V${height - bottom}` }));
  return { X, Y, place, parts };
}

const isTick = (anchor) => (part) => part.classList.contains("tb-tick") && part.getAttribute("text-anchor") === anchor;
/** Axes without the numbers below them, for columns that have names; without those at the side; without any. */
const withoutPlaces = (parts) => parts.filter((part) => !isTick("middle")(part) && !part.classList.contains("tb-upright"));
const withoutHeights = (parts) => parts.filter((part) => !isTick("end")(part));
const withoutNumbers = (parts) => withoutPlaces(withoutHeights(parts));

/** A column from zero to a value, `half` to each side of its middle. */
const column = ({ X, Y }, middle, half, value, style) =>
  svg("rect", {
    x: X(middle - half), width: X(middle + half) - X(middle - half), y: Math.min(Y(value), Y(0)), height: Math.abs(Y(value) - Y(0)), ...style,
  });

/** Lines with their names, one below the other. */
const legend = (x, y, lines) => lines.flatMap(([name, style], k) => [
  svg("path", { d: `M${x} ${y + 16 * k}h30`, ...style }),
  svg("text", { x: x + 38, y: y + 16 * k + 4, class: "tb-tick" }, name),
]);

/** How the line of a box is drawn. */
const boxLine = (colour, box) => ({
  fill: "none", stroke: colour[`box ${box}`], "stroke-width": 2.5, "stroke-dasharray": box === 1 ? null : "7 4",
});

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const range = (count, low, high) => Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** The area between a curve and zero, in two colours: above and below. */
function signedAreas({ X, Y }, places, values, colour) {
  const [first, last] = [X(places[0]), X(places.at(-1))];
  return [[1, "positive"], [-1, "negative"]].map(([sign, name]) => {
    const curve = path(places.map((place, i) => [X(place), Y(sign * Math.max(0, sign * values[i]))])).replace("M", "L");
    return svg("path", { d: `M${first} ${Y(0)}${curve}L${last} ${Y(0)}Z`, fill: colour[name], "fill-opacity": 0.6 });
  });
}

/** Σ c_k T_k(x), by Clenshaw's recurrence. */
function chebyshev(terms, x) {
  let [one, two] = [0, 0];
  for (let k = terms.length - 1; k > 0; k--) [one, two] = [2 * x * one - two + terms[k], one];
  return x * one - two + terms[0];
}

/** What a table of Python's ``_tables.py`` says for these baths: a polynomial of both, series in the logarithm of their ratio, or, over
    many powers of ten of `right` alone, such series times powers of it. */
function quantities({ polynomial, series, lowest, powers, mirror, steep }, left, right) {
  if (polynomial) return polynomial.map((rows) => rows.reduce((sum, [a, b, c], i) => sum + left ** i * (a + right * (b + right * c)), 0));
  const hot = Math.max(left, right);
  const x = 1 - (2 * Math.log(Math.min(left, right) / hot)) / Math.log(lowest);
  if (steep) return series.map((terms, k) => right ** steep[k] * chebyshev(terms, x));
  const values = series.map((terms, k) => hot ** powers[k] * chebyshev(terms, x));
  return left >= right ? values : mirror.map((k) => values[k]);
}

/** Below what a table leaves right of the noise of its coldest or emptiest baths. */
const noNoise = (noise) => noise.every((B) => B < 1e-9);
const NO_NOISE = "No noise at all: nothing fluctuates, and there is no correlation coefficient.";

/** Half axes and angle of the ellipse of a symmetric 2 × 2 matrix [[a, b], [b, d]]: eigenvalues, larger first. */
function diagonalise(a, b, d) {
  const middle = (a + d) / 2;
  const half = Math.hypot((a - d) / 2, b);
  const angle = Math.atan2(2 * b, a - d) / 2;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return { values: [middle + half, middle - half], vectors: [[c, s], [-s, c]] };
}

/** The covariance ellipse of `deviations` standard deviations, as a path in the scales of a plot. */
function ellipse({ X, Y }, [[a, b], [, d]], deviations) {
  const { values, vectors } = diagonalise(a, b, d);
  const radii = values.map((value) => deviations * Math.sqrt(Math.max(value, 0)));
  const points = range(73, 0, 2 * Math.PI).map((phase) => {
    const [p, q] = [radii[0] * Math.cos(phase), radii[1] * Math.sin(phase)];
    return [X(p * vectors[0][0] + q * vectors[1][0]), Y(p * vectors[0][1] + q * vectors[1][1])];
  });
  return `${path(points)}Z`;
}

/** A button that moves something on while it is on screen. With reduced motion it takes one step a click instead. */
function player({ advance, atEnd, rewind, onrun }) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let running = false;
  let visible = true;
  let last = 0;
  const root = button(still ? "Step" : "Play", () => {
    if (atEnd()) rewind();
    if (still) return advance(0.25);
    running ? stop() : start();
  });
  const frame = (now) => {
    if (!running) return;
    if (visible && !document.hidden) advance(Math.min(0.05, (now - last) / 1000));
    last = now;
    atEnd() ? stop() : requestAnimationFrame(frame);
  };
  const start = () => {
    running = true;
    root.textContent = "Pause";
    onrun(true);
    last = performance.now();
    requestAnimationFrame(frame);
  };
  const stop = () => {
    if (!running) return;
    running = false;
    root.textContent = "Play";
    onrun(false);
  };
  new IntersectionObserver(([entry]) => (visible = entry.isIntersecting)).observe(root);
  return { root, stop };
}

/** A button that gives a widget the whole screen, or the whole window where a browser has no full screen for it. */
function fullScreen(root) {
  const full = () => root.classList.contains("tb-full");
  const show = (on) => {
    root.classList.toggle("tb-full", on);
    toggle.textContent = on ? "Leave full screen" : "Full screen";
  };
  const enter = () => {
    show(true);
    root.requestFullscreen?.().catch(() => {});
  };
  const leave = () => {
    show(false);
    if (document.fullscreenElement) document.exitFullscreen();
  };
  const toggle = button("Full screen", () => (full() ? leave() : enter()));
  root.addEventListener("fullscreenchange", () => show(document.fullscreenElement === root));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && full()) leave();
  });
  // What lies below a widget that fills the window is out of reach.
  root.addEventListener("focusout", ({ relatedTarget }) => {
    if (full() && relatedTarget && !root.contains(relatedTarget)) toggle.focus();
  });
  return toggle;
}

/** Put a widget together: controls, pictures, the words that say what they show, tools; update all when the model changes.

    The page that holds it finds in `el.widget`: `values()`, the traits that the controls show; `take({trait: text})`, which sets them and
    returns what it refused, in words; `note(text)`, to say something to the reader; and `tools`, where buttons stand. */
function assemble(el, model, { name, controls, panels, words, traits }) {
  const status = html("p", { class: "tb-words", role: "status", "aria-live": "polite" });
  const noted = html("p", { class: "tb-note", role: "alert", hidden: "" });
  const bar = html("div", { class: "tb-controls" }, controls.map((control) => control.root));
  const tools = html("div", { class: "tb-tools" });
  const root = html("div", { class: "tb-widget", role: "group", "aria-label": name, dir: "ltr", lang: "en" },
    bar, status, html("div", { class: "tb-panels", "data-count": panels.length }, panels.map((one) => one.root)), noted, tools);

  const leaves = (list = controls) => list.flatMap((one) => (one.parts ? leaves(one.parts()) : one.trait ? [one] : []));
  const values = () => Object.fromEntries(leaves().map(({ trait }) => [trait, model.get(trait)]));
  const note = (text) => {
    noted.textContent = text;
    noted.hidden = !text;
  };
  const take = (wanted) => {
    const [refused, waiting] = [[], new Map(Object.entries(wanted))];
    // What is chosen decides which other controls there are.
    for (const choices of [true, false]) {
      let one;
      while ((one = leaves().find(({ trait, first = false }) => first === choices && waiting.has(trait)))) {
        const text = waiting.get(one.trait);
        waiting.delete(one.trait);
        const all = leaves().filter(({ trait }) => trait === one.trait);
        const texts = all.length > 1 ? text.split(",") : [text];
        try {
          if (texts.length !== all.length) throw new RangeError(`${one.trait} must be ${all.length} numbers, not “${text}”`);
          const found = all.map((control, i) => control.read(texts[i]));
          all.forEach((control, i) => control.set(found[i]));
        } catch (error) {
          refused.push(error.message);
        }
      }
    }
    for (const trait of waiting.keys()) refused.push(`there is no control of “${trait}” here`);
    return refused;
  };

  const start = values();
  const reset = button("Reset", () => {
    for (const control of controls) control.stop?.();
    note("");
    send(model, start);
  });
  tools.append(reset, fullScreen(root));
  el.replaceChildren(root);
  el.widget = { values, take, note, tools };

  let asked = false;
  const update = () => {
    asked = false;
    for (const part of [...controls, ...panels]) part.update?.();
    status.textContent = words();
  };
  const ask = () => {
    if (!asked) requestAnimationFrame(update);
    asked = true;
  };
  for (const trait of traits) model.on(`change:${trait}`, ask);
  update();
  // On a phone the controls stay in sight below the pictures (style.css), unless that would leave no room for a picture.
  const fits = () => root.classList.toggle("tb-stuck", bar.offsetHeight < 0.6 * window.innerHeight);
  const watch = new ResizeObserver(fits);
  watch.observe(bar);
  return {
    status,
    destroy: () => {
      watch.disconnect();
      for (const control of controls) control.stop?.();
      for (const trait of traits) model.off(`change:${trait}`, ask);
    },
  };
}

/** Marks in a picture that can be dragged sideways: `marks()` returns, for each, its `x` in the picture and what to do with a new one.
    A drag begins on a mark (the nearest, within 22 px), never beside one. */
function movable(picture, marks) {
  draggable(picture, (event) => {
    const box = picture.getBoundingClientRect();
    const scale = picture.viewBox.baseVal.width / box.width;
    const distance = ({ x }) => Math.abs(x / scale + box.left - event.clientX);
    const nearest = marks().reduce((one, other) => (distance(other) < distance(one) ? other : one));
    return distance(nearest) <= 22 ? (x) => nearest.move(nearest.x + x * scale) : null;
  });
}

/** Where a mark can be taken: as wide as a finger. */
const grip = (x, height) => svg("rect", { class: "tb-grip", x: x - 22, width: 44, y: 0, height, fill: "none" });
