// All endpoints: a strip of totals and a table, which is a list of cards on a phone.

import { h, s } from "./dom.js";
import { NONE, percent, plural, rate, seconds, whole } from "./format.js";

const LOOKS = {
  page: ["bad", "page fires"],
  down: ["bad", "down"],
  ticket: ["warn", "ticket fires"],
  starting: ["warn", "not all ready"],
  "no metrics": ["off", "no metrics"],
  "scaled to zero": ["off", "scaled to zero"],
  ok: ["good", "ok"],
};

export function overview(data) {
  return [h("h1", { class: "visually-hidden" }, "Endpoints"), totals(data.totals), data.endpoints.length ? table(data.endpoints) : empty()];
}

/** A state as a coloured dot and its name. */
export function pill(state) {
  const [look, text] = LOOKS[state] ?? ["off", state];
  return h("span", { class: `pill ${look}` }, text);
}

/** One figure with its name. */
export function tile(label, value, note = null, look = "") {
  return h("div", { class: `tile ${look}` }, h("dt", {}, label), h("dd", {}, value, note ? [" ", h("small", {}, note)] : null));
}

/** How bad a share of failures is. */
export const errorLook = (share) => (share >= 0.01 ? "bad" : share > 0.001 ? "warn" : "");

/** Versions with what each is for; a candidate with its share. */
export function versions(endpoint) {
  if (!endpoint.versions.length) return h("span", { class: "muted" }, NONE);
  return endpoint.versions.map((each) => {
    const role = each.role === "stable" ? "" : ` ${endpoint.candidate ? `${endpoint.candidate.mode} ${endpoint.candidate.percent} %` : each.role}`;
    const look = each.role === "stable" ? "version" : "version other";
    return [h("span", { class: look }, `v${each.version}`, role ? h("small", {}, role) : null), " "];
  });
}

function totals(total) {
  const firing = total.pages + total.tickets;
  const note = total.pending ? `${total.pending} pending` : null;
  const alerts = total.pages ? plural(total.pages, "page") : total.tickets ? plural(total.tickets, "ticket") : "none";
  const rest = total.pages && total.tickets ? `and ${plural(total.tickets, "ticket")}` : note;
  const look = total.pages ? "bad" : firing ? "warn" : "";
  return h(
    "dl",
    { class: "tiles" },
    tile("Requests", rate(total.requests), "per second"),
    tile("Errors", percent(total.errors), "of requests", errorLook(total.errors)),
    tile("Serving", `${total.serving} / ${total.endpoints}`, "endpoints", total.serving < total.endpoints ? "warn" : ""),
    tile("Alerts firing", alerts, rest, look),
  );
}

const COLUMNS = [
  ["Endpoint", ""],
  ["State", ""],
  ["Version", ""],
  ["Requests/s", "num"],
  ["15 min", "spark"],
  ["Errors", "num"],
  ["In flight", "num"],
  ["p50", "num"],
  ["p95", "num"],
  ["p99", "num"],
  ["Replicas", "num"],
  ["Alerts", "num"],
];

function table(endpoints) {
  return h(
    "div",
    { class: "card" },
    h(
      "table",
      { class: "rows", role: "table" },
      h("thead", {}, h("tr", {}, COLUMNS.map(([name, look]) => h("th", { scope: "col", class: look }, name)))),
      h("tbody", {}, endpoints.map(row)),
    ),
  );
}

function row(each) {
  const quiet = !each.requests;
  const cells = [
    h("a", { href: `#/endpoint/${encodeURIComponent(each.name)}`, class: "name" }, each.name),
    pill(each.state),
    versions(each),
    each.requests === null ? NONE : quiet ? h("span", { class: "muted" }, "no traffic") : rate(each.requests),
    spark(each),
    h("span", { class: errorLook(each.errors) }, percent(each.errors)),
    whole(each.in_flight),
    ...["p50", "p95", "p99"].map((quantile) => seconds(each.latency[quantile])),
    replicas(each),
    firing(each),
  ];
  return h(
    "tr",
    { "data-key": each.name },
    cells.map((cell, at) => h(at ? "td" : "th", { class: COLUMNS[at][1], "data-label": COLUMNS[at][0], scope: at ? null : "row" }, cell)),
  );
}

/** Ready ones of those wanted. */
export function replicas(each) {
  const look = each.ready !== null && each.wanted !== null && each.ready < each.wanted ? (each.ready ? "warn" : "bad") : "";
  return h("span", { class: look }, `${whole(each.ready)} / ${whole(each.wanted)}`);
}

function firing(each) {
  const found = [
    each.pages ? h("span", { class: "badge bad" }, plural(each.pages, "page")) : null,
    each.tickets ? h("span", { class: "badge warn" }, plural(each.tickets, "ticket")) : null,
  ].filter(Boolean);
  return found.length ? found : h("span", { class: "muted" }, "0");
}

function spark(each) {
  const values = each.spark;
  const width = 96, height = 24, top = Math.max(...values.map((value) => value ?? 0), 0);
  const label = `Requests per second in the last 15 minutes, at most ${rate(top)}`;
  const points = values
    .map((value, at) => (value === null ? null : [(at / Math.max(values.length - 1, 1)) * width, height - 2 - (top ? value / top : 0) * (height - 4)]))
    .filter(Boolean);
  if (points.length < 2) return h("span", { class: "muted" }, NONE);
  const text = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, s("polyline", { points: text }));
}

function empty() {
  return h(
    "section",
    { class: "blank" },
    h("h2", {}, "No endpoints"),
    h("p", {}, "The settings name none, and Prometheus has no metrics of a model server. "),
    h("p", { class: "muted" }, "Endpoints are listed under mlops:endpoints in stacks/Pulumi.<environment>.yaml."),
  );
}
