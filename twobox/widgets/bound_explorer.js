const TITLE = "Bound explorer";

/** C₁₂, the slow relaxation time, and the limits on C₁₂/⟨J⟩τM, from γ₁…γ₄ and the noise of the three bonds. */
function solve([g1, g2, g3, g4], [B01, B12, B23]) {
  const trace = g1 + g2 + g3 + g4;
  const determinant = g1 * g3 + g1 * g4 + g2 * g4;
  const C12 = (B01 * g2 * (g3 + g4) + B23 * g3 * (g1 + g2) - B12 * (determinant + g1 * g4)) / (2 * trace * determinant);
  const gap = Math.hypot(g1 + g2 - g3 - g4, 2 * Math.sqrt(g2 * g3));
  const [p, q] = [g2 / (g1 + g2), g3 / (g3 + g4)];
  const room = 2 * (1 + Math.sqrt(p * q));
  return { C12, time: (trace + gap) / (2 * determinant), lower: -(2 - p - q) / room, upper: (p + q) / room };
}

function render({ model, el }) {
  const set = setter(model);
  const colour = model.get("colours");
  const [least, greatest, paper] = model.get("limits");
  const byHand = () => model.get("system") === "by hand";
  const tables = model.get("tables");
  const now = () => {
    const row = byHand() ? [...model.get("rates"), ...model.get("noise")] : quantities(tables[model.get("system")], 1, model.get("ratio"));
    const [rates, noise] = [row.slice(0, 4), row.slice(4, 7)];
    const found = solve(rates, noise);
    // By eq. (4) the greatest noise is 2⟨J⟩M.
    const unit = byHand() ? (found.time * Math.max(...noise)) / 2 : row[7];
    // Towards equal baths C₁₂ vanishes faster than its unit.
    const ratio = unit > 1e-5 ? found.C12 / unit : 0;
    return { ...found, ratio, error: 1e-9 * found.time * Math.max(...noise) };
  };

  const system = choice({
    label: "Rates and noise", options: [["by hand", "my own choice"], ...Object.keys(tables).map((name) => [name, name])],
    get: () => model.get("system"), set: (value) => set({ system: value }),
  });
  const rates = ["γ₁", "γ₂", "γ₃", "γ₄"].map((name, i) =>
    slider({
      label: `rate ${name}`, min: 0.01, max: 100, step: 0.05, ratios: true,
      get: () => model.get("rates")[i], set: (value) => set({ rates: replaced(model.get("rates"), i, value) }),
      show: (value) => `${Number(value.toPrecision(3))}`,
    }));
  const noises = BONDS.map((name, i) =>
    slider({
      label: `noise ${name}`, min: 0.01, max: 1, step: 0.01,
      get: () => model.get("noise")[i], set: (value) => set({ noise: replaced(model.get("noise"), i, value) }),
    }));
  const bath = slider({
    label: "T₃/T₀", min: Object.values(tables)[0].lowest, max: 1, step: 0.05, ratios: true,
    get: () => model.get("ratio"), set: (value) => set({ ratio: value }),
  });
  const extremes = {
    root: html("div", {},
      button("To the upper limit", () => set({ system: "by hand", rates: [0.01, 1, 1, 0.01], noise: [1, 0.01, 1] })), " ",
      button("To the lower limit", () => set({ system: "by hand", rates: [1, 0.01, 0.01, 1], noise: [0.01, 1, 0.01] }))),
  };
  const rest = changing(() => (byHand() ? [...rates, ...noises, extremes] : [bath]));

  const scale = (title, reach, bands, height) => panel(title, height, (width, tall) => {
    const { ratio } = now();
    const plot = axes(width, tall, { x: reach, y: [0, 1], xlabel: "C₁₂ in units of ⟨J⟩τM", ylabel: "", left: 12, top: 26 });
    const x = plot.X(clamp(ratio, ...reach));
    return [
      bands().map(([low, high, tone, opacity]) =>
        svg("rect", { x: plot.X(low), width: plot.X(high) - plot.X(low), y: 26, height: tall - 62, fill: tone, "fill-opacity": opacity })),
      withoutHeights(plot.parts),
      svg("path", { d: `M${x} 20V${tall - 36}`, stroke: colour[ratio < 0 ? "negative" : "positive"], "stroke-width": 2.5 }),
      svg("text", { x: clamp(x, 40, width - 40), y: 14, "text-anchor": "middle" }, signed(ratio, 4)),
    ];
  });
  const sharp = scale("Ours: these rates (green), any (grey)", [-1.15, 0.65], () => {
    const { lower, upper } = now();
    return [[least, greatest, colour.neutral, 0.4], [lower, upper, colour["bond 1"], 0.5]];
  }, 130);
  const wide = scale("The paper's (grey) and ours (green)", [-1.1 * paper, 1.1 * paper], () =>
    [[-paper, paper, colour.neutral, 0.4], [least, greatest, colour["bond 1"], 0.8]], 130);

  const words = () => {
    const { C12, ratio, lower, upper, error } = now();
    const limit = ratio < 0 ? lower : upper;
    const share = (part) => (part > 0.9995 ? "just under 100" : (100 * part).toPrecision(part < 0.01 ? 2 : 3));
    const part = Math.abs(ratio) < 5e-5 ? "Nothing of what is allowed is used." : `That is ${share(ratio / limit)} % of what these ` +
      `rates allow on this side, ${share(ratio / (ratio < 0 ? least : greatest))} % of what any rates allow, and ` +
      `${share(Math.abs(ratio) / paper)} % of the paper's bound.`;
    return `C₁₂ = ${known(C12, error)} is ${signed(ratio, 4)} of ⟨J⟩τM. For these rates it must lie between ` +
      `${signed(lower, 4)} and ${signed(upper, 4)}. ${part}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, rest], panels: [sharp, wide], words,
    traits: ["system", "rates", "noise", "ratio"],
  });
  return widget.destroy;
}

export default { render };
