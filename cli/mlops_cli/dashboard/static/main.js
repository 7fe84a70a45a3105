// Which view is shown, and the stream of data under it.

import { alerts } from "./alerts.js";
import { clearCharts, syncCharts } from "./charts.js";
import { h, morph } from "./dom.js";
import { endpoint, SPANS } from "./endpoint.js";
import { clock } from "./format.js";
import { overview } from "./overview.js";

const at = (id) => document.getElementById(id);
const state = { route: null, data: null, stream: null, connected: false, lostAt: null, retry: null };

/** `#/`, `#/alerts` or `#/endpoint/NAME/SPAN`; anything else is the first view. */
function routeOf(hash) {
  let parts;
  try {
    parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    parts = [""];
  }
  if (parts[0] === "endpoint" && parts[1]) {
    return { view: "endpoint", name: parts[1], span: SPANS.includes(parts[2]) ? parts[2] : SPANS[0] };
  }
  return { view: parts[0] === "alerts" ? "alerts" : "overview", name: null, span: null };
}

function address(route) {
  const query = route.view === "endpoint" ? { endpoint: route.name, span: route.span } : {};
  return `/events?${new URLSearchParams(query)}`;
}

function connect() {
  disconnect();
  const stream = new EventSource(address(state.route));
  state.stream = stream;
  stream.onmessage = (event) => {
    const data = JSON.parse(event.data);
    state.connected = true;
    state.lostAt = null;
    state.data = data;
    show();
  };
  stream.onerror = () => {
    state.connected = false;
    state.lostAt ??= Date.now() / 1000;
    // The browser tries again by itself unless the server refused.
    if (stream.readyState === EventSource.CLOSED) state.retry = setTimeout(connect, 5000);
    show();
  };
}

function disconnect() {
  clearTimeout(state.retry);
  state.stream?.close();
  state.stream = null;
}

function navigate() {
  if (location.hash === "#main") {
    at("main").focus();
    return;
  }
  const route = routeOf(location.hash);
  const before = state.route;
  state.route = route;
  const sameStream = before && address(before) === address(route);
  if (!before || before.view !== route.view || before.name !== route.name) {
    clearCharts();
    at("main").replaceChildren();
    if (before) {
      window.scrollTo(0, 0);
      at("main").focus({ preventScroll: true });
    }
  }
  if (!sameStream) connect();
  show();
}

function show() {
  const { data, route } = state;
  showFrame(data);
  if (!data) return;
  const main = h("main", { id: "main", tabindex: "-1" }, view(data, route));
  morph(at("main"), main);
  syncCharts(at("main"), data.detail, route);
  const title = { overview: "Endpoints", alerts: "Alerts", endpoint: route.name }[route.view];
  document.title = `${title} · ${data.environment} · mlops`;
}

function view(data, route) {
  if (!data.overview) return data.problem ? nothing(data.problem) : waiting();
  if (route.view === "overview") return overview(data.overview);
  if (route.view === "alerts") return alerts(data.overview.alerts);
  return endpoint(data, route) ?? waiting();
}

const waiting = () => h("p", { class: "loading" }, "Waiting for Prometheus …");

function nothing(problem) {
  const none = problem.kind === "none";
  return h(
    "section",
    { class: "blank" },
    h("h1", {}, none ? "No Prometheus" : "Prometheus does not answer"),
    h("p", { class: "reason" }, problem.message),
    h("p", { class: "muted" }, "This page tries again every few seconds and fills itself when there is an answer."),
  );
}

function showFrame(data) {
  const { route } = state;
  const firing = data?.overview ? data.overview.totals.pages + data.overview.totals.tickets : 0;
  const entry = (view, href, text, badge) =>
    h("a", { href, "aria-current": route.view === view ? "page" : null }, text, badge);
  const badge = firing
    ? h("span", { class: `badge ${data.overview.totals.pages ? "bad" : "warn"}`, "aria-label": `${firing} firing` }, firing)
    : null;
  morph(at("nav"), h("nav", { id: "nav", "aria-label": "Views" }, entry("overview", "#/", "Endpoints"), entry("alerts", "#/alerts", "Alerts", badge)));
  at("environment").textContent = data?.environment ?? "";
  const stale = !state.connected || data?.problem;
  const live = at("live");
  live.className = stale ? "live stale" : "live";
  live.textContent = data?.at ? `${stale ? "Stale" : "Live"} · ${clock(data.at)}` : "";
  morph(at("banner"), h("div", { id: "banner", role: "status", "aria-live": "polite" }, banner(data)));
}

function banner(data) {
  if (state.lostAt !== null) {
    const since = clock(data?.at ?? state.lostAt);
    return h("p", { class: "banner" }, h("strong", {}, `Stale since ${since}.`), " The dashboard's server does not answer; is `mlops dashboard` still running? Trying again.");
  }
  if (data?.problem && data.overview) {
    return h("p", { class: "banner" }, h("strong", {}, `Stale since ${clock(data.at)}.`), " ", data.problem.message, " Trying again every few seconds.");
  }
  return null;
}

window.addEventListener("hashchange", navigate);
// A tab that nobody looks at asks for nothing, and leaves its connection to others.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
window.addEventListener("pagehide", disconnect);
navigate();
