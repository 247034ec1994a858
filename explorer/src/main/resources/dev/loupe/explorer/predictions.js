// What comes next: the likeliest tokens of the clean, the corrupted and the intervened run beside one
// another, and what the interventions changed.

import { empty, meter } from './controls.js';
import { changes, el, fixed, percent, shorten, svg, visible } from './dom.js';
import { offer } from './export.js';
import { LIGHT } from './palette.js';
import { label } from './svg.js';

export const RUNS = ['clean', 'corrupted', 'intervened'];
const SHOWN = 12;

/**
 * The tokens of all runs, each once, likeliest first by the last run there is: [{ id, text, clean,
 * corrupted, intervened, change }]. A run where a token is not among the top ones has no number there.
 */
export function merge(predictions, direction, count = SHOWN) {
  const tokens = new Map();
  const runs = RUNS.filter((run) => predictions[run]);
  for (const run of runs) {
    for (const { id, text, probability } of predictions[run]) {
      if (!tokens.has(id)) tokens.set(id, { id, text });
      tokens.get(id)[run] = probability;
    }
  }
  for (const token of tokens.values()) {
    if (token.intervened !== undefined && token[direction] !== undefined) token.change = token.intervened - token[direction];
  }
  const highest = (token) => Math.max(...runs.map((run) => token[run] ?? 0));
  const kept = [...tokens.values()].sort((a, b) => highest(b) - highest(a)).slice(0, count);
  const order = [...runs].reverse();
  const first = predictions.intervened ? order : runs;
  return kept.sort((a, b) => {
    for (const run of first) if ((a[run] ?? 0) !== (b[run] ?? 0)) return (b[run] ?? 0) - (a[run] ?? 0);
    return a.id - b.id;
  });
}

/** A drawing of the same for a file. */
export function drawPredictions(rows, runs, colours) {
  const [left, wide, row] = [110, 130, 20];
  const group = svg('g');
  runs.forEach((run, i) => group.append(label(left + wide * i, 8, run, { 'font-size': 11, fill: colours.muted })));
  const changed = rows.some((token) => token.change !== undefined);
  if (changed) group.append(label(left + wide * runs.length, 8, 'change', { 'font-size': 11, fill: colours.muted }));
  rows.forEach((token, at) => {
    const y = 26 + row * at;
    group.append(label(left - 10, y, shorten(visible(token.text), 14), { 'text-anchor': 'end', fill: colours.ink }));
    runs.forEach((run, i) => {
      if (token[run] === undefined) return;
      const length = 70 * token[run];
      group.append(svg('rect', { x: left + wide * i, y: y - 6, width: Math.max(1, length), height: 12, rx: 1.5, fill: colours.series[run] }),
        label(left + wide * i + length + 5, y, percent(token[run]), { 'font-size': 11, fill: colours.ink }));
    });
    if (token.change !== undefined) group.append(label(left + wide * runs.length, y, points(token.change), { 'font-size': 11, fill: colours.ink }));
  });
  return { node: group, width: left + wide * runs.length + (changed ? 60 : 0), height: 26 + row * rows.length };
}

/** A change of a probability in percentage points. */
export function points(change) {
  return fixed(100 * change, Math.abs(change) >= 0.0995 ? 0 : 1, true);
}

export function predictionTable(predictions) {
  return {
    columns: ['run', 'rank', 'id', 'token', 'probability', 'logit'],
    rows: RUNS.filter((run) => predictions[run]).flatMap((run) => predictions[run].map(({ id, text, probability, logit }, i) => [run, i + 1, id, text, probability, logit])),
  };
}

export function mountPredictions(section, session) {
  const { store, now } = session;
  const body = section.querySelector('.body');
  const differs = changes();

  function kind(id) {
    if (id === now.view.answer?.id) return 'answer';
    return id === now.view.wrong?.id ? 'wrong' : '';
  }
  function cell(token, run) {
    if (token[run] === undefined) return el('td', { class: 'absent', title: 'not among the likeliest ten' }, '–');
    return el('td', {}, el('div', { class: 'barred' }, meter(token[run], run), el('span', {}, percent(token[run]))));
  }
  function change(token) {
    if (token.change === undefined) return el('td', { class: 'number' }, '');
    return el('td', { class: `number ${token.change < -0.0005 ? 'fell' : token.change > 0.0005 ? 'rose' : ''}` }, points(token.change));
  }

  function paint() {
    const predictions = now.view?.predictions;
    const view = now.view;
    const prompt = view?.[store.get().direction] ?? view?.clean;
    section.querySelector('.subject').textContent = view ? `after ${visible(prompt?.[view.at]?.text ?? '')} (${view.at})` : '';
    if (!predictions) {
      if (differs(null)) body.replaceChildren(empty('A prompt is needed to predict what comes next.'));
      return;
    }
    const { direction } = store.get();
    if (!differs(predictions, direction, now.view.answer, now.view.wrong)) return;
    const rows = merge(predictions, direction);
    const changed = Boolean(predictions.intervened);
    const heads = RUNS.filter((run) => predictions[run] || run !== 'corrupted');
    body.replaceChildren(el('table', { class: 'predictions' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'token'),
        ...heads.map((run) => el('th', { scope: 'col', class: `run ${run}` }, run)),
        el('th', { scope: 'col', class: 'number', title: `percentage points against the ${direction} run` }, changed ? 'change' : ''))),
      el('tbody', {}, ...rows.map((token) => el('tr', { 'data-token': token.text },
        el('th', { scope: 'row', class: `mono ${kind(token.id)}`, title: `id ${token.id}${kind(token.id) ? `, the ${kind(token.id)} token` : ''}` }, shorten(visible(token.text), 12)),
        ...heads.map((run) => cell(token, run)), change(token))))),
    ...(changed ? [] : [el('p', { class: 'note' }, 'Switch a head off (Shift-click in the grid) to see what changes.')]));
  }
  offer(section, 'predictions', () => {
    const predictions = now.view?.predictions;
    if (!predictions) return null;
    const runs = RUNS.filter((run) => predictions[run]);
    return { title: 'Next-token predictions', drawing: () => drawPredictions(merge(predictions, store.get().direction), runs, LIGHT), table: predictionTable(predictions), json: predictions };
  });
  session.on('view', paint);
}
