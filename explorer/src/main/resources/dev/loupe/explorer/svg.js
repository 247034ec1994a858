// Drawings that stand alone: text, legends, and files of what is on the page.

import { fixed, svg, textWidth } from './dom.js';
import { colour, LIGHT } from './palette.js';

const FAMILY = 'system-ui, "Segoe UI", Helvetica, Arial, sans-serif';

/** Text at a place; anchor is start, middle or end. XML has no place for some characters. */
export function label(x, y, text, attributes) {
  const clean = String(text).replace(/[\p{Cs}\u0000-\u001f\ufffe\uffff]/gu, '\ufffd');
  return svg('text', { x, y, 'font-size': 12, 'dominant-baseline': 'central', ...attributes }, clean);
}

/** A scale of colours with its ends and zero; stops are of palette.js. */
export function legend(x, y, { stops, low, high, decimals = 2, signed = false, width = 160 }, colours) {
  const slices = 40;
  const group = svg('g');
  for (let i = 0; i < slices; i++) {
    group.append(svg('rect', {
      x: x + (width / slices) * i, y, width: width / slices + 0.5, height: 8,
      fill: colour(stops, low + ((high - low) * (i + 0.5)) / slices, low, high),
    }));
  }
  const tick = (value, anchor) => label(x + (width * (value - low)) / (high - low || 1), y + 17, fixed(value, decimals, signed),
    { 'text-anchor': anchor, 'font-size': 11, fill: colours.muted });
  group.append(tick(low, 'start'), tick(high, 'end'));
  if (low < 0 && high > 0) group.append(tick(0, 'middle'));
  return group;
}

/** A file of a drawing { node, width, height }, which has light colours inlined, with its title and a line of words. */
export function standalone({ node, width, height }, title, words = '') {
  const top = words ? 52 : 36;
  const wide = Math.ceil(Math.max(width, textWidth(title, 14) * 1.1, textWidth(words, 11) * 1.1) + 32);
  const high = Math.ceil(height + top + 16);
  node.setAttribute('transform', `translate(16 ${top})`);
  return svg('svg', { xmlns: 'http://www.w3.org/2000/svg', width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, 'font-family': FAMILY },
    svg('rect', { width: wide, height: high, fill: LIGHT.ground }),
    label(16, 20, title, { 'font-size': 14, 'font-weight': 600, fill: LIGHT.ink }),
    words ? label(16, 38, words, { 'font-size': 11, fill: LIGHT.muted }) : '',
    node);
}

export function svgText(drawing) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(drawing)}\n`;
}

/** The same as PNG, at twice the size. */
export async function pngBlob(drawing, scale = 2) {
  const [width, height] = ['width', 'height'].map((name) => Number(drawing.getAttribute(name)));
  const image = new Image(width, height);
  const loaded = new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error('the drawing could not be made into an image'));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawing))}`;
  await loaded;
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no room for an image of this size'))), 'image/png');
  });
}
