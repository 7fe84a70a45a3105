// Elements from data. Text only ever becomes text nodes and attribute values, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (null and false are left out) and children: nodes, texts, lists of them. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A link to an address of the web or of this server; plain text where it is neither. */
export function link(href, text, attributes = {}) {
  const safe = typeof href === "string" && /^(https?:\/\/|\/runbooks\/|#)/.test(href);
  if (!safe) return h("span", {}, text);
  const away = href.startsWith("#") ? {} : { target: "_blank", rel: "noopener noreferrer" };
  return h("a", { href, ...away, ...attributes }, text);
}

/**
 * Make `old` like `fresh`, keeping what is the same, so that focus, open details and charts stay.
 * Children of an element with `data-keep` are somebody else's.
 */
export function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.hasAttribute("data-keep")) return;
  const children = [...fresh.childNodes];
  children.forEach((child, at) => {
    const there = old.childNodes[at];
    if (!there) old.append(child);
    else if (!alike(there, child)) there.replaceWith(child);
    else if (child.nodeType === Node.TEXT_NODE) {
      if (there.data !== child.data) there.data = child.data;
    } else morph(there, child);
  });
  while (old.childNodes.length > children.length) old.lastChild.remove();
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...given.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  return one.nodeType !== Node.ELEMENT_NODE || one.getAttribute("data-key") === other.getAttribute("data-key");
}
