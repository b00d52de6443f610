"use strict";
const root = document.documentElement;
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

for (const finding of document.querySelectorAll(".finding")) {
  const detail = finding.querySelector(".detail");
  const items = [...finding.querySelectorAll(".item")];
  const tell = (item) => {
    const step = item.dataset.step === undefined ? "" : `step ${item.dataset.step} · `;
    detail.textContent = step + item.textContent + (item.dataset.detail ? `\n${item.dataset.detail}` : "");
    for (const other of items) {
      other.classList.toggle("same", other !== item && item.dataset.step !== undefined && other.dataset.step === item.dataset.step);
    }
  };
  items.forEach((item, place) => {
    item.addEventListener("focus", () => tell(item));
    item.addEventListener("mouseenter", () => tell(item));
    item.addEventListener("click", () => tell(item));
    item.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (by && items[place + by]) {
        event.preventDefault();
        items[place + by].focus();
      }
    });
  });
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "selected";
    }
  });
}
