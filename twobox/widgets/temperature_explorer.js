const TITLE = "Temperature explorer";

function render({ model, el }) {
  const colour = model.get("colours");
  const tables = model.get("tables");
  const baths = twoBaths(model);
  const noises = () => tables[model.get("system")];
  const noise = () => (model.get("noise") in noises() ? model.get("noise") : "exact");

  const now = (left = model.get("left"), right = model.get("right"), name = noise()) => {
    const [T1, T2, B01, B12, B23, C11, C12, C22] = quantities(noises()[name], left, right);
    const B = [B01, B12, B23];
    const bend = B01 - 2 * B12 + B23;
    const spread = noNoise(B) ? 0 : Math.sqrt(C11 * C22);
    return {
      profile: [left, T1, T2, right],
      B,
      bend: Math.abs(bend) < 2e-9 * Math.max(...B) ? 0 : Math.sign(bend),
      C12,
      spread,
      coefficient: spread ? C12 / spread : 0,
    };
  };

  const system = choice(model, {
    label: "System", trait: "system", options: Object.keys(tables).map((name) => [name, name]),
    also: (value) => ({ ...(model.get("noise") in tables[value] ? {} : { noise: "exact" }), ...baths.of(value) }),
  });
  const choices = Object.fromEntries(Object.entries(tables).map(([name, has]) => [
    name, choice(model, { label: "Noise", trait: "noise", options: Object.keys(has).map((one) => [one, one]), get: noise }),
  ]));
  const rest = changing(() => [...(Object.keys(noises()).length > 1 ? [choices[model.get("system")]] : []), ...baths.sliders()]);

  const profile = panel("From bath to bath", 210, (width, height) => {
    const { profile: levels } = now();
    const { quantity, symbol } = baths.entry();
    const top = 1.1 * (quantity === "density" ? 1 : Math.max(...levels));
    const plot = axes(width, height, { x: [-0.4, 3.4], y: [0, top], xlabel: "", ylabel: symbol });
    return [
      withoutPlaces(plot.parts),
      levels.map((level, i) => [
        column(plot, i, 0.3, level, { fill: colour[CHAIN[i]], "fill-opacity": 0.85 }),
        svg("text", { x: plot.X(i), y: plot.Y(level) - 4, "text-anchor": "middle", class: "tb-tick" }, level.toPrecision(3)),
        svg("text", { x: plot.X(i), y: height - 20, "text-anchor": "middle", class: "tb-tick" }, CHAIN[i]),
      ]).flat(),
    ];
  });
  const bends = panel("Noise: middle against ends", 210, (width, height) => {
    const { B } = now();
    const top = 1.15 * (Math.max(...B) || 1);
    const plot = axes(width, height, { x: [-0.5, 2.5], y: [0, top], xlabel: "", ylabel: "noise strength B" });
    const mean = (B[0] + B[2]) / 2;
    return [
      withoutNumbers(plot.parts),
      B.map((value, b) => [
        column(plot, b, 0.25, value, { fill: colour[`bond ${b}`] }),
        svg("text", { x: plot.X(b), y: height - 20, "text-anchor": "middle" }, BONDS[b]),
      ]).flat(),
      svg("path", { class: "tb-compare", d: path([[plot.X(0), plot.Y(B[0])], [plot.X(2), plot.Y(B[2])]]) }),
      svg("circle", { cx: plot.X(1), cy: plot.Y(mean), r: 5, fill: "currentColor" }),
    ];
  });
  const DASHES = [null, "7 4", "2 3"];
  const curve = panel("Correlation, by the right bath", 290, (width, height) => {
    const { symbol, low: first, high: last, ratios } = baths.entry();
    const [across, back] = ratios ? [Math.log10, (at) => 10 ** at] : [(value) => value, (at) => at];
    const rights = range(81, across(first), across(last)).map(back);
    const lines = Object.keys(noises()).map((name) => [name, rights.map((right) => [right, now(model.get("left"), right, name).coefficient])]);
    const all = lines.flatMap(([, points]) => points.map(([, y]) => y));
    const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
    const pad = 0.1 * Math.max(high - low, 1e-3);
    const bottom = 38 + 16 * lines.length;
    const plot = axes(width, height, {
      x: [across(first), across(last)], y: [low - pad, high + pad],
      xlabel: "", ylabel: `correlation coefficient, by ${ratios ? "log₁₀ " : ""}${symbol}₃`, bottom,
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
      legend(20, height - bottom + 34, lines.map(([name], k) => [`noise ${name}`, style(name, k)])),
      svg("circle", { cx: plot.X(across(model.get("right"))), cy: plot.Y(coefficient), r: 6, fill: taken }),
    ];
  });

  const words = () => {
    const { profile: levels, B, bend, C12, spread, coefficient } = now();
    if (noNoise(B)) return NO_NOISE;
    const shape = bend > 0 ? "below one (convex): the boxes tend to rise and fall together"
      : bend < 0 ? "above one (concave): one box tends to rise when the other falls"
        : `equal to one (straight): the boxes are ${levels[0] === levels[3] ? "" : "as good as "}uncorrelated`;
    const [low, high] = [Math.min(levels[0], levels[3]), Math.max(levels[0], levels[3])];
    const warning = noise() === "from eq. (4)" && low / high < model.get("sign_change")
      ? ` This sign is wrong: below a ratio of ${model.get("sign_change").toFixed(4)} the noise from eq. (4) turns it.` : "";
    const middle = (2 * B[1]) / (B[0] + B[2]);
    return `Boxes at ${levels[1].toFixed(4)} and ${levels[2].toFixed(4)}. The middle bond has ${middle.toFixed(4)} times the mean noise ` +
      `of the ends, ${shape}. Correlation coefficient ${signed(coefficient, 4)}, C₁₂ = ` +
      `${known(C12, 1e-9 * spread)}.${warning}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, rest], panels: [profile, bends, curve], words,
    traits: ["system", "noise", "left", "right"],
  });
  return widget.destroy;
}

export default { render };
