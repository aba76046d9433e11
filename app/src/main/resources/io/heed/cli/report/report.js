"use strict";
// Values under the pointer. Everything else on the page works without this script.
document.querySelectorAll(".plot").forEach(plot => {
  const data = JSON.parse(plot.querySelector("script").textContent);
  const cursor = plot.querySelector(".cursor");
  const tip = plot.querySelector(".tip");
  const format = value => value === 0 ? "0" : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3
    ? value.toExponential(2) : Number.isInteger(value) ? String(value) : value.toPrecision(4);
  const share = (range, value) => (value - range[0]) / (range[1] - range[0]);
  let dots = [];
  const hide = () => {
    cursor.style.opacity = tip.style.opacity = 0;
    dots.forEach(dot => dot.remove());
    dots = [];
  };
  const nearest = (list, x) => {
    let low = 0, high = list.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (list[middle] < x) low = middle; else high = middle;
    }
    return Math.abs(list[low] - x) <= Math.abs(list[high] - x) ? low : high;
  };
  const show = event => {
    const box = plot.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const x = data.x[0] + at * (data.x[1] - data.x[0]);
    hide();
    const rows = [];
    let where = x;
    data.curves.forEach(curve => {
      if (x > curve.x[curve.x.length - 1] + (data.x[1] - data.x[0]) / 50) return;
      const i = nearest(curve.x, x);
      if (curve.y[i] === null) return;
      where = data.axis === "steps" ? curve.x[i] : x;
      const up = share(data.y, curve.y[i]);
      rows.push([curve, curve.y[i]]);
      if (up < 0 || up > 1) return;
      const dot = document.createElement("i");
      dot.className = "dot c" + curve.colour;
      dot.style.left = 100 * share(data.x, curve.x[i]) + "%";
      dot.style.top = 100 * (1 - up) + "%";
      plot.append(dot);
      dots.push(dot);
    });
    if (rows.length === 0) return;
    rows.sort((a, b) => b[1] - a[1]);
    tip.replaceChildren();
    const line = (left, right, style) => {
      const row = document.createElement("div");
      const name = document.createElement(style ? "b" : "span");
      name.textContent = left;
      if (style) name.className = style;
      const value = document.createElement("span");
      value.textContent = right;
      row.append(name, value);
      tip.append(row);
    };
    line(data.axis, format(where), "");
    rows.forEach(([curve, value]) => line(curve.name, format(value), "c" + curve.colour));
    cursor.style.left = 100 * at + "%";
    cursor.style.opacity = .6;
    tip.style.opacity = 1;
    tip.style.left = at < .5 ? 100 * at + 3 + "%" : "auto";
    tip.style.right = at < .5 ? "auto" : 100 * (1 - at) + 3 + "%";
  };
  plot.addEventListener("pointermove", show);
  plot.addEventListener("pointerdown", show);
  plot.addEventListener("pointerleave", hide);
});
document.querySelectorAll(".copy").forEach(button => button.addEventListener("click", () => {
  const pre = button.previousElementSibling;
  const said = text => { button.textContent = text; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(pre.textContent).then(() => said("Copied"), () => getSelection().selectAllChildren(pre));
  } else {
    getSelection().selectAllChildren(pre);
  }
}));
