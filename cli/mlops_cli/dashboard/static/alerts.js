// Alerts that fire or may soon.

import { h, link } from "./dom.js";
import { ago, clock, NONE, plural } from "./format.js";

export function alerts(all) {
  const firing = all.filter((each) => each.state === "firing");
  const pending = all.filter((each) => each.state !== "firing");
  return [
    h("h1", {}, "Alerts"),
    all.length ? null : none(),
    firing.length ? section("Firing", firing) : all.length ? h("p", { class: "muted" }, "None fires.") : null,
    pending.length ? section("Pending", pending, "Their condition holds, but not for long enough yet.") : null,
  ];
}

/** A list of alerts, as the view of one endpoint shows it too. */
export function alertList(all) {
  return h("ul", { class: "alerts" }, all.map(one));
}

function section(title, all, note = null) {
  return h("section", {}, h("h2", {}, title, " ", h("span", { class: "count" }, all.length)), note ? h("p", { class: "muted" }, note) : null, alertList(all));
}

function one(each) {
  const look = each.severity === "page" ? "bad" : each.severity === "ticket" ? "warn" : "off";
  const fields = [
    ["Endpoint", each.endpoint ? link(`#/endpoint/${encodeURIComponent(each.endpoint)}`, each.endpoint) : "platform"],
    ["Since", h("time", { datetime: new Date(each.since * 1000).toISOString() }, `${ago(each.since)} ago (${clock(each.since, false)})`)],
    ["Owner", each.owner || NONE],
    ["Runbook", each.runbook ? link(each.runbook.href, each.runbook.text) : NONE],
  ];
  return h(
    "li",
    { class: `alert ${look} ${each.state === "firing" ? "" : "pending"}`, "data-key": `${each.name} ${each.endpoint} ${each.since}` },
    h("div", { class: "alert-head" }, h("span", { class: `badge ${look}` }, each.severity || "no severity"), h("strong", {}, each.name), h("span", { class: "muted" }, each.state)),
    each.summary ? h("p", { class: "summary" }, each.summary) : null,
    each.description ? h("p", { class: "muted description" }, each.description) : null,
    h("dl", { class: "fields" }, fields.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  );
}

function none() {
  return h(
    "section",
    { class: "blank" },
    h("h2", {}, "No alert fires"),
    h("p", { class: "muted" }, "Nothing is pending either."),
  );
}
