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
  const row = () => model.get("named")[model.get("system")][model.get("place")];
  const now = () => {
    const rates = byHand() ? model.get("rates") : row().slice(0, 4);
    const noise = byHand() ? model.get("noise") : row().slice(4, 7);
    const found = solve(rates, noise);
    // By eq. (4) the greatest noise is 2⟨J⟩M.
    const unit = byHand() ? (found.time * Math.max(...noise)) / 2 : row()[7];
    return { ...found, ratio: found.C12 / unit };
  };

  const system = choice({
    label: "Rates and noise", options: [["by hand", "my own choice"], ...Object.keys(model.get("named")).map((name) => [name, name])],
    get: () => model.get("system"), set: (value) => set({ system: value }),
  });
  const swap = (trait, i, value) => set({ [trait]: model.get(trait).map((old, j) => (j === i ? value : old)) });
  const rates = ["γ₁", "γ₂", "γ₃", "γ₄"].map((name, i) =>
    slider({
      label: `rate ${name}`, min: -2, max: 2, step: 0.05,
      get: () => Math.log10(model.get("rates")[i]), set: (value) => swap("rates", i, clamp(10 ** value, 0.01, 100)),
      show: (value) => (value < 1 ? (10 ** value).toPrecision(2) : (10 ** value).toFixed(0)),
    }));
  const noises = ["B₀₁", "B₁₂", "B₂₃"].map((name, i) =>
    slider({
      label: `noise ${name}`, min: 0.01, max: 1, step: 0.01,
      get: () => model.get("noise")[i], set: (value) => swap("noise", i, value),
    }));
  const bath = slider({
    label: "T₃/T₀", min: 0, max: model.get("ratios").length - 1, step: 1,
    get: () => model.get("place"), set: (value) => set({ place: value }), show: (value) => model.get("ratios")[value].toPrecision(3),
  });
  const extremes = {
    root: html("div", {},
      button("To the upper limit", () => set({ system: "by hand", rates: [0.01, 1, 1, 0.01], noise: [1, 0.01, 1] })), " ",
      button("To the lower limit", () => set({ system: "by hand", rates: [1, 0.01, 0.01, 1], noise: [0.01, 1, 0.01] }))),
  };
  let shown = null;
  const rest = {
    root: html("div", { class: "tb-more" }),
    update: () => {
      const wanted = byHand() ? [...rates, ...noises, extremes] : [bath];
      if (shown !== byHand()) {
        rest.root.replaceChildren(html("div", { class: "tb-controls" }, wanted.map((one) => one.root)));
        shown = byHand();
      }
      wanted.forEach((one) => one.update?.());
    },
  };

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
    const { C12, ratio, lower, upper } = now();
    const limit = ratio < 0 ? lower : upper;
    const share = (part) => (part > 0.9995 ? "just under 100" : (100 * part).toPrecision(part < 0.01 ? 2 : 3));
    const part = Math.abs(ratio) < 5e-5 ? "Nothing of what is allowed is used." : `That is ${share(ratio / limit)} % of what these ` +
      `rates allow on this side, ${share(ratio / (ratio < 0 ? least : greatest))} % of what any rates allow, and ` +
      `${share(Math.abs(ratio) / paper)} % of the paper's bound.`;
    return `C₁₂ = ${C12 < 0 ? "−" : ""}${Math.abs(C12).toPrecision(4)} is ${signed(ratio, 4)} of ⟨J⟩τM. For these rates it must lie between ` +
      `${signed(lower, 4)} and ${signed(upper, 4)}. ${part}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, rest], panels: [sharp, wide], words,
    traits: ["system", "rates", "noise", "place"],
  });
  return widget.destroy;
}

export default { render };
