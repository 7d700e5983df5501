(() => {
  // Copying takes the focus to a field that is then gone: it comes back to the button.
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button.copybtn");
    if (button) setTimeout(() => button.focus({ preventScroll: true }));
  });
  // A button is called what is written on it.
  for (const button of document.querySelectorAll(".search-button-field")) {
    button.removeAttribute("aria-label");
    for (const keys of button.querySelectorAll(".search-button__kbd-shortcut")) keys.setAttribute("aria-hidden", "true");
  }
})();
