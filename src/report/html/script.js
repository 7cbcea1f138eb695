(() => {
  "use strict";
  const form = document.getElementById("filters");
  if (!form) return;
  const shown = document.getElementById("shown");
  const all = [...document.querySelectorAll("[data-severity]")];
  const apps = [...document.querySelectorAll(".diff-app")];
  const on = (name) => new Set([...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value));
  const filter = () => {
    const severities = on("severity");
    const standings = on("standing");
    const app = form.elements.app.value;
    const inApp = (element) => app === "" || element.dataset.apps === undefined || element.dataset.apps.split(" ").includes(app);
    let count = 0;
    let sum = 0;
    for (const element of all) {
      const fits = severities.has(element.dataset.severity) && standings.has(element.dataset.standing) && inApp(element);
      element.classList.toggle("filtered", !fits);
      if (element.matches("article")) {
        sum += 1;
        count += fits ? 1 : 0;
      }
    }
    for (const element of apps) element.classList.toggle("filtered", !inApp(element));
    shown.value = `${count} of ${sum} findings shown`;
  };
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A link to something that is folded or filtered away shows it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!target) return;
    target.classList.remove("filtered");
    for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) {
      around.open = true;
      around.classList.remove("filtered");
    }
  });
  form.hidden = false;
  filter();
})();
