// One endpoint: figures, alerts, charts, drift.

import { alertList } from "./alerts.js";
import { h } from "./dom.js";
import { drift } from "./drift.js";
import { percent, plural, rate, seconds, whole } from "./format.js";
import { errorLook, pill, replicas, tile, versions } from "./overview.js";

export const SPANS = ["15m", "1h", "6h"];
const SPAN_NAMES = { "15m": "15 min", "1h": "1 hour", "6h": "6 hours" };
const CHARTS = [
  ["requests", "Requests by status", "per second"],
  ["latency", "Latency", "from request to answer"],
  ["load", "Load", "requests in flight, rows waiting"],
  ["replicas", "Replicas", "pods"],
];

/** null while the data are those of another view. */
export function endpoint(data, route) {
  const detail = data.detail?.name === route.name ? data.detail : null;
  const charted = detail?.span === route.span ? detail : null;
  const row = data.overview.endpoints.find((each) => each.name === route.name);
  if (!row) return detail || data.problem ? missing(route.name) : null;
  const ours = data.overview.alerts.filter((each) => each.endpoint === row.name);
  return [
    head(row),
    figures(row),
    ours.length ? h("section", {}, h("h2", {}, "Alerts", " ", h("span", { class: "count" }, ours.length)), alertList(ours)) : null,
    h(
      "section",
      { class: "charts-section" },
      h("div", { class: "section-head" }, h("h2", {}, "Over time"), spans(row.name, route.span)),
      h("div", { class: "charts" }, CHARTS.map((each) => figure(charted, ...each))),
    ),
    detail?.drift ? drift(detail.drift) : null,
  ];
}

function head(row) {
  const models = [...new Set(row.versions.map((each) => each.model))].filter((model) => model !== row.name);
  return h(
    "div",
    { class: "title" },
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Endpoints"), " /"),
    h("h1", {}, row.name),
    pill(row.state),
    h("span", { class: "versions" }, versions(row)),
    h("span", { class: "muted" }, [models.length ? `model ${models.join(", ")}` : "", row.release === null ? "" : `release ${row.release}`].filter(Boolean).join(" · ")),
  );
}

function figures(row) {
  const quiet = !row.requests;
  return h(
    "dl",
    { class: "tiles many" },
    tile("Requests", rate(row.requests), quiet ? "no traffic" : "per second"),
    tile("Errors", percent(row.errors), "of requests", errorLook(row.errors)),
    tile("Latency p50", seconds(row.latency.p50)),
    tile("Latency p95", seconds(row.latency.p95)),
    tile("Latency p99", seconds(row.latency.p99)),
    tile("In flight", whole(row.in_flight), row.queue === null ? null : `${plural(row.queue, "row")} waiting`),
    tile("Replicas", replicas(row), "ready / wanted"),
  );
}

function spans(name, current) {
  return h(
    "nav",
    { class: "spans", "aria-label": "Time shown" },
    SPANS.map((span) => h("a", { href: `#/endpoint/${encodeURIComponent(name)}/${span}`, "aria-current": span === current ? "true" : null }, SPAN_NAMES[span])),
  );
}

function figure(detail, id, title, unit) {
  const chart = detail?.charts[id];
  const filled = chart?.lines.some((line) => line.values.some((value) => value !== null));
  const body = !chart
    ? h("p", { class: "nothing", "data-key": "wait" }, "Waiting for Prometheus …")
    : filled
      ? h("div", { class: "plot", "data-keep": "", "data-chart": id, "data-span": detail.span, "data-key": "plot" })
      : h("p", { class: "nothing", "data-key": "none" }, id === "replicas" ? "Nothing known of its pods" : id === "load" ? "No figures in this time" : "No requests in this time");
  return h("figure", { class: "card chart", "data-key": id }, h("figcaption", {}, title, " ", h("small", {}, unit)), body);
}

function missing(name) {
  return h(
    "section",
    { class: "blank" },
    h("h1", {}, "No such endpoint"),
    h("p", {}, "Nothing is known of ", h("code", {}, name), ": it is not in the settings and gave no metrics in the last hour."),
    h("p", {}, h("a", { href: "#/" }, "All endpoints")),
  );
}
