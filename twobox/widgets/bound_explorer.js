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
  const colour = model.get("colours");
  const [least, greatest, paper] = model.get("limits");
  const byHand = () => model.get("system") === "by hand";
  const tables = model.get("tables");
  const isPinhole = () => Boolean(tables[model.get("system")]?.steep);
  const now = () => {
    const table = tables[model.get("system")];
    const row = byHand() ? [...model.get("rates"), ...model.get("noise")] : quantities(table, 1, model.get(isPinhole() ? "hole" : "ratio"));
    const [rates, noise, halves] = [row.slice(0, 4), row.slice(4, 7), row.slice(7)];
    const found = solve(rates, noise);
    const greatest = Math.max(...noise);
    // ⟨J⟩M is half of the greatest noise that eq. (4) gives.
    const half = byHand() ? greatest / 2 : Math.max(...halves);
    const unit = found.time * half;
    // Towards equal baths C₁₂ vanishes faster than its unit.
    const ratio = isPinhole() || unit > 1e-5 ? found.C12 / unit : 0;
    return { ...found, ratio, error: 1e-9 * found.time * greatest, excess: greatest / (2 * half) };
  };

  const system = choice(model, {
    label: "Rates and noise", trait: "system",
    options: [["by hand", "my own choice"], ...Object.keys(tables).map((name) => [name, name])],
  });
  const rates = ["γ₁", "γ₂", "γ₃", "γ₄"].map((name, i) =>
    slider(model, {
      label: `rate ${name}`, trait: "rates", place: i, min: 0.01, max: 100, step: 0.05, ratios: true,
      show: (value) => `${Number(value.toPrecision(3))}`,
    }));
  const noises = BONDS.map((name, i) =>
    slider(model, { label: `noise ${name}`, trait: "noise", place: i, min: 0.01, max: 1, step: 0.01 }));
  const of = (kind) => Object.values(tables).find((table) => Boolean(table.steep) === kind).lowest;
  const bath = slider(model, { label: "T₃/T₀", trait: "ratio", min: of(false), max: 1, step: 0.05, ratios: true });
  const hole = slider(model, {
    label: "contact to the hot bath / the others", trait: "hole", min: of(true), max: 1, step: 0.1, ratios: true,
    show: (value) => (value < 0.01 ? value.toExponential(1).replace("-", "−") : exact(value)),
  });
  const extremes = {
    root: html("div", { class: "tb-buttons" },
      button("To the upper limit", () => send(model, { system: "by hand", rates: [0.01, 1, 1, 0.01], noise: [1, 0.01, 1] })),
      button("To the lower limit", () => send(model, { system: "by hand", rates: [1, 0.01, 0.01, 1], noise: [0.01, 1, 0.01] }))),
  };
  const rest = changing(() => (byHand() ? [...rates, ...noises, extremes] : isPinhole() ? [hole] : [bath]));

  const scale = (title, usual, bands, height) => panel(title, height, (width, tall) => {
    const { ratio } = now();
    // What breaks a bound is shown where it is.
    const reach = [Math.min(usual[0], 1.1 * ratio), Math.max(usual[1], 1.1 * ratio)];
    const plot = axes(width, tall, { x: reach, y: [0, 1], xlabel: "C₁₂ in units of ⟨J⟩τM", ylabel: "", left: 12, top: 26 });
    const x = plot.X(ratio);
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
    const { C12, ratio, lower, upper, error, excess } = now();
    const limit = ratio < 0 ? lower : upper;
    const share = (part) => (part > 0.9995 && part < 1 ? "just under 100" : (100 * part).toPrecision(part < 0.01 ? 2 : 3));
    const said = `C₁₂ = ${known(C12, error)} is ${signed(ratio, 4)} of ⟨J⟩τM. `;
    const limits = `between ${signed(lower, 4)} and ${signed(upper, 4)}`;
    if (isPinhole()) {
      const broken = ratio > paper ? `It breaks all bounds that rest on eq. (4), even the paper's ${paper}`
        : ratio > greatest ? `It breaks our bounds that rest on eq. (4), not yet the paper's ${paper}`
          : ratio > upper ? "It breaks our bound for these rates, which rests on eq. (4)" : "It keeps them still, as large as the hole is";
      return `${said}With the noise of eq. (4) it would lie ${limits} for these rates. ${broken}. Why: the quanta that come ` +
        `through the hole are as large as the hot bath makes them, while M knows only the cold boxes. The hole is ${excess.toPrecision(3)} times as noisy as ` +
        "eq. (4) allows anywhere.";
    }
    const part = Math.abs(ratio) < 5e-5 ? "Nothing of what is allowed is used." : `That is ${share(ratio / limit)} % of what these ` +
      `rates allow on this side, ${share(ratio / (ratio < 0 ? least : greatest))} % of what any rates allow, and ` +
      `${share(Math.abs(ratio) / paper)} % of the paper's bound.`;
    return `${said}For these rates it must lie ${limits}. ${part}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, rest], panels: [sharp, wide], words,
    traits: ["system", "rates", "noise", "ratio", "hole"],
  });
  return widget.destroy;
}

export default { render };
