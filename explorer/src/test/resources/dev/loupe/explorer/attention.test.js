import { attentionTable, shownRun, tokensOf } from '/assets/attention.js';
import { levelPaths, linesOf, linesLayout, drawLines, strongest } from '/assets/attention-draw.js';
import { LIGHT } from '/assets/palette.js';
import { equal, ok } from './check.js';

const PATTERN = [[1], [0.25, 0.75], [0.9, 0.08, 0.02]];

export const tests = {
  'the run asked for is shown, or what there is': () => {
    equal(shownRun({ clean: [], intervened: [] }, { run: 'intervened', direction: 'corrupted' }), 'intervened');
    equal(shownRun({ clean: [], corrupted: [] }, { run: 'intervened', direction: 'corrupted' }), 'corrupted');
    equal(shownRun({ clean: [] }, { run: 'intervened', direction: 'corrupted' }), 'clean');
  },
  'the intervened run has the tokens of the base run': () => {
    const view = { clean: [{ text: 'a' }], corrupted: [{ text: 'b' }] };
    equal([tokensOf(view, 'intervened', 'corrupted'), tokensOf(view, 'clean', 'corrupted')], [['b'], ['a']]);
  },
  'every cell of the matrix is in a path of its level': () => {
    const paths = levelPaths(PATTERN, 10);
    equal(paths.reduce((count, { d }) => count + d.split('M').length - 1, 0), 6);
    const full = paths.find(({ share }) => share === 1);
    ok(full.d.startsWith('M0 0h'), full.d);
    equal(paths.map(({ share }) => share), paths.map(({ share }) => share).sort((a, b) => a - b));
  },
  'lines are drawn of weights that matter, as wide as the weight': () => {
    equal(linesOf(PATTERN).length, 5);
    const { node } = drawLines(PATTERN, linesLayout(['a', 'b', 'c'], 200), 2, LIGHT, 'x');
    const widths = [...node.querySelectorAll('path')].filter((p) => p.getAttribute('stroke') === LIGHT.positive).map((p) => Number(p.getAttribute('stroke-width')));
    equal(widths.length, 2);
    ok(widths[0] > 5 * widths[1], String(widths));
    equal(node.querySelectorAll('[data-position]').length, 3);
  },
  'the strongest sources come first': () => equal(strongest([0.1, 0.7, 0.2], 2), [{ from: 1, weight: 0.7 }, { from: 2, weight: 0.2 }]),
  'the pattern is a table': () => {
    const { columns, rows } = attentionTable({ layer: 3, head: 2, clean: PATTERN }, 'clean', ['a', 'b', 'c']);
    equal([columns.length, rows.length, rows[2]], [8, 6, ['clean', 3, 2, 1, 'b', 1, 'b', 0.75]]);
  },
};
