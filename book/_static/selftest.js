// Questions that answer back: the field for a number, words for screen readers, and the guess that a page remembers.
(() => {
  // "0.037", "−0,037", "1/27", "3.7e-2"
  const read = (text) => {
    const parts = text.trim().replace(/[−–]/g, "-").replace(/,/g, ".").replace(/\s/g, "").split("/");
    if (parts.length > 2 || parts.some((part) => !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part))) return NaN;
    return parts.length === 2 ? parts[0] / parts[1] : Number(parts[0]);
  };
  const say = (place, ...parts) => place.replaceChildren(...parts.map((part) => part.cloneNode?.(true) ?? document.createTextNode(part)));

  for (const asked of document.querySelectorAll(".selftest-number")) {
    const [row, said, answer] = [".selftest-try", ".selftest-said", ".selftest-answer"].map((name) => asked.querySelector(name));
    const field = row.querySelector("input");
    const near = (value, wanted) => Math.abs(value - wanted) <= asked.dataset.tolerance * Math.abs(wanted);
    const check = () => {
      const value = read(field.value);
      const wrong = [...asked.querySelectorAll(".selftest-value")].find((one) => near(value, Number(one.dataset.value)));
      const right = near(value, Number(answer.dataset.value));
      asked.classList.toggle("is-right", right);
      if (Number.isNaN(value)) say(said, "Type a number, such as 0.25, −3 or 1/27.");
      else if (right) {
        const mark = Object.assign(document.createElement("strong"), { className: "selftest-mark", textContent: "Right." });
        say(said, mark, ...answer.querySelector(".fold-body").children);
      } else if (wrong) say(said, ...wrong.children);
      else say(said, near(value, -answer.dataset.value) ? "The size is right, the sign is not." : "Not that. Try again, or open the answer.");
    };
    row.hidden = false;
    row.querySelector("button").addEventListener("click", check);
    field.addEventListener("keydown", (event) => event.key === "Enter" && check());
  }

  for (const asked of document.querySelectorAll(".selftest-choice")) {
    const said = Object.assign(document.createElement("p"), { className: "selftest-aloud" });
    said.setAttribute("role", "status");
    asked.append(said);
    asked.addEventListener("change", (event) => (said.textContent = event.target.parentElement.querySelector(".selftest-feedback").textContent));
  }

  // What was guessed stays for the next visit where the browser lets a page remember, else as long as the page is open.
  const memory = {
    get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
    set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* not here */ } },
  };
  for (const asked of document.querySelectorAll(".selftest-guess")) {
    const name = `guess:${asked.id}`;
    const tell = (taken) => {
      for (const place of document.querySelectorAll(`.guessed[data-guess="${asked.id}"] .guessed-said`)) {
        place.hidden = false;
        const words = taken.labels[0].textContent.trim().replace(/\.$/, "");
        place.textContent = `You guessed: “${words}”. ${taken.dataset.right === undefined ? "It is not so." : "So it is."}`;
      }
    };
    const before = document.getElementById(memory.get(name));
    if (before && asked.contains(before)) {
      before.checked = true;
      tell(before);
    }
    asked.addEventListener("change", (event) => {
      memory.set(name, event.target.id);
      tell(event.target);
    });
  }
})();
