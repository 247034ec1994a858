// Drawings of a circuit: its graph, and where its faithfulness lies among those of random circuits.

import { clamp, fixed, svg } from './dom.js';
import { BOX } from './circuit-layout.js';
import { label } from './svg.js';

/** From the top of one node to the bottom of another. */
export function edgePath(from, to) {
  const [y1, y2] = [from.y - BOX.height / 2, to.y + BOX.height / 2];
  const bend = Math.max(14, (y1 - y2) * 0.5);
  return `M${from.x} ${y1}C${from.x} ${y1 - bend} ${to.x} ${y2 + bend} ${to.x} ${y2}`;
}

export function edgeWidth(score, reach) {
  return 0.75 + 5.25 * Math.sqrt(Math.abs(score) / (reach || 1));
}

/** The graph at its places. */
export function drawCircuit({ places, rows, width, height }, edges, colours) {
  const group = svg('g');
  let last = -1;
  for (const row of rows) {
    const { layer, y } = places.get(row[0]);
    const first = layer !== last;
    last = layer;
    if (first && Number.isFinite(layer) && layer >= 0) {
      group.append(svg('line', { x1: 44, x2: width, y1: y, y2: y, stroke: colours.rule, 'stroke-opacity': 0.6 }),
        label(0, y, `layer ${layer}`, { 'font-size': 10.5, fill: colours.muted }));
    }
  }
  const reach = Math.max(0, ...edges.map(({ score }) => Math.abs(score)));
  const lines = edges.filter(({ from, to }) => places.has(from) && places.has(to)).sort((a, b) => Math.abs(a.score) - Math.abs(b.score));
  for (const { from, to, score } of lines) {
    group.append(svg('path', {
      d: edgePath(places.get(from), places.get(to)), fill: 'none', stroke: score < 0 ? colours.negative : colours.positive,
      'stroke-width': edgeWidth(score, reach).toFixed(2), 'stroke-opacity': 0.35 + 0.55 * Math.abs(score) / (reach || 1), 'data-edge': `${from}>${to}`, class: 'edge',
    }, svg('title', {}, `${from} → ${to}: ${fixed(score, 3, true)}`)));
  }
  for (const node of places.values()) {
    const end = node.kind === 'input' || node.kind === 'logits';
    group.append(svg('g', { 'data-node': node.id, class: end ? 'node end' : 'node' },
      svg('rect', { x: node.x - BOX.width / 2, y: node.y - BOX.height / 2, width: BOX.width, height: BOX.height, rx: node.kind === 'mlp' ? 2 : 12,
        fill: end ? colours.ink : colours.ground, stroke: colours.ink, 'stroke-width': node.kind === 'mlp' ? 1 : 1.25 }),
      label(node.x, node.y + 0.5, node.label, { 'text-anchor': 'middle', 'font-size': 11.5, 'font-weight': 500, fill: end ? colours.ground : colours.ink })));
  }
  return { node: group, width, height };
}

/** A line from 0 to 1: dots of random circuits, their interval, and this circuit. */
export function drawFaithfulness({ faithfulness, random = [], baseline }, width, colours) {
  const known = [0, 1, faithfulness, ...random, baseline?.low, baseline?.high].filter(Number.isFinite);
  const [low, high] = [Math.max(-1.5, Math.min(...known)), Math.min(2.5, Math.max(...known))];
  const [left, right, y] = [8, 8, 26];
  const scale = (value) => left + ((clamp(value, low, high) - low) / (high - low)) * (width - left - right);
  const group = svg('g');
  group.append(svg('line', { x1: scale(low), x2: scale(high), y1: y, y2: y, stroke: colours.muted }));
  for (const tick of [0, 1]) {
    group.append(svg('line', { x1: scale(tick), x2: scale(tick), y1: y - 4, y2: y + 4, stroke: colours.muted }),
      label(scale(tick), y + 14, String(tick), { 'text-anchor': 'middle', 'font-size': 11, fill: colours.muted }));
  }
  if (baseline) group.append(svg('rect', { x: scale(baseline.low), y: y - 6, width: Math.max(2, scale(baseline.high) - scale(baseline.low)), height: 12, rx: 2, fill: colours.muted, 'fill-opacity': 0.3 }));
  for (const value of random) group.append(svg('circle', { cx: scale(value), cy: y, r: 2.2, fill: colours.muted, 'fill-opacity': 0.6 }));
  if (Number.isFinite(faithfulness)) {
    const x = scale(faithfulness);
    group.append(svg('path', { d: `M${x} ${y - 1}l-5 -9h10z`, fill: colours.positive, stroke: colours.ground, 'stroke-width': 0.5 }),
      label(clamp(x, 14, width - 14), 8, fixed(faithfulness, 2), { 'text-anchor': 'middle', 'font-size': 11.5, 'font-weight': 650, fill: colours.ink }));
  }
  return { node: group, width, height: 48 };
}
