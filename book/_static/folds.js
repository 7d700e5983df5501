// What folds must be open where a reader arrives and on paper. Opening and closing itself is the browser's.
(() => {
  // Open all that hides `place`, and go there.
  const reveal = (place) => {
    let opened = false;
    for (let fold = place?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      opened ||= !fold.open;
      fold.open = true;
    }
    if (opened) place.scrollIntoView();
  };
  const named = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)));

  addEventListener("hashchange", () => reveal(named(location.hash)));
  // A second tap on the same link changes no address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href*='#']");
    if (link && link.pathname === location.pathname && link.hash) setTimeout(() => reveal(named(link.hash)));
  });
  addEventListener("load", () => location.hash && reveal(named(location.hash)));

  // On paper all is open; afterwards it is as it was.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll(".bd-article details:not([open])")];
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
    closed = [];
    document.documentElement.classList.remove("without-solutions");
  });
  window.printWithoutSolutions = () => {
    document.documentElement.classList.add("without-solutions");
    print();
  };
})();
