// Brings the widgets of a page to life with no kernel, no server and no other host. The notebook's widget state stands in the
// page; each widget is an anywidget front-end module: `render({model, el})` with a model of get, set, on, off, save_changes.
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

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

  const modules = new Map();
  const load = (source) => {
    if (!modules.has(source)) {
      modules.set(source, import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))));
    }
    return modules.get(source);
  };

  const styles = new Set();
  const dress = (css) => {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  };

  async function start(view, states, models) {
    const { model_id: id } = JSON.parse(view.textContent);
    const state = states[id]?.state;
    if (!state?._esm) return;
    if (!models.has(id)) models.set(id, new Model(state));
    const el = document.createElement("div");
    view.after(el);
    try {
      dress(state._css);
      const module = await load(state._esm);
      await module.default.render({ model: models.get(id), el });
      el.dataset.widget = state._anywidget_id?.split(".").at(-1) ?? "";
      el.model = models.get(id);
    } catch (error) {
      el.textContent = "This widget could not be started in this browser.";
      console.error(error);
    }
  }

  function begin() {
    const states = {};
    for (const script of document.querySelectorAll(STATE)) Object.assign(states, JSON.parse(script.textContent).state);
    const models = new Map();
    for (const view of document.querySelectorAll(VIEW)) start(view, states, models);
  }

  // As soon as the page is parsed, without waiting for the deferred scripts (icons, mathematics).
  if (document.readyState === "loading") document.addEventListener("readystatechange", begin, { once: true });
  else begin();
})();
