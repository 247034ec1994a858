// A grid of cells, of heads or of layers by positions: drawn as SVG, moved through with the arrow
// keys, told of by a tooltip and to screen readers.

import { clamp, shorten, svg, textWidth, visible } from './dom.js';
import { label } from './svg.js';
import { hideTip, showTip } from './tip.js';

const LABEL = 11;

/** Where everything goes: cells as wide as the room allows, between smallest and largest. */
export function cellLayout({ rows, columns, rowName = '', columnName = '', width, smallest = 20, largest = 64, height = 34, letters = 14 }) {
  const rowLabels = rows.map((text) => shorten(visible(text), letters));
  const columnLabels = columns.map((text) => shorten(visible(text), letters));
  const widest = (labels) => Math.max(0, ...labels.map((text) => textWidth(text, LABEL)));
  const left = Math.ceil(widest(rowLabels)) + 8 + (rowName ? 16 : 0);
  const fit = (free) => clamp(free / Math.max(1, columns.length), smallest, largest);
  const columnWidth = widest(columnLabels);
  let cell = fit(width - left - 1);
  const turned = columnWidth + 4 > cell;
  const lean = turned ? Math.ceil(columnWidth * 0.5) : 0;
  if (turned) cell = fit(width - left - lean - 1);
  const cellHeight = Math.min(height, Math.max(cell, 18));
  const top = (columnName ? 16 : 0) + (turned ? Math.ceil(columnWidth * 0.87) + 12 : 18);
  const [right, bottom] = [left + cell * columns.length, top + cellHeight * rows.length];
  return { rowLabels, columnLabels, rowName, columnName, left, top, right, bottom, cell, cellHeight, turned,
    width: Math.ceil(right + lean + 1), height: Math.ceil(bottom + 1) };
}

/** The labels of rows and columns. */
function drawLabels(at, colours) {
  const names = svg('g');
  if (at.columnName) names.append(label((at.left + at.right) / 2, 6, at.columnName, { 'text-anchor': 'middle', 'font-size': LABEL, fill: colours.muted }));
  if (at.rowName) {
    names.append(label(0, 0, at.rowName, { 'text-anchor': 'middle', 'font-size': LABEL, fill: colours.muted,
      transform: `translate(6 ${(at.top + at.bottom) / 2}) rotate(-90)` }));
  }
  at.columnLabels.forEach((text, column) => {
    const x = at.left + at.cell * (column + 0.5);
    names.append(at.turned
      ? label(0, 0, text, { 'font-size': LABEL, fill: colours.ink, transform: `translate(${x} ${at.top - 7}) rotate(-60)`, 'data-column': column })
      : label(x, at.top - 9, text, { 'text-anchor': 'middle', 'font-size': LABEL, fill: colours.ink, 'data-column': column }));
  });
  at.rowLabels.forEach((text, row) => {
    names.append(label(at.left - 7, at.top + at.cellHeight * (row + 0.5), text, { 'text-anchor': 'end', 'font-size': LABEL, fill: colours.ink, 'data-row': row }));
  });
  return names;
}

/** Give one cell its look, touching only what is another than before. */
function dress(part, look, words) {
  const { node, rect, text, marks, x, y, width, height, old } = part;
  if (old?.fill !== look.fill) rect.setAttribute('fill', look.fill);
  if (old?.text !== look.text) text.textContent = look.text ?? '';
  if (old?.ink !== look.ink) text.setAttribute('fill', look.ink);
  if ((old?.badge ?? '') !== (look.badge ?? '') || (look.badge && old?.ink !== look.ink)) marks.replaceChildren(...(look.marks ?? []).map((mark) => mark(x, y, width, height)));
  if (words !== null) {
    if (Boolean(old?.faded) !== Boolean(look.faded)) for (const each of [node, text]) each.classList.toggle('faded', Boolean(look.faded));
    if (part.words !== words) node.setAttribute('aria-label', words);
    part.words = words;
  }
  part.old = look;
}

/**
 * Draw cells. look(row, column) is { fill, ink, text, faded, marks, badge }, where marks are drawn by
 * functions of x, y, width and height, and badge names them. id gives cells ids and roles for the page;
 * without it, it is for a file. Returns repaint(look), too, for cells that stay where they are.
 */
export function drawCells(at, look, colours, { id = '', tell = null } = {}) {
  const gap = at.cell < 24 ? 1 : 2;
  const names = drawLabels(at, colours);
  // Texts are in a layer of their own: a screen reader gets each cell's label instead.
  const texts = svg('g', { 'font-size': LABEL, 'text-anchor': 'middle', 'dominant-baseline': 'central' });
  if (id) for (const group of [names, texts]) group.setAttribute('aria-hidden', 'true');
  const group = svg('g', id ? { role: 'none' } : {}, names);
  const parts = at.rowLabels.map((_, row) => {
    const line = svg('g', id ? { role: 'row' } : {});
    group.append(line);
    return at.columnLabels.map((__, column) => {
      const [x, y] = [at.left + at.cell * column + gap / 2, at.top + at.cellHeight * row + gap / 2];
      const [width, height] = [at.cell - gap, at.cellHeight - gap];
      const rect = svg('rect', { x, y, width, height, rx: 2 });
      const node = svg('g', id ? { id: `${id}-${row}-${column}`, role: 'gridcell', 'data-cell': `${row}.${column}`, 'aria-selected': 'false', class: 'cell' } : {}, rect);
      const text = svg('text', { x: x + width / 2, y: y + height / 2 });
      const marks = svg('g');
      texts.append(text, marks);
      line.append(node);
      return { node, rect, text, marks, x, y, width, height, old: null, words: null };
    });
  });
  group.append(texts);
  const repaint = (next) => parts.forEach((line, row) => line.forEach((part, column) => {
    const words = id && tell ? tell(row, column) : null;
    dress(part, next(row, column), words && `${words.place}: ${words.value}`);
  }));
  repaint(look);
  return { node: group, width: at.width, height: at.height, repaint };
}

const MOVES = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0],
};

/** Where a key leads in a grid of so many rows and columns, or null if it is not one that moves. */
export function stepIn([rows, columns], [row, column], key) {
  if (!MOVES[key]) return null;
  const [down, right] = MOVES[key];
  return [clamp(row + down, 0, rows - 1), clamp(column + right, 0, columns - 1)];
}

/**
 * Put a living grid into a box. tell(row, column): words for tooltip and screen reader; onPick(row,
 * column, event): a click or Enter; column: what is selected is a whole column; onKey(key, row, column): another key, true if it was for this.
 */
export function cellGrid(box, { id, name, column: tall = false, tell, onPick, onKey = () => false }) {
  const surface = svg('svg', { id, role: 'grid', tabindex: 0, 'aria-label': name, class: 'cells' });
  box.append(surface);
  let at = null;
  let drawn = null;
  let place = '';
  let cursor = null;
  let selected = null;
  const frames = { selected: svg('rect', { class: 'frame selected', rx: 2 }), cursor: svg('rect', { class: 'frame cursor', rx: 3 }) };
  const size = () => [at.rowLabels.length, at.columnLabels.length];
  const inside = (cell) => cell && cell[0] >= 0 && cell[1] >= 0 && cell[0] < size()[0] && cell[1] < size()[1];
  const nodeOf = ([row, column]) => surface.querySelector(`#${id}-${row}-${column}`);

  function mark() {
    const rows = tall && at ? at.rowLabels.length : 1;
    for (const [which, cell, grow, high] of [['selected', selected, 0, rows], ['cursor', surface.matches(':focus-visible') ? cursor : null, 2, 1]]) {
      const frame = frames[which];
      frame.setAttribute('visibility', at && inside(cell) ? 'visible' : 'hidden');
      if (!at || !inside(cell)) continue;
      const values = { x: at.left + at.cell * cell[1] - grow, y: at.top + at.cellHeight * cell[0] - grow, width: at.cell + 2 * grow, height: at.cellHeight * high + 2 * grow };
      for (const [key, value] of Object.entries(values)) frame.setAttribute(key, value);
    }
    if (at && inside(cursor)) surface.setAttribute('aria-activedescendant', `${id}-${cursor[0]}-${cursor[1]}`);
  }

  const cellOf = (event) => event.target.closest?.('[data-cell]')?.dataset.cell.split('.').map(Number) ?? null;
  function tip(cell) {
    const node = nodeOf(cell);
    const words = node && tell(...cell);
    if (words) showTip(node.getBoundingClientRect(), words, surface.getBoundingClientRect());
  }
  surface.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'touch') return;
    const cell = cellOf(event);
    if (cell) tip(cell); else hideTip();
  });
  surface.addEventListener('pointerleave', hideTip);
  surface.addEventListener('focus', () => { cursor ??= selected ?? [0, 0]; mark(); });
  surface.addEventListener('blur', () => { mark(); hideTip(); });
  surface.addEventListener('click', (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    cursor = cell;
    onPick(...cell, event);
    mark();
  });
  surface.addEventListener('keydown', (event) => {
    if (!at || event.ctrlKey || event.metaKey || !inside(cursor)) return;
    const next = event.altKey ? null : stepIn(size(), cursor, event.key);
    if (next) {
      cursor = next;
      mark();
      nodeOf(cursor).scrollIntoView({ block: 'nearest', inline: 'nearest' });
      tip(cursor);
    } else if (event.key === 'Enter' || event.key === ' ') onPick(...cursor, event);
    else if (event.key === 'Escape') hideTip();
    else if (!onKey(event.key, ...cursor)) return;
    event.preventDefault();
  });

  return {
    surface,
    /** Draw anew: a layout, a look, and which cell is selected. */
    draw(layout, look, colours, cell) {
      const where = JSON.stringify([layout, colours.ground]);
      if (drawn && where === place) {
        drawn.repaint(look);
        this.select(cell);
        return;
      }
      place = where;
      at = layout;
      selected = cell;
      if (cursor && !inside(cursor)) cursor = null;
      if (surface === document.activeElement) cursor ??= inside(selected) ? selected : [0, 0];
      surface.setAttribute('width', at.width);
      surface.setAttribute('height', at.height);
      surface.setAttribute('viewBox', `0 0 ${at.width} ${at.height}`);
      drawn = drawCells(at, look, colours, { id, tell });
      surface.replaceChildren(drawn.node, frames.selected, frames.cursor);
      if (inside(selected)) nodeOf(selected).setAttribute('aria-selected', 'true');
      mark();
    },
    /** Only the selection has changed. */
    select(cell) {
      for (const [old, on] of [[selected, 'false'], [cell, 'true']]) if (at && inside(old)) nodeOf(old).setAttribute('aria-selected', on);
      selected = cell;
      mark();
    },
  };
}
