// Brings the widgets of a page to life with no kernel, no server and no other host. Each place (`.tb-place`) has the widget's still
// picture, its words and, as data, its state; the kinds of widgets register in `window.twobox`. A kind is an anywidget front-end
// module, `render({ model, el })`, with a model of get, set, on, off and save_changes. A script that cannot run leaves the picture.
//
// `kit` has what a saved file needs, see ``_file.py``; a saved file itself has none.
function host(kit) {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const { kinds } = window.twobox;

  class Model {
    constructor(state) {
      this.state = state;
      this.listeners = new Map();
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      if (this.state[name] === value) return;
      this.state[name] = value;
      for (const listener of this.listeners.get(`change:${name}`) ?? []) listener(this, value);
    }
    on(event, listener) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(listener);
    }
    off(event, listener) {
      this.listeners.get(event)?.delete(listener);
    }
    save_changes() {}
  }

  // A kind of this package is a script of the site. Any other anywidget brings its module along.
  const own = new Map();
  const load = async ({ kind, _esm }) => {
    if (!own.has(_esm ?? kind)) {
      own.set(_esm ?? kind, _esm ? (await import(URL.createObjectURL(new Blob([_esm], { type: "text/javascript" })))).default : kinds[kind]());
    }
    return own.get(_esm ?? kind);
  };

  const button = (text, onclick) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "tb-button", textContent: text });
    made.addEventListener("click", onclick);
    return made;
  };

  /** `#Rod.kick=0.3&Rod-2.time=0.1` as {Rod: {kick: "0.3"}, "Rod-2": {time: "0.1"}}. */
  const asked = () => {
    const found = {};
    for (const [key, text] of new URLSearchParams(location.hash.slice(1))) {
      const [, name, trait] = /^([A-Z]\w*(?:-\d+)?)\.(\w+)$/.exec(key) ?? [];
      if (name && text) (found[name] ??= {})[trait] = text;
    }
    return found;
  };
  const link = (name, values) => {
    const parts = new URLSearchParams(Object.entries(values).map(([trait, value]) => [`${name}.${trait}`, String(value)]));
    return `${location.href.split("#")[0]}#${parts.toString().replaceAll("%2C", ",")}`;
  };

  const follow = (place) => {
    const { widget, id } = place;
    const wanted = asked()[id];
    if (!wanted && location.hash !== `#${id}`) return;
    const refused = wanted ? widget.take(wanted) : [];
    widget.note(refused.length ? `The link asks for something that this widget does not take: ${refused.join("; ")}. That was left as it is.` : "");
    arrive(place);
  };
  // What is still growing above (pictures) would push the widget away again; a reader who moves is left alone.
  const arrive = async (place) => {
    let moved = false;
    for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) {
      addEventListener(event, () => (moved = true), { once: true, passive: true });
    }
    const go = () => moved || place.scrollIntoView({ block: "start" });
    go();
    if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
    go();
  };

  const copy = async (place) => {
    const text = link(place.id, place.widget.values());
    try {
      await navigator.clipboard.writeText(text);
      place.widget.note("The link is copied. Who opens it sees the widget as it stands now.");
    } catch {
      // Without leave to write to the clipboard the address bar has it.
      history.replaceState(null, "", text);
      place.widget.note(`The link stands in the address bar, to be copied from there: ${text}`);
    }
  };

  const save = (place, kind, model) => {
    const data = JSON.stringify(Object.fromEntries(Object.keys(model.state).map((name) => [name, model.get(name)]))).replaceAll("<", "\\u003c");
    const words = place.querySelector(".tb-words").textContent;
    const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const title = place.querySelector(".tb-widget").getAttribute("aria-label");
    const parts = {
      kind, title: escaped(title), description: escaped(words), still: "", state: data, css: kit.css,
      module: kinds[kind].toString(), host: host.toString(),
    };
    const page = kit.template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
    const address = URL.createObjectURL(new Blob([page], { type: "text/html" }));
    Object.assign(document.createElement("a"), { href: address, download: `${kind}.html` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    place.widget.note("The file works by itself, without a network, and begins as the widget stands now.");
  };

  const states = () => Object.assign({}, ...[...document.querySelectorAll(STATE)].map((script) => JSON.parse(script.textContent).state));
  const models = new Map();

  async function start(place, all) {
    const { model_id: id } = JSON.parse(place.querySelector(VIEW).textContent);
    const state = all[id]?.state;
    const kind = place.dataset.widget;
    if (!state || !(kinds[kind] || state._esm) || place.dataset.started) return;
    place.dataset.started = "yes";
    const el = document.createElement("div");
    try {
      if (!models.has(id)) models.set(id, new Model(state));
      const model = models.get(id);
      const module = await load({ kind, _esm: state._esm });
      place.append(el);
      await module.render({ model, el });
      el.model = model;
      place.widget = el.widget;
      place.classList.add("tb-alive");
      place.querySelector(".tb-still-place")?.remove();
      if (!el.widget) return;
      el.widget.tools.append(button("Copy link", () => copy(place)));
      if (kit && kinds[kind]) el.widget.tools.append(button("Save as a file", () => save(place, kind, model)));
      follow(place);
    } catch (error) {
      // The picture and its words stay.
      el.remove();
      place.classList.add("tb-alive");
      console.error(error);
    }
  }

  const places = () => document.querySelectorAll(".tb-place");
  const begin = () => {
    if (document.readyState === "loading") return;
    const all = states();
    for (const place of places()) start(place, all);
  };
  // As soon as the page is parsed, without waiting for deferred scripts (icons, mathematics), and whenever a kind arrives.
  window.twobox.begin = begin;
  document.addEventListener("readystatechange", begin, { once: true });
  begin();
  addEventListener("hashchange", () => {
    for (const place of places()) if (place.widget) follow(place);
  });
}
