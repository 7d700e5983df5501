const TITLE = "Temperature explorer";
const BONDS = ["B₀₁", "B₁₂", "B₂₃"];

function render({ model, el }) {
  const set = setter(model);
  const colour = model.get("colours");
  const tables = model.get("tables");
  const entry = () => tables[model.get("system")];
  const noise = () => (model.get("noise") in entry().noises ? model.get("noise") : "exact");
  const place = (side) => Math.min(model.get(side), entry().values.length - 1);

  /** The row of a table: T₁, T₂, B01, B12, B23, C11, C12, C22 for the bath values at places i and j. */
  function row(rows, i, j) {
    const { values, powers } = entry();
    if (!powers) return rows[i * values.length + j];
    // One row for each ratio of the baths, with the hotter one at 1; a colder left bath mirrors the chain.
    const hot = values[Math.max(i, j)];
    const scaled = rows[Math.abs(i - j)].map((value, k) => value * hot ** powers[k]);
    const [T1, T2, B01, B12, B23, C11, C12, C22] = scaled;
    return i >= j ? scaled : [T2, T1, B23, B12, B01, C22, C12, C11];
  }
  const now = () => {
    const [T1, T2, B01, B12, B23, C11, C12, C22] = row(entry().noises[noise()], place("left"), place("right"));
    const values = entry().values;
    const bend = B01 - 2 * B12 + B23;
    const size = Math.max(B01, B12, B23);
    return {
      profile: [values[place("left")], T1, T2, values[place("right")]],
      noises: [B01, B12, B23],
      bend: Math.abs(bend) < 1e-6 * size ? 0 : Math.sign(bend),
      C12,
      coefficient: C11 * C22 > 0 ? C12 / Math.sqrt(C11 * C22) : 0,
    };
  };

  const system = choice({
    label: "System", options: Object.keys(tables).map((name) => [name, name]),
    get: () => model.get("system"),
    set: (value) => {
      // Densities and temperatures have sliders of their own: do not carry a place from one to the other.
      const other = !tables[value].powers !== !entry().powers;
      set({ system: value, ...(other ? { left: tables[value].values.length - 1, right: tables[value].powers ? 12 : 4 } : {}) });
    },
  });
  // Which noises there are depends on the system, so this choice is made anew for each.
  const choices = Object.fromEntries(Object.entries(tables).map(([name, { noises }]) => [
    name,
    choice({ label: "Noise", options: Object.keys(noises).map((one) => [one, one]), get: noise, set: (value) => set({ noise: value }) }),
  ]));
  const baths = Object.fromEntries(Object.entries(tables).map(([name, { values, symbol }]) => [
    name,
    [["left", "₀"], ["right", "₃"]].map(([side, index]) =>
      slider({
        label: `${side} bath ${symbol}${index}`, min: 0, max: values.length - 1, step: 1,
        get: () => Math.min(model.get(side), values.length - 1), set: (value) => set({ [side]: value }),
        show: (value) => values[value].toPrecision(3),
      })),
  ]));
  let shown = null;
  const rest = {
    root: html("div", { class: "tb-more" }),
    update: () => {
      const name = model.get("system");
      const parts = [choices[name], ...baths[name]];
      if (shown !== name) {
        rest.root.replaceChildren(html("div", { class: "tb-controls" }, parts.map((part) => part.root)));
        shown = name;
      }
      parts.forEach((part) => part.update());
    },
  };

  const profile = panel("From bath to bath", 210, (width, height) => {
    const { profile: levels } = now();
    const top = entry().powers ? 1.1 * Math.max(...levels) : 1.1;
    const plot = axes(width, height, { x: [-0.4, 3.4], y: [0, top], xlabel: "", ylabel: entry().symbol });
    const names = ["left bath", "box 1", "box 2", "right bath"];
    return [
      withoutPlaces(plot.parts),
      levels.map((level, i) => [
        svg("rect", {
          x: plot.X(i - 0.3), width: plot.X(0.6) - plot.X(0), y: plot.Y(level), height: plot.Y(0) - plot.Y(level),
          fill: colour[names[i]], "fill-opacity": 0.85,
        }),
        svg("text", { x: plot.X(i), y: plot.Y(level) - 4, "text-anchor": "middle", class: "tb-tick" }, level.toPrecision(3)),
        svg("text", { x: plot.X(i), y: height - 20, "text-anchor": "middle", class: "tb-tick" }, names[i]),
      ]).flat(),
    ];
  });
  const noises = panel("Noise: middle against ends", 210, (width, height) => {
    const { noises: B } = now();
    const top = 1.15 * (Math.max(...B) || 1);
    const plot = axes(width, height, { x: [-0.5, 2.5], y: [0, top], xlabel: "", ylabel: "noise strength B" });
    const mean = (B[0] + B[2]) / 2;
    return [
      withoutNumbers(plot.parts),
      B.map((value, b) => [
        svg("rect", {
          x: plot.X(b - 0.25), width: plot.X(0.5) - plot.X(0), y: plot.Y(value), height: plot.Y(0) - plot.Y(value),
          fill: colour[`bond ${b}`],
        }),
        svg("text", { x: plot.X(b), y: height - 20, "text-anchor": "middle" }, BONDS[b]),
      ]).flat(),
      svg("path", { class: "tb-compare", d: path([[plot.X(0), plot.Y(B[0])], [plot.X(2), plot.Y(B[2])]]) }),
      svg("circle", { cx: plot.X(1), cy: plot.Y(mean), r: 5, fill: "currentColor" }),
    ];
  });
  const DASHES = [null, "7 4", "2 3"];
  const curve = panel("Correlation, by the right bath", 290, (width, height) => {
    const { values, powers } = entry();
    const i = place("left");
    const lines = Object.entries(entry().noises).map(([name, rows]) => [
      name,
      values.map((value, j) => {
        const [, , , , , C11, C12, C22] = row(rows, i, j);
        return [value, C11 * C22 > 0 ? C12 / Math.sqrt(C11 * C22) : 0];
      }),
    ]);
    const all = lines.flatMap(([, points]) => points.map(([, y]) => y));
    const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
    const pad = 0.1 * Math.max(high - low, 1e-3);
    const across = powers ? Math.log10 : (value) => value;
    const bottom = 38 + 16 * lines.length;
    const plot = axes(width, height, {
      x: [across(values[0]), across(values.at(-1))], y: [low - pad, high + pad],
      xlabel: "", ylabel: `correlation coefficient, by ${powers ? "log₁₀ T₃" : "ρ₃"}`, bottom,
    });
    const { coefficient } = now();
    const taken = colour[coefficient < 0 ? "negative" : "positive"];
    const style = (name, k) => ({
      fill: "none", stroke: name === noise() ? taken : "currentColor", "stroke-width": name === noise() ? 3 : 1.4,
      "stroke-dasharray": DASHES[k],
    });
    return [
      plot.parts,
      lines.map(([name, points], k) => svg("path", { d: path(points.map(([x, y]) => [plot.X(across(x)), plot.Y(y)])), ...style(name, k) })),
      lines.map(([name], k) => {
        const y = height - bottom + 34 + 16 * k;
        return [
          svg("path", { d: `M20 ${y}h34`, ...style(name, k) }),
          svg("text", { x: 62, y: y + 4, class: "tb-tick" }, `noise ${name}`),
        ];
      }).flat(),
      svg("circle", { cx: plot.X(across(values[place("right")])), cy: plot.Y(coefficient), r: 6, fill: taken }),
    ];
  });

  const words = () => {
    if (!now().noises.some((B) => B > 0)) return "No noise at all: nothing fluctuates, and there is no correlation coefficient.";
    const { profile: levels, noises: B, bend, C12, coefficient } = now();
    const shape = bend > 0 ? "below one (convex): the boxes tend to rise and fall together"
      : bend < 0 ? "above one (concave): one box tends to rise when the other falls"
        : "equal to one (straight): the boxes are uncorrelated";
    const [low, high] = [Math.min(levels[0], levels[3]), Math.max(levels[0], levels[3])];
    const warning = noise() === "from eq. (4)" && low / high < model.get("sign_change")
      ? ` This sign is wrong: below a ratio of ${model.get("sign_change").toFixed(4)} the noise from eq. (4) turns it.` : "";
    const middle = B[0] + B[2] > 0 ? (2 * B[1]) / (B[0] + B[2]) : 1;
    return `Boxes at ${levels[1].toFixed(4)} and ${levels[2].toFixed(4)}. The middle bond has ${middle.toFixed(4)} times the mean noise ` +
      `of the ends, ${shape}. Correlation coefficient ${signed(coefficient, 4)}, C₁₂ = ` +
      `${C12 < 0 ? "−" : ""}${Math.abs(C12).toPrecision(4)}.${warning}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, rest], panels: [profile, noises, curve], words,
    traits: ["system", "noise", "left", "right"],
  });
  return widget.destroy;
}

export default { render };
