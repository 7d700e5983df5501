const TITLE = "Kick and relax";

/** What the kick does later: δE at time t, and the area under δE₁δE₂ up to t. All of it is sums of exponentials. */
function relaxation(rates, vectors, kick) {
  // Heat capacity 1: energy through bond b at rate k_b times the difference across it, so R = −Σ k_b v_b v_bᵀ.
  const entry = (i, j) => -rates.reduce((sum, rate, b) => sum + rate * vectors[b][i] * vectors[b][j], 0);
  const { values, vectors: modes } = diagonalise(entry(0, 0), entry(0, 1), entry(1, 1));
  const amplitudes = modes.map((mode) => mode[0] * kick[0] + mode[1] * kick[1]);
  const energies = (t) =>
    [0, 1].map((i) => modes.reduce((sum, mode, k) => sum + amplitudes[k] * mode[i] * Math.exp(values[k] * t), 0));
  const area = (t) => {
    let sum = 0;
    for (const k of [0, 1]) {
      for (const l of [0, 1]) {
        const decay = -(values[k] + values[l]);
        sum += ((amplitudes[k] * modes[k][0] * amplitudes[l] * modes[l][1]) / decay) * (1 - Math.exp(-decay * t));
      }
    }
    return sum;
  };
  return { values, modes, energies, area };
}

function render({ model, el }) {
  const set = (values) => send(model, values);
  const colour = model.get("colours");
  const longest = model.get("longest");
  const names = model.get("bond_names");
  const kicks = model.get("bond_vectors");
  const now = () => relaxation(model.get("rates"), kicks, kicks[model.get("bond")]);

  const bond = choice(model, {
    label: "Kick the bond", trait: "bond", options: names.map((name, i) => [i, name]), also: () => ({ time: 0 }),
  });
  const time = slider(model, {
    label: "time since the kick", trait: "time", min: 0, max: longest, step: 0.01, show: (value) => `${plain(value)} N/γ`,
  });
  const play = player({
    advance: (seconds) => set({ time: Math.min(longest, model.get("time") + seconds) }),
    atEnd: () => model.get("time") >= longest,
    rewind: () => set({ time: 0 }),
    onrun: (running) => widget.status.setAttribute("aria-live", running ? "off" : "polite"),
  });
  const rates = names.map((name, i) => slider(model, { label: `rate ${name}`, trait: "rates", place: i, min: 0.1, max: 4, step: 0.1 }));
  const more = folded("Unequal rates (in γ/N)", rates);

  const boxes = panel("The boxes now", 210, (width, height) => {
    const step = width / 4;
    const wide = step * 0.62;
    const middle = height / 2;
    const room = height / 2 - 26;
    const energies = now().energies(model.get("time"));
    const parts = CHAIN.map((name, i) => {
      const x = step * (i + 0.5) - wide / 2;
      const frame = { x, y: middle - room, width: wide, height: 2 * room, rx: 6 };
      const inside = i === 0 || i === 3 ? { fill: colour[name], "fill-opacity": 0.25 } : { fill: "none" };
      const level = i === 1 || i === 2 ? energies[i - 1] : 0;
      const tall = Math.abs(level) * room;
      return [
        svg("rect", { ...frame, ...inside, stroke: colour[name], "stroke-width": 2 }),
        svg("rect", { x: x + 4, width: wide - 8, y: level > 0 ? middle - tall : middle, height: tall, fill: colour[name] }),
        svg("path", { class: "tb-zero", d: `M${x} ${middle}h${wide}` }),
        svg("text", { x: x + wide / 2, y: height - 8, "text-anchor": "middle" }, name),
      ];
    });
    const from = step * (model.get("bond") + 1);
    const strong = `bond ${model.get("bond")}`;
    const reach = step * 0.3;
    parts.push([
      svg("path", { d: `M${from - reach} 12H${from + reach - 6}`, stroke: colour[strong], "stroke-width": 4 }),
      svg("path", { d: `M${from + reach} 12l-11 -7v14z`, fill: colour[strong] }),
    ]);
    return parts.flat();
  });

  const curves = panel("Both energies in time", 210, (width, height) => {
    const { energies } = now();
    const plot = axes(width, height, { x: [0, longest], y: [-1.05, 1.05], xlabel: "time, N/γ", ylabel: "δE" });
    const times = range(161, 0, longest);
    const lines = [1, 2].map((box) =>
      svg("path", { d: path(times.map((t) => [plot.X(t), plot.Y(energies(t)[box - 1])])), ...boxLine(colour, box) }));
    const t = model.get("time");
    const dots = energies(t).map((value, i) =>
      svg("circle", { cx: plot.X(t), cy: plot.Y(value), r: 5, fill: colour[`box ${i + 1}`] }));
    return [plot.parts, lines, dots, legend(width - 82, 20, [1, 2].map((box) => [`box ${box}`, boxLine(colour, box)]))];
  });

  const plane = panel("The same, in the plane of both", (width) => Math.min(width, 290), (width, height) => {
    const { energies, modes } = now();
    const reach = 1.15;
    const half = (width - 56) / (height - 54);
    const plot = axes(width, height, { x: [-reach * half, reach * half], y: [-reach, reach], xlabel: "δE₁", ylabel: "δE₂", left: 46 });
    const names = ["slow", "fast"];
    const arms = modes.map((mode, k) => [
      svg("text", {
        x: plot.X(0.8 * reach * mode[0]) + (mode[0] > 0 ? -6 : 6), y: plot.Y(0.8 * reach * mode[1]) - 6,
        "text-anchor": mode[0] > 0 ? "end" : "start",
      }, names[k]),
      svg("path", {
        d: path([-1, 1].map((s) => [plot.X(s * reach * mode[0]), plot.Y(s * reach * mode[1])])),
        stroke: colour.neutral, "stroke-width": k ? 1.2 : 2.4, "stroke-dasharray": k ? "5 4" : null,
      }),
    ]);
    const trail = path(range(121, 0, longest).map((t) => energies(t)).map(([p, q]) => [plot.X(p), plot.Y(q)]));
    const [p, q] = energies(model.get("time"));
    const kicked = colour[`bond ${model.get("bond")}`];
    return [
      plot.parts, arms.flat(),
      svg("path", { d: trail, fill: "none", stroke: kicked, "stroke-width": 2 }),
      svg("circle", { cx: plot.X(p), cy: plot.Y(q), r: 6, fill: kicked }),
    ];
  });

  const area = panel("Their product; its area is the share", (width) => Math.min(width, 290), (width, height) => {
    const { energies, area: under } = now();
    const product = (t) => energies(t)[0] * energies(t)[1];
    const times = range(241, 0, longest);
    const values = times.map(product);
    const low = Math.min(...values, 0);
    const high = Math.max(...values, 0);
    const size = Math.max(high - low, 1e-3);
    const plot = axes(width, height, { x: [0, longest], y: [low - 0.12 * size, high + 0.12 * size], xlabel: "time, N/γ", ylabel: "δE₁δE₂", bottom: 54 });
    const t = model.get("time");
    const filled = range(161, 0, t).map((s) => [plot.X(s), plot.Y(product(s))]);
    const final = under(1e4);
    const tone = colour[final > 0 ? "positive" : "negative"];
    return [
      svg("path", { d: `M${plot.X(0)} ${plot.Y(0)}${path(filled).replace("M", "L")}L${plot.X(t)} ${plot.Y(0)}Z`, fill: tone, "fill-opacity": 0.55 }),
      plot.parts,
      svg("path", { d: path(times.map((s, i) => [plot.X(s), plot.Y(values[i])])), fill: "none", stroke: tone, "stroke-width": 2 }),
      svg("text", { x: 4, y: height - 22 }, `area ${signed(under(t), 4)} so far`),
      svg("text", { x: 4, y: height - 5 }, `of ${signed(final, 4)} in the end`),
    ];
  });

  const words = () => {
    const { energies, area: under } = now();
    const t = model.get("time");
    const [first, second] = energies(t);
    const final = under(1e4);
    const late = Math.abs(under(longest)) < 0.9 * Math.abs(final) ? ` (much of it after ${longest} N/γ)` : "";
    const back = first * second * final < 0 && t > 0 ? " Just now the boxes push the other way: some is given back." : "";
    return `A kick on the bond ${names[model.get("bond")]}. After ${plain(t)} N/γ box 1 has ${signed(first)} and box 2 ` +
      `${signed(second)}. The area so far is ${signed(under(t), 4)}; it ends at ${signed(final, 4)} (${signed(24 * final, 2)}/24)${late}: ` +
      `this bond pushes C₁₂ ${final > 0 ? "up" : "down"}.${back}`;
  };
  const widget = assemble(el, model, {
    name: TITLE, controls: [bond, play, time, more], panels: [boxes, curves, plane, area], words,
    traits: ["bond", "time", "rates"],
  });
  return widget.destroy;
}

export default { render };
