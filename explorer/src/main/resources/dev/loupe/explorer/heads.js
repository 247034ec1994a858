// The grid of heads: patching recovery, attribution, ablation effect or attention of every head, as it
// streams in. A click selects a head; with Shift it is switched off, with Alt patched.

import { cellGrid, cellLayout, drawCells } from './cells.js';
import { options, segments } from './controls.js';
import { changes, fixed, say, svg, textWidth, visible, widthOf } from './dom.js';
import { offer } from './export.js';
import { colour, inkOn, LIGHT, onThemeChange, theme } from './palette.js';
import { headNode, isHeadChanged, toggleHead, toggleNode } from './question.js';
import { label, legend } from './svg.js';

export const KINDS = [
  ['patching', 'Patching', 'Share of the gap that comes back when this head alone takes its values from the other run'],
  ['attribution', 'Attribution', 'What this head writes along the direction of the answer'],
  ['ablation', 'Ablation', 'What the metric changes by when this head is switched off'],
  ['attention', 'Attention', 'The highest weight from the position looked at'],
];

/** Limits of the scale of a grid: around zero where values have a sign, from 0 otherwise. */
export function scaleOf(grid) {
  const known = grid.values.flat().filter((value) => value !== null);
  const reach = Math.max(1e-9, ...known.map(Math.abs));
  return grid.diverging ? { low: -reach, high: reach } : { low: Math.min(0, ...known), high: Math.max(grid.kind === 'attention' ? 1 : 1e-9, ...known) };
}

/** Which heads have a change that is on, and which: {'3.2': ['zero']}. */
export function changedHeads(interventions) {
  const found = {};
  for (const { on, point, head, change } of interventions) {
    const layer = /^blocks\.(\d+)\.attn\.hook_(?:q|rot_q|attn_scores|pattern|z|result)$/.exec(point)?.[1];
    if (on && layer !== undefined && head !== undefined) (found[`${layer}.${head}`] ??= []).push(change);
  }
  return found;
}

const SIGNS = { zero: '×', patch: '⇄' };

/** How a cell looks: colour, number if there is room, marks for interventions and the circuit. */
export function headLook(grid, state, at, colours) {
  const { low, high } = scaleOf(grid);
  const stops = grid.diverging ? colours.DIVERGING : colours.SEQUENTIAL;
  const changed = changedHeads(state.interventions);
  const sample = fixed(-high, 2, grid.diverging);
  const written = textWidth(sample, 11) + 4 <= at.cell;
  return (row, column) => {
    const value = grid.values[row][column];
    const fill = value === null ? colours.raised : colour(stops, value, low, high);
    const ink = inkOn(fill);
    const marks = [];
    const signs = changed[`${row}.${column}`];
    if (signs) {
      const sign = [...new Set(signs)].map((change) => SIGNS[change] ?? '•').join('');
      marks.push((x, y) => svg('g', {}, svg('rect', { x, y, width: 7 * sign.length + 4, height: 10, rx: 2, fill: colours.ink }),
        label(x + 2 + 3.5 * sign.length, y + 5.5, sign, { 'text-anchor': 'middle', 'font-size': 10, 'font-weight': 700, fill: colours.ground })));
    }
    if (state.nodes.includes(headNode(row, column))) {
      marks.push((x, y, width) => svg('circle', { cx: x + width - 5, cy: y + 5, r: 3, fill: ink, stroke: fill }));
    }
    return { fill, ink, text: written && value !== null ? fixed(value, 2, grid.diverging) : '', faded: !grid.fresh[row][column], marks, badge: `${signs ?? ''}${state.nodes.includes(headNode(row, column))}` };
  };
}

/** The cells as rows; those that are still of the state before have no value. */
export function headTable(grid) {
  const sure = (layer, head, value) => (!grid.fresh || grid.fresh[layer][head] ? value : null);
  const rows = grid.values.flatMap((values, layer) => values.map((value, head) => [layer, head, sure(layer, head, value), ...(grid.kind === 'attention' ? [sure(layer, head, grid.sources[layer][head])] : [])]));
  return { columns: ['layer', 'head', grid.label, ...(grid.kind === 'attention' ? ['source position'] : [])], rows };
}

export function mountHeads(section, session) {
  const { store, now, model } = session;
  const box = section.querySelector('.stage');
  const find = (id) => section.querySelector(`#${id}`);
  const kinds = segments('What the grid shows', KINDS, (grid) => store.set({ grid }), 'kind');
  section.querySelector('.switch').append(kinds.node);
  const changeOf = find('grid-change');
  options(changeOf, (model.changes ?? [['zero', 'zero']]).map((c) => (Array.isArray(c) ? c : [c, c])), store.get().change);
  changeOf.addEventListener('change', () => store.set({ change: changeOf.value }));

  const select = (layer, head) => store.set({ layer, head });
  const change = (layer, head, kind) => {
    const interventions = toggleHead(store.get().interventions, layer, head, kind);
    store.set({ interventions });
    say(`L${layer}H${head} ${isHeadChanged(interventions, layer, head, kind) ? (kind === 'zero' ? 'switched off' : 'patched') : 'as it was'}`);
  };
  const join = (layer, head) => store.set({ nodes: toggleNode(store.get().nodes, headNode(layer, head)) });

  function tell(layer, head) {
    const { grid } = now;
    const state = store.get();
    const value = grid?.values[layer]?.[head];
    const known = value !== null && value !== undefined;
    const source = grid?.sources[layer]?.[head];
    const rows = [];
    if (known && source !== null && source !== undefined) rows.push(['most of it on', `${visible(now.view?.[state.direction]?.[source]?.text ?? '')} (${source})`]);
    for (const kind of changedHeads(state.interventions)[`${layer}.${head}`] ?? []) rows.push(['intervention', kind]);
    if (state.nodes.includes(headNode(layer, head))) rows.push(['in the circuit', '']);
    return { place: `L${layer}H${head}`, value: known ? `${fixed(value, 3, grid.diverging)} ${grid.label}` : 'no value yet', rows, hint: 'click selects · Shift ablates · Alt patches' };
  }

  const cells = cellGrid(box, {
    id: 'heads', name: 'Heads by layer. Arrow keys move, Enter selects, a ablates, p patches, c adds to the circuit.', tell,
    onPick(layer, head, event) {
      if (event.shiftKey) change(layer, head, 'zero');
      else if (event.altKey) change(layer, head, 'patch');
      else select(layer, head);
    },
    onKey(key, layer, head) {
      if (key === 'a') change(layer, head, 'zero');
      else if (key === 'p') change(layer, head, 'patch');
      else if (key === 'c') join(layer, head);
      else return false;
      return true;
    },
  });
  const buttons = { ablate: find('head-ablate'), patch: find('head-patch'), join: find('head-join') };
  const at = () => [store.get().layer, store.get().head];
  buttons.ablate.addEventListener('click', () => change(...at(), 'zero'));
  buttons.patch.addEventListener('click', () => change(...at(), 'patch'));
  buttons.join.addEventListener('click', () => join(...at()));
  find('grid-cancel').addEventListener('click', session.cancelGrid);
  find('grid-again').addEventListener('click', session.runGrid);

  const blank = (kind) => {
    const empty = () => Array.from({ length: model.layers }, () => Array(model.heads).fill(null));
    return { kind, rows: model.layers, columns: model.heads, label: '', values: empty(), fresh: empty(), sources: empty(), diverging: true, done: 0 };
  };
  const layout = (grid, width) => cellLayout({ rows: Array.from({ length: grid.rows }, (_, i) => String(i)),
    columns: Array.from({ length: grid.columns }, (_, i) => String(i)), rowName: 'layer', columnName: 'head', width, smallest: 22, largest: 60, height: 36 });

  /** The cells with their legend, for a file. */
  function drawing() {
    const grid = now.grid;
    const place = layout(grid, 560);
    const drawn = drawCells(place, headLook(grid, store.get(), place, LIGHT), LIGHT);
    const { low, high } = scaleOf(grid);
    drawn.node.append(legend(place.left, place.bottom + 14, { stops: grid.diverging ? LIGHT.DIVERGING : LIGHT.SEQUENTIAL, low, high, signed: grid.diverging }, LIGHT));
    return { ...drawn, height: place.bottom + 44 };
  }

  const width = widthOf(box, () => ask());
  const differs = changes();
  let asked = false;
  function paint(force) {
    asked = false;
    const state = store.get();
    const grid = now.grid ?? blank(state.grid);
    // Cells change their values in place as they stream in: how many are done says so.
    if (differs(now.grid?.label, now.grid?.done, now.grid?.ended, grid.kind, state.interventions, state.nodes, width()) || force === true || now.gridRuns) {
      const place = layout(grid, width());
      const colours = theme();
      cells.draw(place, headLook(grid, state, place, colours), colours, [state.layer, state.head]);
      const { low, high } = scaleOf(grid);
      const scale = legend(0, 2, { stops: grid.diverging ? colours.DIVERGING : colours.SEQUENTIAL, low, high, signed: grid.diverging }, colours);
      section.querySelector('.legend').replaceChildren(...(now.grid ? [svg('svg', { width: 164, height: 26, 'aria-hidden': 'true' }, scale)] : []));
    }
    mark(state);
    find('grid-words').textContent = grid.words ?? '';
    status(grid);
  }

  /** What a choice changes at once; the cells follow in the next frame. */
  function mark(state) {
    cells.select([state.layer, state.head]);
    kinds.show(state.grid);
    if (changeOf.value !== state.change) changeOf.value = state.change;
    find('grid-change-field').hidden = state.grid !== 'ablation' || changeOf.options.length < 2;
    buttons.ablate.setAttribute('aria-pressed', isHeadChanged(state.interventions, state.layer, state.head, 'zero'));
    buttons.patch.setAttribute('aria-pressed', isHeadChanged(state.interventions, state.layer, state.head, 'patch'));
    buttons.join.setAttribute('aria-pressed', state.nodes.includes(headNode(state.layer, state.head)));
    find('head-name').textContent = `L${state.layer}H${state.head}`;
  }

  let ran = false;
  function status(grid) {
    const bar = find('grid-progress');
    bar.max = grid.total || 1;
    bar.value = grid.done;
    section.dataset.run = now.gridRuns ? 'running' : now.gridProblem ? 'failed' : grid.ended ? 'done' : 'idle';
    bar.hidden = find('grid-cancel').hidden = !now.gridRuns;
    find('grid-again').hidden = now.gridRuns || Boolean(grid.ended) || !now.view;
    const text = now.gridWaits ? `busy: trying again in ${now.gridWaits} s`
      : now.gridProblem ? now.gridProblem.message
        : now.gridRuns ? `${grid.done} of ${grid.total ?? '…'}`
          : grid.ended ? `${grid.total} heads in ${fixed(grid.seconds, grid.seconds < 1 ? 2 : 1)} s`
            : now.grid ? 'cancelled' : '';
    find('grid-status').textContent = text;
    find('grid-status').classList.toggle('problem', Boolean(now.gridProblem));
    if (ran && !now.gridRuns && grid.ended) say(`The grid is complete: ${text}`);
    ran = now.gridRuns;
  }

  let last = 0;
  /** Paint in the next frame; while cells stream in, not more often than the eye needs. */
  function ask() {
    if (asked) return;
    asked = true;
    const rest = now.gridRuns ? Math.max(0, 50 - (performance.now() - last)) : 0;
    setTimeout(() => requestAnimationFrame(() => { last = performance.now(); paint(); }), rest);
  }
  session.on('grid', ask);
  session.on('state', () => { mark(store.get()); ask(); });
  session.on('view', ask);
  onThemeChange(() => paint(true));
  offer(section, 'heads', () => now.grid && {
    title: `Heads: ${now.grid.label}`, words: now.grid.words, drawing, table: headTable(now.grid), json: { ...now.grid, fresh: undefined },
  });
  paint();
}
