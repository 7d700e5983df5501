// The search page: excerpts from the texts that stand beside this script, each a link to its passage.
(() => {
  const LENGTH = 240;
  const PASSAGES = 3;

  const asked = () => {
    const query = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase().trim();
    return { phrase: query, words: splitQuery(query).filter((word) => !stopwords.includes(word)) };
  };

  // The ending of a word does not count: "correlations" finds "correlated".
  const stems = (word) => [word, new Stemmer().stemWord(word)];
  const place = (text, word) => Math.max(...stems(word).map((stem) => text.indexOf(stem)));

  // How well a passage answers: the whole phrase, then how many of the words.
  const worth = (text, { phrase, words }) =>
    (words.length > 1 && text.includes(phrase) ? words.length : 0) + words.filter((word) => place(text, word) >= 0).length;

  const excerpt = (text, { phrase, words }) => {
    const low = text.toLowerCase();
    const at = low.includes(phrase) ? low.indexOf(phrase) : Math.max(0, ...words.map((word) => place(low, word)));
    const start = Math.max(0, at - LENGTH / 3);
    const cut = text.slice(start && text.indexOf(" ", start) + 1, start + LENGTH);
    return `${start ? "… " : ""}${cut}${start + LENGTH < text.length ? " …" : ""}`;
  };

  const show = (page, anchor) => {
    const query = asked();
    const found = SEARCH_TEXTS[page]
      .filter(([at]) => !anchor || `#${at}` === anchor)
      .map(([at, title, text]) => ({ at, title, text, worth: worth(`${title} ${text}`.toLowerCase(), query) }))
      .filter((passage) => passage.worth > 0);
    const best = Math.max(...found.map((passage) => passage.worth));
    const box = document.createElement("div");
    for (const { at, title, text } of found.filter((passage) => passage.worth === best).slice(0, PASSAGES)) {
      const link = document.createElement("a");
      link.href = `${page}.html?highlight=${encodeURIComponent(query.words.join(" "))}#${at}`;
      link.textContent = title || "Top of the page";
      const line = Object.assign(document.createElement("p"), { className: "context" });
      line.append(link, document.createTextNode(` ${excerpt(text, query)}`));
      box.append(line);
    }
    return box;
  };

  // Before Sphinx's own script begins.
  document.addEventListener("DOMContentLoaded", () => {
    const name = (address) => new URL(address, document.baseURI).href.slice(new URL("./", document.baseURI).href.length).replace(/\.html$/, "");
    self.fetch = (address) => Promise.resolve({ text: () => Promise.resolve(name(address)) });
    Search.makeSearchSummary = (page, _words, anchor) => (SEARCH_TEXTS[page] ? show(page, anchor) : null);
    // Pages that have the whole phrase come first.
    Scorer.score = ([page, , , , score]) => {
      const query = asked();
      const whole = query.words.length > 1 && SEARCH_TEXTS[page]?.some(([, , text]) => text.toLowerCase().includes(query.phrase));
      return score + (whole ? 20 : 0);
    };
  });
})();
