
// One head at a time: the text coloured by its attention, and its map.
document.querySelectorAll(".explorer").forEach(box => {
  const data = JSON.parse(box.querySelector("script").textContent);
  const n = data.tokens.length;
  const names = Object.keys(data.maps);
  const spans = [...box.querySelectorAll(".text span")];
  const canvas = box.querySelector("canvas");
  const said = box.querySelector(".said");
  const where = box.querySelector(".where");
  const pick = box.querySelector(".pick");
  const cache = {};
  let shown = box.dataset.first;
  let asking = null;
  let held = null;

  const shades = name => cache[name] ??= Uint8Array.from(atob(data.maps[name]), c => c.charCodeAt(0));
  const weight = shade => (shade / 255) ** 2;
  const percent = value => value >= .0995 ? Math.round(100 * value) + "%" : (100 * value).toFixed(1) + "%";
  const visible = token => token.replace(/\n/g, "\u21b5").replace(/ /g, "\u2423").replace(/\t/g, "\u21e5") || "\u2205";

  const paint = () => {
    const map = shades(shown);
    const size = Math.max(1, Math.floor(840 / n));
    canvas.width = canvas.height = n * size;
    const pen = canvas.getContext("2d");
    pen.fillStyle = getComputedStyle(box).getPropertyValue("--heat");
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (map[i * n + j] === 0) continue;
        pen.globalAlpha = map[i * n + j] / 255;
        pen.fillRect(j * size, i * size, size, size);
      }
    }
    pen.globalAlpha = 1;
    if (asking !== null) {
      pen.strokeStyle = getComputedStyle(box).getPropertyValue("--accent");
      pen.lineWidth = 2;
      pen.strokeRect(1, asking * size, n * size - 2, size);
    }
  };
  const list = (weights, from) => {
    const order = weights.map((w, i) => [w, i]).filter(([w]) => w > .002).sort((a, b) => b[0] - a[0]).slice(0, 5);
    where.replaceChildren(...order.map(([w, i]) => {
      const row = document.createElement("li");
      const token = document.createElement("code");
      token.textContent = visible(data.tokens[i]);
      token.title = "token " + i;
      const bar = document.createElement("i");
      bar.style.width = 100 * Math.min(1, w) + "%";
      const value = document.createElement("b");
      value.textContent = percent(w);
      const track = document.createElement("span");
      track.append(bar);
      row.append(token, track, value);
      if (from !== null) row.title = (from - i) + " tokens back";
      return row;
    }));
  };
  const show = () => {
    const map = shades(shown);
    let weights;
    if (asking === null) {
      weights = data.tokens.map((_, j) => {
        let sum = 0;
        for (let i = j; i < n; i++) sum += weight(map[i * n + j]);
        return sum / (n - j);
      });
      said.textContent = "Colour: attention that each token draws from those after it, head " + shown
        + ". Point at a token to see where it looks.";
      list(weights.map((w, j) => j < n / 2 ? w : 0), null);
    } else {
      weights = data.tokens.map((_, j) => weight(map[asking * n + j]));
      const nats = data.surprise[asking];
      said.textContent = "Where token " + asking + " (" + visible(data.tokens[asking]) + ") looks, head " + shown
        + (nats === null ? "" : "; it came with a surprise of " + nats.toFixed(2) + " nats");
      list(weights, asking);
    }
    spans.forEach((span, j) => {
      span.style.setProperty("--s", Math.round(100 * Math.sqrt(Math.min(1, weights[j]))) + "%");
      span.classList.toggle("asks", j === asking);
      span.classList.toggle("later", asking !== null && j > asking);
    });
    document.querySelectorAll("[data-head]").forEach(one => one.classList.toggle("on", one.dataset.head === shown));
    pick.querySelectorAll("button").forEach(button => button.setAttribute("aria-pressed",
      button.dataset.part === "layer" ? button.value === shown.split(".")[0] : button.value === shown.split(".")[1]));
    paint();
  };
  const select = name => {
    if (!(name in data.maps)) return;
    shown = name;
    show();
  };
  const choices = (part, index) => {
    const row = document.createElement("div");
    const label = document.createElement("span");
    label.textContent = part;
    row.append(label);
    [...new Set(names.map(name => name.split(".")[index]))].forEach(value => {
      const button = document.createElement("button");
      button.type = "button";
      button.value = button.textContent = value;
      button.dataset.part = part;
      button.addEventListener("click", () => {
        const parts = shown.split(".");
        parts[index] = value;
        select(parts.join("."));
      });
      row.append(button);
    });
    pick.append(row);
  };
  choices("layer", 0);
  choices("head", 1);
  const ask = i => { if (i !== asking) { asking = i; show(); } };
  spans.forEach((span, i) => {
    span.addEventListener("pointerenter", () => ask(i));
    span.addEventListener("click", () => { held = held === i ? null : i; ask(held ?? i); });
  });
  box.querySelector(".text").addEventListener("pointerleave", () => ask(held));
  canvas.addEventListener("pointermove", event => {
    const area = canvas.getBoundingClientRect();
    ask(Math.min(n - 1, Math.max(0, Math.floor((event.clientY - area.top) / area.height * n))));
  });
  canvas.addEventListener("pointerleave", () => ask(held));
  document.querySelectorAll("[data-head]").forEach(one => one.addEventListener("click", () => {
    select(one.dataset.head);
    box.scrollIntoView({behavior: "smooth", block: "start"});
  }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  show();
});
