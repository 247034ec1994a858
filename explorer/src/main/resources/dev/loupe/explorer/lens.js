// The logit lens: what the residual stream would predict if it were read out after each layer, at
// every position. A click chooses the position.

import { cellGrid, cellLayout, drawCells } from './cells.js';
import { empty, segments } from './controls.js';
import { changes, percent, shorten, visible, widthOf } from './dom.js';
import { offer } from './export.js';
import { colour, inkOn, LIGHT, onThemeChange, theme } from './palette.js';
import { tokensOf } from './attention.js';
import { legend } from './svg.js';

/** Rows from the last layer, on top, to the first: the stream flows upwards, as in the circuit. */
export const upwards = (lens) => lens.layers.map((_, i) => lens.layers.length - 1 - i);

/** How strongly a cell is shaded, from 0 to 1: by its top token, or by the answer's probability or rank. */
export function shadeOf(cell, shade, vocabulary) {
  if (shade === 'answer') return cell.answer ?? 0;
  if (shade === 'rank') return cell.rank === undefined ? 0 : 1 - Math.log1p(cell.rank) / Math.log1p(Math.max(1, vocabulary - 1));
  return cell.probability;
}

export function lensTable(lens, texts) {
  return {
    columns: ['layer', 'position', 'token', 'top token', 'probability', 'answer probability', 'answer rank'],
    rows: lens.cells.flatMap((row, layer) => row.map((cell, at) => [lens.layers[layer], at, texts[at], cell.text, cell.probability, cell.answer, cell.rank])),
  };
}

export function mountLens(section, session) {
  const { store, now, model } = session;
  const body = section.querySelector('.body');
  const box = section.querySelector('.stage');
  const none = empty('A prompt is needed to read the residual stream.');
  body.prepend(none);
  const shades = segments('What shades a cell', [['top', 'Top token'], ['answer', 'Answer'], ['rank', 'Answer’s rank']], (shade) => store.set({ shade }), 'shade');
  section.querySelector('.switch').append(shades.node);
  const shown = () => {
    const { view } = now;
    const texts = tokensOf(view, view.predictions?.intervened ? 'intervened' : store.get().direction, store.get().direction);
    return { lens: view.lens, texts, rows: upwards(view.lens) };
  };

  function look(lens, rows, at, colours) {
    const { shade } = store.get();
    const by = lens.cells[0]?.[0]?.answer === undefined ? 'top' : shade;
    const letters = Math.max(2, Math.floor((at.cell - 6) / 6.4));
    return (row, column) => {
      const cell = lens.cells[rows[row]][column];
      const fill = colour(colours.SEQUENTIAL, shadeOf(cell, by, model.vocabulary), 0, 1);
      const text = by === 'rank' ? `${cell.rank + 1}.` : visible(cell.text);
      return { fill, ink: inkOn(fill), text: shorten(text, letters) };
    };
  }

  function tell(row, column) {
    const { lens, texts, rows } = shown();
    const cell = lens.cells[rows[row]][column];
    const more = cell.answer === undefined ? [] : [['answer', percent(cell.answer)], ['its rank', `${cell.rank + 1} of ${model.vocabulary}`]];
    return { place: `${lens.layers[rows[row]]}, after ${visible(texts[column] ?? '')} (${column})`, value: `${visible(cell.text)} ${percent(cell.probability)}`, rows: more };
  }

  const cells = cellGrid(box, {
    id: 'lens', column: true, name: 'Logit lens, layers by positions. Arrow keys move, Enter chooses the position.', tell,
    onPick: (_, column) => store.set({ at: column }),
  });
  const layout = (lens, texts, rows, width) => cellLayout({ rows: rows.map((i) => lens.layers[i]), columns: texts, width, smallest: 44, largest: 110, height: 24, letters: 11 });

  const width = widthOf(body, () => paint());
  const differs = changes();
  function paint(force) {
    const view = now.view;
    const state = store.get();
    const known = Boolean(view?.lens);
    none.hidden = known;
    box.hidden = !known;
    shades.show(known && view.lens.cells[0]?.[0]?.answer === undefined ? 'top' : state.shade);
    for (const shade of ['answer', 'rank']) shades.allow(shade, view?.lens?.cells[0]?.[0]?.answer !== undefined);
    if (!known) return;
    const { lens, texts, rows } = shown();
    if (differs(lens, texts.join('\n'), state.shade, width()) || force === true) {
      const at = layout(lens, texts, rows, width());
      const colours = theme();
      cells.draw(at, look(lens, rows, at, colours), colours, null);
    }
    const place = state.at < 0 ? view.at : Math.min(state.at, texts.length - 1);
    cells.select([0, place]);
    for (const text of cells.surface.querySelectorAll('[data-column]')) text.setAttribute('font-weight', Number(text.dataset.column) === place ? 700 : 400);
  }

  function drawing() {
    const { lens, texts, rows } = shown();
    const at = layout(lens, texts, rows, 1100);
    const drawn = drawCells(at, look(lens, rows, at, LIGHT), LIGHT);
    const key = legend(at.left, at.bottom + 14, { stops: LIGHT.SEQUENTIAL, low: 0, high: 1 }, LIGHT);
    if (store.get().shade !== 'rank') drawn.node.append(key);
    return { ...drawn, height: at.bottom + 44 };
  }
  offer(section, 'logit-lens', () => {
    if (!now.view?.lens) return null;
    const { lens, texts } = shown();
    return { title: 'Logit lens', words: 'The top token of the residual stream read out after each layer', drawing, table: lensTable(lens, texts), json: { ...lens, tokens: texts } };
  });
  session.on('view', paint);
  session.on('state', () => paint());
  onThemeChange(() => paint(true));
}
