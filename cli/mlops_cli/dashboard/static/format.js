// Numbers and times for people. What is not known is a dash.

export const NONE = "–";

const known = (value) => typeof value === "number" && Number.isFinite(value);

/** Three digits that say something: 0.123, 12.3, 1,230. */
export function number(value) {
  if (!known(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.001) return value.toExponential(0);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** Requests per second with the same digits in a column. */
export function rate(value) {
  if (!known(value)) return NONE;
  if (value === 0) return "0";
  if (value < 0.01) return "< 0.01";
  return value.toLocaleString("en", { minimumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2, maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
}

/** A share of 1 in percent. */
export function percent(value, digits = 2) {
  if (!known(value)) return NONE;
  const share = value * 100;
  if (share > 0 && share < 10 ** -digits) return `< ${10 ** -digits} %`;
  return `${share.toFixed(share === 0 || share === 100 ? 0 : share >= 10 ? 1 : digits)} %`;
}

/** Seconds as ms or s. */
export function seconds(value) {
  if (!known(value)) return NONE;
  if (value < 0.9995) {
    const ms = value * 1000;
    return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
  }
  return `${value.toFixed(value >= 10 ? 1 : 2)} s`;
}

/** A count. */
export function whole(value) {
  return known(value) ? Math.round(value).toLocaleString("en") : NONE;
}

/** Time of day of Unix seconds, with the date unless it is today. */
export function clock(time, withSeconds = true) {
  if (!known(time)) return NONE;
  const date = new Date(time * 1000);
  const two = (part) => String(part).padStart(2, "0");
  const text = `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
  const today = date.toDateString() === new Date().toDateString();
  return today ? text : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${text}`;
}

/** How long ago, in the largest unit that fits. */
export function ago(time, now = Date.now() / 1000) {
  if (!known(time)) return NONE;
  const passed = Math.max(0, Math.round(now - time));
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  const [size, unit] = units.find(([least]) => passed >= least) ?? [1, "s"];
  return `${Math.floor(passed / size)} ${unit}`;
}

export function plural(count, one, many = `${one}s`) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}
