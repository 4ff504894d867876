"use strict";
// Shows the numbers under the pointer. Without scripts the charts are complete, but silent.
const bend = {
  Linear: v => v,
  Log: v => Math.log10(Math.max(v, 1e-300)),
  LogBelowZero: v => -Math.log10(Math.max(-v, 1e-300)),
};
const text = v => {
  if (v === null) return "–";
  const size = Math.abs(v);
  const plain = v === 0 || (size >= 1e-4 && size < 1e7);
  const short = plain ? v.toLocaleString("en", { maximumSignificantDigits: 6 }) : v.toExponential(3);
  return short.replaceAll("-", "−");
};
const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });

for (const figure of document.querySelectorAll("figure.chart")) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const plot = figure.querySelector(".plot");
  const xs = data.generations;
  const first = xs[0], span = xs[xs.length - 1] - first;
  const f = bend[data.shape], low = f(data.low), high = f(data.high);
  const across = x => (span > 0 ? (x - first) / span : 0.5);
  const up = v => Math.min(1, Math.max(0, (f(v) - low) / (high - low)));
  const line = make("div", "cross"), box = make("div", "read-out");
  const dots = data.entries.map(e => make("i", `dot ${e.class}`));
  plot.append(line, ...dots, box);
  line.ariaHidden = box.ariaHidden = "true";

  const nearest = at => {
    let row = 0;
    for (let i = 1; i < xs.length; i++) {
      if (Math.abs(across(xs[i]) - at) < Math.abs(across(xs[row]) - at)) row = i;
    }
    return row;
  };
  const show = event => {
    const frame = plot.querySelector("svg").getBoundingClientRect();
    const row = nearest((event.clientX - frame.left) / frame.width);
    const at = across(xs[row]);
    line.style.left = `${at * 100}%`;
    box.style.left = `${at * 100}%`;
    box.classList.toggle("left", at > 0.5);
    box.replaceChildren(Object.assign(make("b", ""), { textContent: `${data.axis} ${text(xs[row])}` }));
    data.entries.forEach((entry, i) => {
      const value = entry.values[row];
      const item = make("span", "");
      // A chart of one thing has said its name already.
      if (data.entries.length > 1) item.append(make("i", `key ${entry.class}`), `${entry.name} `);
      item.append(Object.assign(make("b", ""), { textContent: text(value) }));
      box.append(item);
      dots[i].hidden = value === null;
      dots[i].style.left = `${at * 100}%`;
      dots[i].style.top = `${(1 - up(value ?? 0)) * 100}%`;
    });
    plot.classList.add("reading");
  };
  plot.addEventListener("pointermove", show);
  plot.addEventListener("pointerdown", show);
  plot.addEventListener("pointerleave", () => plot.classList.remove("reading"));
}
