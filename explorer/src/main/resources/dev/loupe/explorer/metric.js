// The line that always stays in sight: the metric of the runs, how much of the gap came back, and what
// it cost.

import { changes, clamp, el, fixed, percent, svg } from './dom.js';
import { onThemeChange, theme } from './palette.js';

/** Where values stand on a line from the lowest to the highest, from 0 to 1. */
export function places(values) {
  const known = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  const all = known.map(([, value]) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return Object.fromEntries(known.map(([name, value]) => [name, high > low ? (value - low) / (high - low) : 0.5]));
}

/** 12 ms, 1.2 s */
export function duration(milliseconds) {
  return milliseconds < 999.5 ? `${fixed(milliseconds, milliseconds < 9.95 ? 1 : 0)} ms` : `${fixed(milliseconds / 1000, 1)} s`;
}

function strip({ clean, corrupted, intervened }, width, colours) {
  const at = places({ clean, corrupted, intervened });
  const x = (name) => 8 + at[name] * (width - 16);
  const group = svg('g', {}, svg('line', { x1: 8, x2: width - 8, y1: 11, y2: 11, stroke: colours.rule, 'stroke-width': 3, 'stroke-linecap': 'round' }));
  for (const name of ['clean', 'corrupted']) {
    if (at[name] !== undefined) group.append(svg('line', { x1: x(name), x2: x(name), y1: 4, y2: 18, stroke: colours.series[name], 'stroke-width': 3 }));
  }
  if (at.intervened !== undefined) group.append(svg('circle', { cx: x('intervened'), cy: 11, r: 5.5, fill: colours.series.intervened, stroke: colours.ground, 'stroke-width': 1.5 }));
  return group;
}

export function mountMetric(box, session) {
  const { now } = session;
  const differs = changes();
  const width = 150;
  function paint(force) {
    const view = now.view;
    const { metric } = view ?? {};
    if (!differs(metric, view?.milliseconds, view?.forwardMilliseconds) && force !== true) return;
    if (!view) { box.replaceChildren(el('p', { class: 'quiet' }, 'Type a prompt, or take an example.')); return; }
    const value = (name, title) => (Number.isFinite(metric?.[name])
      ? el('div', { class: `run ${name}`, 'data-metric': name }, el('dt', {}, name), el('dd', { title }, fixed(metric[name], 2, true))) : null);
    const recovered = Number.isFinite(metric?.recovered)
      ? el('div', { 'data-metric': 'recovered' }, el('dt', {}, 'recovered'), el('dd', { title: 'share of the gap between the two runs that the interventions close' }, percent(metric.recovered))) : null;
    const ratio = view.forwardMilliseconds > 0 ? view.milliseconds / view.forwardMilliseconds : NaN;
    const known = ['clean', 'corrupted', 'intervened'].filter((name) => Number.isFinite(metric?.[name]));
    box.replaceChildren(
      el('dl', { class: 'metric-values' },
        el('div', { class: 'what' }, el('dt', { class: 'unseen' }, 'metric'), el('dd', {}, metric?.label ?? 'no metric without an answer')),
        value('clean', 'of the clean run'), value('corrupted', 'of the corrupted run'), value('intervened', 'of the run with the interventions that are on'), recovered),
      known.length > 1 ? svg('svg', { width, height: 22, class: 'strip', 'aria-hidden': 'true' }, strip(metric, width, theme())) : '',
      el('p', { class: 'cost', id: 'cost', title: 'time of the whole view on the server; one plain forward pass of the clean prompt is the unit' },
        duration(view.milliseconds), ...(Number.isFinite(ratio) ? [` = ${fixed(clamp(ratio, 0, 9999), 1)} forward passes`] : [])));
    const spoken = known.map((name) => `${name} ${fixed(metric[name], 2, true)}`).join(', ');
    document.getElementById('spoken-metric').textContent = metric?.label ? `${metric.label}: ${spoken}${recovered ? `, recovered ${percent(metric.recovered)}` : ''}` : '';
  }
  session.on('view', paint);
  onThemeChange(() => paint(true));
  paint();
}
