const TITLE = "Noise contest";

function render({ model, el }) {
  const colour = model.get("colours");
  const unit = model.get("unit_shares");
  const tables = model.get("tables");
  const baths = twoBaths(model);
  const samples = model.get("samples");
  const byHand = () => model.get("system") === "by hand";
  const noise = () => (byHand() ? model.get("noise") : quantities(tables[model.get("system")], model.get("left"), model.get("right")));
  const covariance = () => [0, 1].map((i) => [0, 1].map((j) => noise().reduce((sum, B, b) => sum + B * unit[b][i][j], 0)));
  const shares = () => noise().map((B, b) => B * unit[b][0][1]);

  const system = choice(model, {
    label: "Noise from", trait: "system",
    options: [["by hand", "my own choice"], ["ideal gas", "ideal gas"], ["exclusion", "exclusion process"]],
    also: (value) => baths.of(value),
  });
  const hands = BONDS.map((name, b) => slider(model, { label: `noise ${name}`, trait: "noise", place: b, min: 0, max: 10, step: 0.1 }));
  const sliders = changing(() => (byHand() ? hands : baths.sliders()));
  const equilibrium = {
    root: button("To equilibrium", () => send(model, byHand() ? { noise: [4, 4, 4] } : { right: model.get("left") })),
  };

  const square = (width) => Math.min(width, 300);
  const coefficient = () => {
    const C = covariance();
    return C[0][1] / Math.sqrt(C[0][0] * C[1][1]) || 0;
  };
  // Each energy in its own standard deviation: what is left to see of the covariance is the correlation.
  const plane = panel("Samples, in units of each σ", square, (width, height) => {
    const r = noNoise(noise()) ? 0 : coefficient();
    const { values, vectors } = diagonalise(1, r, 1);
    const root = values.map((value) => Math.sqrt(Math.max(value, 0)));
    const reach = 2.9;
    const wide = reach * ((width - 56) / (height - 54));
    const plot = axes(width, height, { x: [-wide, wide], y: [-reach, reach], xlabel: "δE₁/σ₁", ylabel: "δE₂/σ₂", left: 46 });
    const inside = ([p, q]) => Math.abs(p) < wide && Math.abs(q) < reach;
    const cloud = noNoise(noise()) ? [] : samples.map(([p, q]) => [
      p * root[0] * vectors[0][0] + q * root[1] * vectors[1][0],
      p * root[0] * vectors[0][1] + q * root[1] * vectors[1][1],
    ]).filter(inside).map(([p, q]) => `M${plot.X(p).toFixed(1)} ${plot.Y(q).toFixed(1)}h0`);
    const tone = colour[r < 0 ? "negative" : "positive"];
    const [tilted, round] = [r, 0].map((one) => ellipse(plot, [[1, one], [one, 1]], 2));
    const tip = 2.45 * Math.SQRT1_2;
    const axis = Math.abs(r) < 5e-4 ? null
      : svg("path", { d: path([[-tip, -tip * Math.sign(r)], [tip, tip * Math.sign(r)]].map(([p, q]) => [plot.X(p), plot.Y(q)])), stroke: tone, "stroke-width": 2 });
    return [
      plot.parts,
      svg("path", { d: cloud.join(""), stroke: colour.neutral, "stroke-width": 4, "stroke-linecap": "round", "stroke-opacity": 0.6 }),
      svg("path", { d: tilted + round, "fill-rule": "evenodd", fill: tone, "fill-opacity": 0.55 }),
      axis,
      svg("path", { d: round, class: "tb-compare" }),
      svg("path", { d: tilted, fill: "none", stroke: tone, "stroke-width": 3 }),
      svg("text", { x: width - 10, y: 11, "text-anchor": "end", class: "tb-tick" }, "dashed: if independent"),
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
    const relative = coefficient();
    const longer = Math.round(100 * (Math.sqrt(1 + Math.abs(relative)) - 1));
    const tilt = Math.abs(relative) < 5e-4 ? " The ellipse is the dashed circle."
      : ` The ellipse is ${longer < 1 ? "less than 1" : longer} % longer than the dashed circle along the ${relative > 0 ? "rising" : "falling"} line.`;
    const winner = Math.abs(total) < 1e-9 ? "Nobody wins: the boxes are uncorrelated."
      : total > 0 ? "The baths win: the boxes tend to rise and fall together." : "The middle bond wins: one box tends to rise when the other falls.";
    return `Noise on the two bath bonds gives ${signed(parts[0])} and ${signed(parts[2])}, noise on the middle bond ` +
      `${signed(parts[1])}. The sum is C₁₂ = ${signed(total, 4)} (correlation coefficient ${signed(relative)}). ${winner}${tilt}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [system, equilibrium, sliders], panels: [plane, bars], words,
    traits: ["system", "left", "right", "noise"],
  });
  return widget.destroy;
}

export default { render };
