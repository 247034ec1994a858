import { cellGrid, cellLayout, drawCells, stepIn } from '/assets/cells.js';
import { el } from '/assets/dom.js';
import { LIGHT } from '/assets/palette.js';
import { equal, ok, onPage } from './check.js';

const at = () => cellLayout({ rows: ['0', '1', '2'], columns: ['0', '1'], width: 300, rowName: 'layer', columnName: 'head' });
const look = () => ({ fill: '#ffffff', ink: '#000000', text: '1' });

function grid(work) {
  return onPage(el('div'), async (box) => {
    const picked = [];
    const keys = [];
    const cells = cellGrid(box, { id: 'g', name: 'n', tell: (row, column) => ({ place: `L${row}H${column}`, value: 'v' }),
      onPick: (row, column, { shiftKey }) => picked.push([row, column, shiftKey]), onKey: (key, ...cell) => key === 'a' && keys.push(cell) });
    cells.draw(at(), look, LIGHT, [0, 0]);
    const press = (key) => { const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }); cells.surface.dispatchEvent(event); return event.defaultPrevented; };
    await work({ box, cells, picked, keys, press });
  });
}

export const tests = {
  'cells fill the width between smallest and largest, labels turn where they are wide': () => {
    const wide = cellLayout({ rows: ['a'], columns: Array(4).fill('a long label'), width: 120, smallest: 20 });
    ok(wide.turned && wide.cell === 20, `${wide.turned} ${wide.cell}`);
    const narrow = cellLayout({ rows: ['a'], columns: ['0', '1'], width: 2000, largest: 60 });
    equal([narrow.turned, narrow.cell], [false, 60]);
  },
  'arrows stop at the borders, Home and End go to them': () => {
    equal([stepIn([3, 2], [0, 0], 'ArrowUp'), stepIn([3, 2], [0, 0], 'ArrowDown'), stepIn([3, 2], [1, 0], 'End'), stepIn([3, 2], [0, 1], 'PageDown')], [[0, 0], [1, 0], [1, 1], [2, 1]]);
    equal(stepIn([3, 2], [0, 0], 'x'), null);
  },
  'a file of cells has neither roles nor ids': () => {
    const { node } = drawCells(at(), look, LIGHT);
    equal(node.querySelectorAll('[role], [id], [aria-label], [class]').length, 0);
    equal(node.querySelectorAll('rect').length, 6);
  },
  'the page has a grid of rows of labelled cells': () => grid(({ box }) => {
    equal(box.querySelectorAll('[role=grid] [role=row] [role=gridcell]').length, 6);
    equal(box.querySelector('[data-cell="2.1"]').getAttribute('aria-label'), 'L2H1: v');
    equal(box.querySelectorAll('[aria-selected=true]').length, 1);
  }),
  'keys move, Enter picks, other keys go to who knows them': () => grid(({ cells, picked, keys, press }) => {
    cells.surface.focus();
    ok(press('ArrowDown') && press('ArrowRight') && press('Enter') && press('a'), 'not taken');
    ok(!press('Tab') && !press('x'), 'taken');
    equal([picked.map(([r, c]) => [r, c]), keys], [[[1, 1]], [[1, 1]]]);
    equal(cells.surface.getAttribute('aria-activedescendant'), 'g-1-1');
  }),
  'a click picks the cell, and says whether Shift was held': () => grid(({ box, picked }) => {
    box.querySelector('[data-cell="2.0"] rect').dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }));
    equal(picked, [[2, 0, true]]);
  }),
  'cells that stay where they are only change what has changed': () => grid(({ box, cells }) => {
    const [one, other] = ['0.0', '1.1'].map((name) => box.querySelector(`[data-cell="${name}"]`));
    cells.draw(at(), (row, column) => (row === 1 && column === 1 ? { fill: '#123456', ink: '#ffffff', text: '9', faded: true } : look()), LIGHT, [0, 1]);
    ok(box.querySelector('[data-cell="0.0"]') === one, 'drawn anew');
    equal([other.firstChild.getAttribute('fill'), other.classList.contains('faded'), one.firstChild.getAttribute('fill')], ['#123456', true, '#ffffff']);
    equal([...box.querySelectorAll('text')].filter((text) => text.textContent === '9').length, 1);
    equal(box.querySelector('[aria-selected=true]').dataset.cell, '0.1');
  }),
  'the selection moves without drawing anew': () => grid(({ box, cells }) => {
    const cell = box.querySelector('[data-cell="1.1"]');
    cells.select([1, 1]);
    ok(box.querySelector('[data-cell="1.1"]') === cell, 'drawn anew');
    equal([cell.getAttribute('aria-selected'), box.querySelectorAll('[aria-selected=true]').length], ['true', 1]);
  }),
};
