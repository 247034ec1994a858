// Drawings of one head's attention: the matrix of destinations by sources, and the text twice with
// lines between, as wide as the weights.

import { clamp, fixed, shorten, svg, textWidth, visible } from './dom.js';
import { colour } from './palette.js';
import { label } from './svg.js';

const LEVELS = 48;
const LABEL = 11;

/**
 * Paths of squares, one for each level of colour that occurs: a long prompt has thousands of cells,
 * and a path of many squares is drawn at once.
 */
export function levelPaths(pattern, cell) {
  const paths = new Map();
  const size = cell > 12 ? cell - 1 : cell > 6 ? cell - 0.5 : cell;
  pattern.forEach((weights, to) => weights.forEach((weight, from) => {
    const level = Math.round(clamp(weight, 0, 1) * LEVELS);
    const square = `M${from * cell} ${to * cell}h${size}v${size}h${-size}z`;
    paths.set(level, (paths.get(level) ?? '') + square);
  }));
  return [...paths].sort(([a], [b]) => a - b).map(([level, d]) => ({ share: level / LEVELS, d }));
}

export function matrixLayout(texts, width) {
  const labels = texts.map((text) => shorten(visible(text), 10));
  const left = Math.ceil(Math.max(0, ...labels.map((text) => textWidth(text, LABEL)))) + 22;
  const top = Math.ceil((left - 22) * 0.87) + 26;
  const cell = clamp((width - left - (left - 22) * 0.4) / Math.max(1, texts.length), 7, 22);
  const size = cell * texts.length;
  // Beside small cells only every so many labels has room.
  const every = Math.ceil(10 / cell);
  return { labels, left, top, cell, every, width: Math.ceil(left + size + (left - 22) * 0.4), height: Math.ceil(top + size + 2) };
}

/** pattern[destination][source]; at is the destination looked at. */
export function drawMatrix(pattern, place, at, colours) {
  const { labels, left, top, cell, every } = place;
  const size = cell * labels.length;
  const group = svg('g');
  group.append(
    label(left + size / 2, 7, 'source', { 'text-anchor': 'middle', 'font-size': LABEL, fill: colours.muted }),
    label(0, 0, 'destination', { 'text-anchor': 'middle', 'font-size': LABEL, fill: colours.muted, transform: `translate(6 ${top + size / 2}) rotate(-90)` }));
  labels.forEach((text, i) => {
    if (i % every && i !== at) return;
    const weight = i === at ? 700 : 400;
    group.append(
      label(left - 6, top + cell * (i + 0.5), text, { 'text-anchor': 'end', 'font-size': LABEL, fill: colours.ink, 'font-weight': weight }),
      label(0, 0, text, { 'font-size': LABEL, fill: colours.ink, transform: `translate(${left + cell * (i + 0.5)} ${top - 6}) rotate(-60)` }));
  });
  const cells = svg('g', { transform: `translate(${left} ${top})` });
  for (const { share, d } of levelPaths(pattern, cell)) cells.append(svg('path', { d, fill: colour(colours.SEQUENTIAL, share, 0, 1) }));
  if (pattern[at]) {
    cells.append(svg('rect', { x: -1, y: at * cell - 1, width: (at + 1) * cell + 1, height: cell + 1, fill: 'none', stroke: colours.ink, 'stroke-width': 1.5, rx: 2 }));
  }
  group.append(cells);
  return { node: group, width: place.width, height: place.height };
}

/** Lines worth drawing: from each destination the weights of at least 0.03. */
export function linesOf(pattern, least = 0.03) {
  return pattern.flatMap((weights, to) => weights.flatMap((weight, from) => (weight >= least ? [{ to, from, weight }] : [])));
}

const TEXT = 12;
const ROW = 20;

export function linesLayout(texts, width) {
  const labels = texts.map((text) => shorten(visible(text), 10));
  const side = Math.ceil(Math.max(42, ...labels.map((text) => textWidth(text, TEXT)))) + 14;
  const wide = Math.max(width, 2 * side + 50);
  return { labels, side, width: wide, height: 24 + ROW * texts.length, rowOf: (y) => Math.floor((y - 22) / ROW) };
}

/** Destinations on the left, sources on the right; those of at stand out. id makes tokens clickable. */
export function drawLines(pattern, place, at, colours, id = '') {
  const { labels, side, width } = place;
  const middle = (i) => 22 + ROW * (i + 0.5);
  const [start, end] = [side, width - side];
  const group = svg('g');
  group.append(
    label(side - 8, 8, 'from', { 'text-anchor': 'end', 'font-size': LABEL, fill: colours.muted }),
    label(end + 8, 8, 'looks at', { 'font-size': LABEL, fill: colours.muted }));
  const bend = (end - start) * 0.45;
  const curve = ({ to, from }) => `M${start} ${middle(to)}C${start + bend} ${middle(to)} ${end - bend} ${middle(from)} ${end} ${middle(from)}`;
  const path = (d, weight, on) => svg('path', { d, fill: 'none', stroke: on ? colours.positive : colours.muted,
    'stroke-width': Math.max(0.5, 7 * weight), 'stroke-opacity': on ? 0.9 : 0.16 });
  const lines = linesOf(pattern);
  // Those of other destinations go into one path for each width: a long prompt has thousands.
  const others = new Map();
  for (const line of lines.filter(({ to }) => to !== at)) {
    const width = Math.round(line.weight * 16) / 16;
    others.set(width, (others.get(width) ?? '') + curve(line));
  }
  group.append(...[...others].map(([weight, d]) => path(d, weight, false)), ...lines.filter(({ to }) => to === at).map((line) => path(curve(line), line.weight, true)));
  const looked = pattern[at] ?? [];
  labels.forEach((text, i) => {
    const chosen = i === at;
    if (chosen) group.append(svg('rect', { x: 0, y: 22 + ROW * i + 1, width: side - 4, height: ROW - 2, rx: 3, fill: colours.ink }));
    group.append(label(side - 8, middle(i), text, { 'text-anchor': 'end', 'font-size': TEXT, fill: chosen ? colours.ground : colours.ink }));
    if (id) group.append(svg('rect', { x: 0, y: 22 + ROW * i, width: side, height: ROW, fill: 'transparent', class: 'hit', 'data-position': i }));
    const seen = (looked[i] ?? 0) >= 0.1;
    group.append(label(end + 8, middle(i), text, { 'font-size': TEXT, fill: i > at ? colours.muted : colours.ink, 'font-weight': seen ? 700 : 400 }));
  });
  return { node: group, width, height: place.height };
}

/** Where a destination looks most: [{ from, weight }], highest first. */
export function strongest(weights, count = 3) {
  return weights.map((weight, from) => ({ from, weight })).sort((a, b) => b.weight - a.weight).slice(0, count);
}

export const spokenWeights = (weights, name) => strongest(weights).map(({ from, weight }) => `${fixed(weight, 2)} on ${name(from)}`).join(', ');
