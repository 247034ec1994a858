// The attribution waterfall: what each component adds to the target, one after the other.

import { empty } from './controls.js';
import { changes, el, fixed, svg, textWidth, widthOf } from './dom.js';
import { offer } from './export.js';
import { LIGHT, onThemeChange, theme } from './palette.js';
import { label } from './svg.js';

const ROW = 19;

/** Bars from where the parts before have come to: [{ name, value, from, to }]. */
export function steps(parts) {
  let sum = 0;
  return parts.map(({ name, value }) => {
    const from = sum;
    sum += value;
    return { name, value, from, to: sum };
  });
}

export function drawWaterfall({ parts, total, target }, width, colours, chosen = null) {
  const bars = steps(parts);
  const left = Math.ceil(Math.max(...[...parts.map((p) => p.name), 'total'].map((name) => textWidth(name, 11)))) + 8;
  const right = 48;
  const low = Math.min(0, total, ...bars.map((bar) => bar.to));
  const high = Math.max(0, total, ...bars.map((bar) => bar.to));
  const scale = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right - 4) + 2;
  const height = 6 + ROW * (bars.length + 1) + 10;
  const group = svg('g');
  group.append(svg('line', { x1: scale(0), x2: scale(0), y1: 0, y2: height - 8, stroke: colours.muted, 'stroke-width': 1 }));
  const row = (i, { name, value, from, to }, fill, bold) => {
    const y = 4 + ROW * i;
    const [x, end] = [Math.min(scale(from), scale(to)), Math.max(scale(from), scale(to))];
    const weight = bold ? 650 : 400;
    if (name === chosen) group.append(svg('rect', { x: 0, y: y - 1, width, height: ROW, rx: 3, fill: colours.rule, 'fill-opacity': 0.45 }));
    group.append(
      label(left - 8, y + 8, name, { 'text-anchor': 'end', 'font-size': 11, fill: colours.ink, 'font-weight': weight }),
      svg('rect', { x, y: y + 2, width: Math.max(1, end - x), height: ROW - 6, rx: 1.5, fill }),
      label(width - 2, y + 8, fixed(value, 2, true), { 'text-anchor': 'end', 'font-size': 11, fill: colours.ink, 'font-weight': weight }));
    if (i < bars.length) group.append(svg('line', { x1: scale(to), x2: scale(to), y1: y + ROW - 4, y2: y + ROW + 2, stroke: colours.muted, 'stroke-width': 1 }));
    const layer = /^(?:attn|mlp) (\d+)/.exec(name)?.[1];
    if (layer) group.append(svg('rect', { x: 0, y: y - 1, width, height: ROW, fill: 'transparent', class: 'hit', 'data-layer': layer }));
  };
  bars.forEach((bar, i) => row(i, bar, bar.value < 0 ? colours.negative : colours.positive, false));
  group.append(svg('line', { x1: 0, x2: width, y1: 4 + ROW * bars.length, y2: 4 + ROW * bars.length, stroke: colours.rule }));
  row(bars.length, { name: 'total', value: total, from: 0, to: total }, colours.muted, true);
  return { node: group, width, height, title: target };
}

export function mountWaterfall(section, session) {
  const { store, now } = session;
  const body = section.querySelector('.body');
  body.addEventListener('click', (event) => {
    const layer = event.target.closest?.('[data-layer]')?.dataset.layer;
    if (layer !== undefined) store.set({ layer: Number(layer) });
  });
  const room = widthOf(body, () => paint());
  const differs = changes();
  function paint(force) {
    const attribution = now.view?.attribution;
    section.querySelector('.subject').textContent = attribution?.target ?? '';
    if (!attribution) {
      if (differs(Boolean(now.view))) body.replaceChildren(empty(now.view ? 'An answer is needed: its direction is what the parts add up to.' : 'A prompt is needed.'));
      return;
    }
    const [width, chosen] = [room(), `attn ${store.get().layer}`];
    if (!differs(attribution, width, chosen) && force !== true) return;
    const drawn = drawWaterfall(attribution, width, theme(), chosen);
    const words = attribution.parts.map(({ name, value }) => `${name} ${fixed(value, 2, true)}`).join(', ');
    body.replaceChildren(svg('svg', { width, height: drawn.height, role: 'img', 'aria-label': `${words}; total ${fixed(attribution.total, 2, true)}` }, drawn.node),
      el('p', { class: 'note' }, 'Each bar starts where the one above ends. A click on a layer’s attention or MLP selects the layer.'));
  }
  offer(section, 'attribution', () => {
    const attribution = now.view?.attribution;
    return attribution && {
      title: `Attribution of the ${attribution.target}`, drawing: () => drawWaterfall(attribution, 520, LIGHT), json: attribution,
      table: { columns: ['component', 'contribution'], rows: [...attribution.parts.map(({ name, value }) => [name, value]), ['total', attribution.total]] },
    };
  });
  session.on('view', paint);
  session.on('state', () => paint());
  onThemeChange(() => paint(true));
}
