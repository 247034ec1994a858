// Small helpers to build elements. Text always goes in as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** An element; attributes that are false, null or undefined are left out, onclick and such are listeners. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** Number with a true minus sign; for people only, since spreadsheets do not read it. */
export function fixed(value, decimals, signed = false) {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(decimals);
  const zero = Number(text) === 0;
  return (zero ? '' : value < 0 ? '−' : signed ? '+' : '') + text;
}

/** A probability or share as a percentage that fits a narrow column. */
export function percent(share, signed = false) {
  const decimals = Math.abs(share) >= 0.0995 ? 0 : Math.abs(share) >= 0.00995 ? 1 : 2;
  return `${fixed(100 * share, decimals, signed)} %`;
}

/** One line in which spaces at the ends and control characters can be seen. */
export function visible(text) {
  if (text === '') return '∅';
  return text
    .replace(/^ +| +$/g, (spaces) => '·'.repeat(spaces.length))
    .replace(/\n/g, '↵')
    .replace(/\t/g, '→')
    .replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu,
      (c) => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0'))
    .replace(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd');
}

export function shorten(text, length) {
  const letters = [...text];
  return letters.length <= length ? text : letters.slice(0, length - 1).join('') + '…';
}

let ruler = null;
let family = null;

export function textWidth(text, size) {
  ruler ??= document.createElement('canvas').getContext('2d');
  family ??= getComputedStyle(document.body).fontFamily;
  ruler.font = `${size}px ${family}`;
  return ruler.measureText(text).width;
}

/**
 * The width inside the padding of a box, kept by an observer: reading it while drawing would make the
 * browser lay out the page each time. Calls back when it has changed.
 */
export function widthOf(box, onChange) {
  let width = 0;
  const read = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(box);
    return box.clientWidth - (parseFloat(paddingLeft) || 0) - (parseFloat(paddingRight) || 0);
  };
  new ResizeObserver(() => {
    const now = read();
    if (now <= 0 || Math.abs(now - width) < 1) return;
    width = now;
    requestAnimationFrame(() => onChange());
  }).observe(box);
  return () => { width ||= Math.max(0, read()); return width; };
}

/** Remember the last parts: the function returned says whether some are others, by what they hold. */
export function changes() {
  let last = null;
  let key = '';
  return (...parts) => {
    if (last && parts.length === last.length && parts.every((part, i) => part === last[i])) return false;
    last = parts;
    const next = JSON.stringify(parts);
    if (next === key) return false;
    key = next;
    return true;
  };
}

const later = new Map();

/** Say something to a screen reader, only the latest of what comes at once. */
export function say(text, id = 'spoken') {
  clearTimeout(later.get(id));
  later.set(id, setTimeout(() => {
    const region = document.getElementById(id);
    if (region) region.textContent = text;
  }, 400));
}
