// Lines over time, drawn by uPlot.

import uPlot from "/vendor/uPlot.esm.js";
import { clock, number, rate, seconds, whole, NONE } from "./format.js";

const HEIGHT = 190;
const plots = new Map();
const KINDS = {
  requests: { format: rate, least: 0.1, label: (code) => code, look: codeLook, fill: true },
  latency: { format: seconds, least: 0.001, look: (label) => ({ p50: "--line-1", p95: "--line-2", p99: "--line-3" })[label] },
  load: { format: number, least: 1, look: (_, at) => ["--line-1", "--line-4"][at], fill: true },
  replicas: { format: whole, least: 1, steps: true, look: (_, at) => ["--line-4", "--line-1"][at], dash: (_, at) => (at ? null : [5, 4]) },
};

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function codeLook(code, at, all) {
  const kin = all.filter((other) => other[0] === code[0]).indexOf(code);
  const shades = { 2: ["--line-1", "--line-5"], 3: ["--line-5"], 4: ["--line-2", "--line-4"], 5: ["--line-3", "--line-6"] }[code[0]] ?? ["--line-4"];
  return shades[kin % shades.length];
}

/** Draw what `detail` has into the places that the page has for it. */
export function syncCharts(root, detail, route) {
  const places = new Map([...root.querySelectorAll("[data-chart]")].map((place) => [place.dataset.chart, place]));
  for (const [id, drawn] of plots) if (places.get(id) !== drawn.place) drop(id);
  if (!detail || detail.name !== route.name || detail.span !== route.span) return;
  for (const [id, place] of places) draw(id, place, detail.charts[id]);
}

export function clearCharts() {
  for (const id of [...plots.keys()]) drop(id);
}

function drop(id) {
  const drawn = plots.get(id);
  drawn.watcher.disconnect();
  drawn.plot.destroy();
  plots.delete(id);
}

function draw(id, place, chart) {
  const labels = chart.lines.map((line) => line.label);
  const key = JSON.stringify(labels);
  const data = [chart.times, ...chart.lines.map((line) => line.values)];
  const drawn = plots.get(id);
  if (drawn && drawn.key === key) {
    drawn.chart = chart;
    drawn.plot.setData(data);
    latest(drawn.plot);
    return;
  }
  if (drawn) drop(id);
  const plot = new uPlot(options(KINDS[id], labels, width(place)), data, place);
  plot.root.setAttribute("role", "img");
  plot.root.setAttribute("aria-label", `Lines over time: ${labels.join(", ")}; the latest values are in the table below it`);
  const watcher = new ResizeObserver(() => plot.setSize({ width: width(place), height: HEIGHT }));
  watcher.observe(place);
  plots.set(id, { place, plot, key, watcher, chart });
  latest(plot);
}

const width = (place) => Math.max(Math.floor(place.clientWidth), 200);

/** The legend shows the newest values while no pointer is on the chart. */
function latest(plot) {
  if (plot.cursor.left >= 0) return;
  let at = plot.data[0].length - 1;
  while (at > 0 && plot.data.slice(1).every((values) => values[at] === null)) at -= 1;
  plot.setLegend({ idx: at });
}

function options(kind, labels, width) {
  const axis = { stroke: css("--muted"), grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false }, font: `12px ${css("--font")}` };
  const colours = labels.map((label, at) => css(kind.look(label, at, labels)));
  const step = uPlot.paths.stepped({ align: 1 });
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    cursor: { drag: { x: false, y: false }, sync: { key: "time" }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, __, top) => [0, Math.max(top ?? 0, kind.least) * 1.08] } },
    legend: { markers: { width: 0, fill: (_, at) => colours[at - 1] } },
    axes: [
      { ...axis, size: 30, space: 64, values: (_, times) => times.map((time) => clock(time, false).slice(-5)) },
      { ...axis, size: 62, space: 36, values: (_, values) => values.map((value) => (kind.steps && value % 1 ? "" : axisText(kind, value))) },
    ],
    series: [
      { label: "Time", value: (_, time) => (time === null ? NONE : clock(time)) },
      ...labels.map((label, at) => {
        const colour = colours[at];
        return {
          label,
          stroke: colour,
          width: 1.75,
          dash: kind.dash?.(label, at) ?? undefined,
          fill: kind.fill ? `${colour}1f` : undefined,
          paths: kind.steps ? step : undefined,
          points: { show: false },
          value: (_, value) => (value === null || value === undefined ? NONE : kind.format(value)),
        };
      }),
    ],
    hooks: { setCursor: [(plot) => plot.cursor.left < 0 && latest(plot)] },
  };
}

const axisText = (kind, value) => (value === 0 ? "0" : kind.format === rate ? number(value) : kind.format(value).replace(/\.0+ /, " "));

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [id, { place, chart }] of [...plots]) {
    drop(id);
    draw(id, place, chart);
  }
});
