const TITLE = "Rod";

function render({ model, el }) {
  const colour = model.get("colours");
  const waves = model.get("wavenumbers");
  const factors = model.get("factors");
  const [low, high] = [0.04, 0.96];
  const MARKS = ["y1", "y2", "kick"];
  const sines = (y) => waves.map((k) => Math.sin(k * y));

  // What a kick at x gives to the correlation of y1 and y2: Σ a_k(x) a_l(x) sin(k y1) sin(l y2)/(k² + l²). It is a symmetric form
  // in cos(kx), so half of its table is enough; the table is made anew only when an observer moves.
  let table = { key: "" };
  const form = () => {
    const key = `${model.get("y1")} ${model.get("y2")}`;
    if (table.key !== key) {
      const [first, second] = [sines(model.get("y1")), sines(model.get("y2"))];
      const rows = waves.map((k, i) =>
        Float64Array.from({ length: i + 1 }, (_, j) => {
          const both = first[i] * second[j] + (i === j ? 0 : first[j] * second[i]);
          return (both * factors[i] * factors[j]) / (k * k + waves[j] * waves[j]);
        }));
      table = { key, rows, curve: null };
    }
    return table;
  };
  const cosines = (x) => Float64Array.from(waves, (k) => Math.cos(k * x));
  const share = (cosine) => {
    let sum = 0;
    form().rows.forEach((row, i) => {
      let part = 0;
      for (let j = 0; j <= i; j++) part += row[j] * cosine[j];
      sum += cosine[i] * part;
    });
    return sum;
  };
  const places = range(241, 0, 1);
  const everywhere = places.map(cosines);
  const alongRod = places.map(sines);
  const shares = () => (form().curve ??= everywhere.map(share));
  const shareHere = () => share(cosines(model.get("kick")));
  const density = (at) => {
    const t = model.get("time");
    const amplitudes = waves.map((k, i) => factors[i] * Math.cos(k * model.get("kick")) * Math.exp(-k * k * t));
    return at.map((sine) => sine.reduce((sum, value, i) => sum + value * amplitudes[i], 0));
  };

  const where = (label, trait) => slider(model, { label, trait, min: low, max: high, step: 0.01 });
  const kick = where("place of the kick", "kick");
  const first = where("observer 1", "y1");
  const second = where("observer 2", "y2");
  const time = slider(model, {
    label: "time", trait: "time", min: 0.0003, max: 0.3, step: 0.05, ratios: true, show: (value) => `${value.toPrecision(2)} L²/D`,
  });
  const marks = (plot, height) => [
    ...[1, 2].map((box) =>
      svg("path", { d: `M${plot.X(model.get(`y${box}`))} 18V${height - 36}`, ...boxLine(colour, box) })),
    svg("path", { d: `M${plot.X(model.get("kick"))} 18V${height - 36}`, stroke: colour["bond 0"], "stroke-width": 1.5 }),
    svg("path", { d: `M${plot.X(model.get("kick")) - 7} 6h14l-7 11z`, fill: colour["bond 0"] }),
    [1, 2].map((box) => svg("text", { x: plot.X(model.get(`y${box}`)) + 5, y: height - 74 + 16 * box }, `${box}`)),
    MARKS.map((trait) => grip(plot.X(model.get(trait)), height - 36)),
  ].flat();
  const scales = new Map();

  const rod = panel("Energy after the kick (drag the lines)", 220, (width, height) => {
    const values = density(alongRod);
    const reach = 1.15 * Math.max(...values.map(Math.abs), 1e-9);
    const plot = axes(width, height, { x: [0, 1], y: [-reach, reach], xlabel: "place along the rod, x/L", ylabel: "δE" });
    scales.set(rod, plot);
    return [
      signedAreas(plot, places, values, colour),
      plot.parts,
      marks(plot, height),
    ];
  });
  const contest = panel("Share, by the place of the kick", 220, (width, height) => {
    const values = shares();
    // The peak at two observers that nearly coincide would flatten the rest.
    const sorted = values.map(Math.abs).sort((a, b) => a - b);
    const reach = 1.15 * Math.max(Math.min(sorted.at(-1), 6 * sorted[Math.floor(0.7 * sorted.length)]), 1e-9);
    const plot = axes(width, height, { x: [0, 1], y: [-reach, reach], xlabel: "place of the kick, x/L", ylabel: "share" });
    scales.set(contest, plot);
    const cut = (value) => clamp(value, -reach, reach);
    const here = shareHere();
    return [
      signedAreas(plot, places, values.map(cut), colour),
      plot.parts,
      marks(plot, height),
      svg("circle", { cx: plot.X(model.get("kick")), cy: plot.Y(cut(here)), r: 6, fill: colour[here > 0 ? "positive" : "negative"] }),
    ];
  });
  for (const one of [rod, contest]) {
    movable(one.picture, () => {
      const plot = scales.get(one);
      const place = (x) => Number(clamp(plot.place(x), low, high).toFixed(2));
      return MARKS.map((trait) => ({ x: plot.X(model.get(trait)), move: (x) => send(model, { [trait]: place(x) }) }));
    });
  }

  const words = () => {
    const here = shareHere();
    const [a, b] = [model.get("y1"), model.get("y2")].sort((p, q) => p - q);
    const x = model.get("kick");
    const side = x > a && x < b ? "between the observers" : x <= a ? "on the left of both observers" : "on the right of both observers";
    const [one, two] = density([sines(model.get("y1")), sines(model.get("y2"))]);
    const late = `${model.get("time").toPrecision(2)} L²/D`;
    return `The kick at x = ${plain(x)} is ${side}. After ${late} observer 1 sees ${signed(one, enough(one))} and observer 2 ` +
      `${signed(two, enough(two))}. Over all times, the share of the kick in their correlation is ${signed(here, enough(here))}: ` +
      `${here > 0 ? "positive" : "negative"}.`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [kick, time, first, second], panels: [rod, contest], words,
    traits: ["kick", "y1", "y2", "time"],
  });
  return widget.destroy;
}

export default { render };
