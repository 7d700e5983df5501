const TITLE = "Noise contest";

function render({ model, el }) {
  const set = setter(model);
  const colour = model.get("colours");
  const unit = model.get("unit_shares");
  const tables = model.get("tables");
  const baths = twoBaths(model, set);
  const samples = model.get("samples");
  const byHand = () => model.get("system") === "by hand";
  const noise = () => (byHand() ? model.get("noise") : quantities(tables[model.get("system")], model.get("left"), model.get("right")));
  const covariance = () => [0, 1].map((i) => [0, 1].map((j) => noise().reduce((sum, B, b) => sum + B * unit[b][i][j], 0)));
  const shares = () => noise().map((B, b) => B * unit[b][0][1]);

  const system = choice({
    label: "Noise from",
    options: [["by hand", "my own choice"], ["ideal gas", "ideal gas"], ["exclusion", "exclusion process"]],
    get: () => model.get("system"),
    set: (value) => set({ system: value, ...baths.of(value) }),
  });
  const hands = BONDS.map((name, b) =>
    slider({
      label: `noise ${name}`, min: 0, max: 10, step: 0.1,
      get: () => model.get("noise")[b],
      set: (value) => set({ noise: replaced(model.get("noise"), b, value) }),
    }));
  const sliders = changing(() => (byHand() ? hands : baths.sliders()));
  const equilibrium = {
    root: button("To equilibrium", () => (byHand() ? set({ noise: [4, 4, 4] }) : set({ right: model.get("left") }))),
  };

  const square = (width) => Math.min(width, 300);
  const plane = panel("Samples and two-σ ellipse", square, (width, height) => {
    const C = covariance();
    const { values, vectors } = diagonalise(C[0][0], C[0][1], C[1][1]);
    const root = values.map((value) => Math.sqrt(Math.max(value, 0)));
    const reach = 3.2 * (Math.sqrt(Math.max(C[0][0], C[1][1])) || 1);
    const wide = reach * ((width - 56) / (height - 54));
    const plot = axes(width, height, { x: [-wide, wide], y: [-reach, reach], xlabel: "δE₁", ylabel: "δE₂" });
    const dots = samples.map(([p, q]) => [
      p * root[0] * vectors[0][0] + q * root[1] * vectors[1][0],
      p * root[0] * vectors[0][1] + q * root[1] * vectors[1][1],
    ]);
    const cloud = dots.map(([p, q]) => `M${plot.X(p).toFixed(1)} ${plot.Y(q).toFixed(1)}h0`).join("");
    return [
      plot.parts,
      svg("path", { d: cloud, stroke: colour.neutral, "stroke-width": 4, "stroke-linecap": "round", "stroke-opacity": 0.7 }),
      svg("path", { d: ellipse(plot, [[C[0][0], 0], [0, C[1][1]]], 2), class: "tb-compare" }),
      svg("text", { x: width - 10, y: 11, "text-anchor": "end", class: "tb-tick" }, "dashed: if independent"),
      svg("path", { d: ellipse(plot, C, 2), fill: "none", stroke: colour[C[0][1] < 0 ? "negative" : "positive"], "stroke-width": 3 }),
    ];
  });

  const bars = panel("C₁₂ is the sum of three shares", square, (width, height) => {
    const parts = shares();
    const all = [...parts, parts.reduce((sum, part) => sum + part, 0)];
    const reach = 1.2 * (Math.max(...all.map(Math.abs)) || 1);
    const plot = axes(width, height, { x: [0, 4], y: [-reach, reach], xlabel: "", ylabel: "share of C₁₂ (in N/γ)" });
    const names = ["left bath", "middle", "right bath", "sum C₁₂"];
    const tones = [colour["bond 0"], colour["bond 1"], colour["bond 2"], colour[all[3] < 0 ? "negative" : "positive"]];
    const columns = all.map((value, i) => [
      column(plot, i + 0.5, 0.3, value, { fill: tones[i] }),
      svg("text", { x: plot.X(i + 0.5), y: plot.Y(value) + (value < 0 ? 15 : -5), "text-anchor": "middle" }, signed(value, 2)),
      svg("text", { x: plot.X(i + 0.5), y: height - 20, "text-anchor": "middle", class: "tb-tick" }, names[i]),
    ]);
    return [withoutPlaces(plot.parts), columns.flat()];
  });

  const words = () => {
    if (noNoise(noise())) return NO_NOISE;
    const parts = shares();
    const total = parts.reduce((sum, part) => sum + part, 0);
    const C = covariance();
    const relative = C[0][1] / Math.sqrt(C[0][0] * C[1][1]) || 0;
    const winner = Math.abs(total) < 1e-9 ? "Nobody wins: the boxes are uncorrelated."
      : total > 0 ? "The baths win: the boxes tend to rise and fall together." : "The middle bond wins: one box tends to rise when the other falls.";
    return `Noise on the two bath bonds gives ${signed(parts[0])} and ${signed(parts[2])}, noise on the middle bond ` +
      `${signed(parts[1])}. The sum is C₁₂ = ${signed(total, 4)} (correlation coefficient ${signed(relative)}). ${winner}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, equilibrium, sliders], panels: [plane, bars], words,
    traits: ["system", "left", "right", "noise"],
  });
  return widget.destroy;
}

export default { render };
