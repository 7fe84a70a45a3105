// What a feature's values were in the last hour, against the training data.

import { h, s } from "./dom.js";
import { number, percent, plural, whole } from "./format.js";

const VERDICTS = { drifted: ["bad", "drift"], no: ["good", "no drift"], "too few rows": ["off", "too few rows"] };
const WIDTH = 280, HEIGHT = 84;

export function drift(found) {
  const drifted = found.features.filter((each) => each.verdict === "drifted").length;
  const versions = new Set(found.features.map((each) => `${each.model} ${each.version}`));
  return h(
    "section",
    { class: "drift" },
    h(
      "div",
      { class: "section-head" },
      h("h2", {}, "Drift, last hour"),
      found.features.length ? h("p", { class: "legend" }, h("span", { class: "key observed" }, "observed"), h("span", { class: "key reference" }, "training data")) : null,
    ),
    found.features.length ? h("p", { class: drifted ? "bad" : "muted" }, summary(found, drifted)) : none(),
    found.left_out ? h("p", { class: "warn" }, `${plural(found.left_out, "feature")} not counted; the server's log says which and why.`) : null,
    h("div", { class: "features" }, found.features.map((each) => feature(each, versions.size > 1))),
  );
}

function summary(found, drifted) {
  const judged = found.features.filter((each) => each.verdict !== "too few rows").length;
  if (!judged) return `Not judged: an hour needs ${whole(found.least_rows)} rows.`;
  return drifted ? `${drifted} of ${plural(judged, "feature")} drifted.` : `None of ${plural(judged, "feature")} drifted.`;
}

function none() {
  return h(
    "p",
    { class: "nothing card" },
    "No drift reference: the model's manifest has no reference_bins, or no pod gives metrics.",
  );
}

function feature(each, withVersion) {
  const [look, verdict] = each.rows ? VERDICTS[each.verdict] : ["off", "no rows"];
  const name = withVersion ? `${each.feature} · v${each.version}` : each.feature;
  return h(
    "details",
    { class: `card feature ${look}`, "data-key": `${each.model} ${each.version} ${each.feature}` },
    h(
      "summary",
      {},
      h("span", { class: "feature-head" }, h("strong", {}, name), h("span", { class: `pill ${look}` }, verdict)),
      histogram(each),
      meter(each, look),
    ),
    table(each),
  );
}

/** Two bars a bin, side by side. */
function histogram(each) {
  const top = Math.max(...each.bins.flatMap((bin) => [bin.observed ?? 0, bin.reference]), 0.01);
  const slot = WIDTH / Math.max(each.bins.length, 1);
  const bar = Math.min(slot * 0.38, 26);
  const bars = each.bins.map((bin, at) => {
    const middle = slot * (at + 0.5);
    const one = (look, value, x) => {
      const size = ((value ?? 0) / top) * (HEIGHT - 4);
      return s("rect", { class: look, x: x.toFixed(2), y: (HEIGHT - 1 - size).toFixed(2), width: bar.toFixed(2), height: size.toFixed(2), rx: 1 });
    };
    return s(
      "g",
      {},
      s("title", {}, `${bin.label}: observed ${percent(bin.observed, 1)}, training data ${percent(bin.reference, 1)}`),
      s("rect", { class: "slot", x: (slot * at).toFixed(2), y: 0, width: slot.toFixed(2), height: HEIGHT }),
      one("observed", bin.observed, middle - bar),
      one("reference", bin.reference, middle),
    );
  });
  const label = `Shares of ${each.bins.length} bins, observed and in the training data; the largest is ${percent(top, 1)}`;
  return h(
    "span",
    { class: "histogram" },
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, bars, s("line", { class: "base", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 })),
    h("span", { class: "ends" }, h("span", {}, each.bins[0]?.label ?? ""), h("span", { class: "largest" }, `max ${percent(top, 1)}`), h("span", {}, each.bins.at(-1)?.label ?? "")),
  );
}

/** The index beside its threshold, on a scale that ends at twice the threshold. */
function meter(each, look) {
  const text = h(
    "span",
    { class: "measure" },
    h("span", {}, "index ", h("b", {}, number(each.index))),
    h("span", {}, "threshold ", h("b", {}, number(each.threshold))),
    h("span", {}, h("b", {}, whole(each.rows)), " rows"),
  );
  if (each.index === null || !each.threshold) return text;
  const width = 100 * Math.min(each.index / (2 * each.threshold), 1);
  return [
    s("svg", { class: "meter", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      s("rect", { class: "slot", width: 100, height: 6 }),
      s("rect", { class: `value ${look}`, width: width.toFixed(2), height: 6 }),
      s("rect", { class: "mark", x: 49.6, width: 0.8, height: 6 })),
    text,
  ];
}

function table(each) {
  return h(
    "table",
    { class: "bins" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "bin"), h("th", { scope: "col", class: "num" }, "observed"), h("th", { scope: "col", class: "num" }, "training"))),
    h("tbody", {}, each.bins.map((bin) => h("tr", {}, h("th", { scope: "row" }, bin.label), h("td", { class: "num" }, percent(bin.observed, 1)), h("td", { class: "num" }, percent(bin.reference, 1))))),
  );
}
