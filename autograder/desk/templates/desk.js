"use strict";
// Single keys for what can also be clicked. It reads what is in the page and knows of nobody.
(() => {
  const form = document.getElementById("decide"), comment = document.getElementById("comment");
  const on = document.body.hasAttribute("data-keys");
  const by = (id) => document.getElementById(id);
  let sent = false;

  const press = (button) => {
    if (button && !sent) button.click();
  };
  const points = (wanted) =>
    [...form.querySelectorAll("button[name=points]")].find((button) => button.value === wanted);
  const all = () => [...form.querySelectorAll(".choices > button[name=points]:not(.plain)")].pop();

  function key(event) {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && field) return field.blur();
    if (!on || field || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "u") return press(by("undo"));
    if (!form) return;
    if (/^[0-9]$/.test(event.key)) return press(points(event.key));
    const does = {
      f: () => press(all()),
      c: () => comment.focus(),
      s: () => by("alike")?.click(),
      j: () => by("later")?.click(),
      k: () => by("earlier")?.click(),
    }[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  }

  document.addEventListener("keydown", key);
  document.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", () => (sent = false));
  for (const again of document.querySelectorAll(".again")) again.hidden = false;
  for (const button of document.querySelectorAll("[data-comment]")) {
    button.addEventListener("click", () => {
      comment.value = button.dataset.comment;
      comment.focus();
    });
  }
})();
