import { crossings, layoutCircuit, nodeOf, rowsOf, untangle } from '/assets/circuit-layout.js';
import { equal, ok } from './check.js';

const IDS = ['logits', 'm0', 'a3.h2', 'a0.h1', 'a0.h0', 'input', 'm3'];

export const tests = {
  'names of nodes are read': () => {
    equal([nodeOf('a11.h3').label, nodeOf('m2').label, nodeOf('input').kind], ['L11H3', 'MLP 2', 'input']);
    equal([nodeOf('a11.h3').layer, nodeOf('a11.h3').head], [11, 3]);
  },
  'rows go from the input up to the logits, attention below the MLP of its layer': () =>
    equal(rowsOf(IDS), [['input'], ['a0.h0', 'a0.h1'], ['m0'], ['a3.h2'], ['m3'], ['logits']]),
  'in parallel blocks both stand side by side': () =>
    equal(rowsOf(IDS, true), [['input'], ['a0.h0', 'a0.h1', 'm0'], ['a3.h2', 'm3'], ['logits']]),
  'a node named twice stands once': () => equal(rowsOf(['m0', 'm0']), [['m0']]),
  'rows are ordered so that edges do not cross': () => {
    const rows = [['input'], ['a0.h0', 'a0.h1', 'a0.h2'], ['a1.h0', 'a1.h1', 'a1.h2'], ['logits']];
    const edges = [['a0.h0', 'a1.h2'], ['a0.h1', 'a1.h1'], ['a0.h2', 'a1.h0']].map(([from, to]) => ({ from, to, score: 1 }));
    equal(crossings(rows, edges), 3);
    equal(crossings(untangle(rows, edges), edges), 0);
  },
  'no nodes overlap, all are inside, and every edge goes upwards': () => {
    const ids = ['input', 'logits', ...Array.from({ length: 12 }, (_, h) => `a0.h${h}`), 'm0', 'a1.h0'];
    const edges = [{ from: 'input', to: 'a0.h3', score: 0.2 }, { from: 'a0.h3', to: 'm0', score: -1 }, { from: 'm0', to: 'logits', score: 0.4 }];
    const { places, width, height, rows } = layoutCircuit(ids, edges, { width: 300 });
    equal(places.size, ids.length);
    for (const { x, y } of places.values()) ok(x > 29 && x < width - 29 && y > 0 && y < height, `outside: ${x} ${y}`);
    for (const row of rows) {
      const xs = row.map((id) => places.get(id).x).sort((a, b) => a - b);
      for (let i = 1; i < xs.length; i++) ok(xs[i] - xs[i - 1] >= 58, `overlap in ${row}`);
    }
    for (const { from, to } of edges) ok(places.get(from).y > places.get(to).y, `${from} above ${to}`);
  },
};
