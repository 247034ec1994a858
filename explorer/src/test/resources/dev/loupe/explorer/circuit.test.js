import { circuitTable, complexity, withEnds } from '/assets/circuit.js';
import { drawCircuit, drawFaithfulness, edgeWidth } from '/assets/circuit-draw.js';
import { layoutCircuit } from '/assets/circuit-layout.js';
import { LIGHT } from '/assets/palette.js';
import { close, equal, ok } from './check.js';

export const tests = {
  'the ends are there once, whatever was suggested': () => equal(withEnds(['input', 'm0', 'logits']), ['input', 'm0', 'logits']),
  'complexity is measured against the budget and the whole': () => {
    const within = complexity({ dimensions: 144, budget: 640, whole: 1088 });
    close(within.share, 144 / 1088);
    equal(within.over, false);
    equal(complexity({ dimensions: 641, budget: 640, whole: 1088 }).over, true);
  },
  'an edge is the wider the larger its score, whatever the sign': () => {
    ok(edgeWidth(-0.9, 1) > edgeWidth(0.2, 1), 'not wider');
    equal(edgeWidth(-0.5, 1), edgeWidth(0.5, 1));
    ok(Number.isFinite(edgeWidth(0, 0)), 'no width of zero scores');
  },
  'edges have the colour of their sign, those to unknown nodes are left out': () => {
    const edges = [{ from: 'input', to: 'm0', score: 0.5 }, { from: 'm0', to: 'logits', score: -0.2 }, { from: 'a9.h9', to: 'logits', score: 1 }];
    const { node } = drawCircuit(layoutCircuit(['input', 'm0', 'logits'], edges), edges, LIGHT);
    const strokes = Object.fromEntries([...node.querySelectorAll('[data-edge]')].map((path) => [path.dataset.edge, path.getAttribute('stroke')]));
    equal(strokes['input>m0'], LIGHT.positive);
    equal(strokes['m0>logits'], LIGHT.negative);
    equal(Object.keys(strokes).length, 2);
    equal(node.querySelectorAll('[data-node]').length, 3);
  },
  'a faithfulness far outside still stays inside its drawing': () => {
    const { node, width } = drawFaithfulness({ faithfulness: 90, random: [-50, 0.2], baseline: { mean: 0, low: -40, high: 0.5 } }, 300, LIGHT);
    for (const dot of node.querySelectorAll('circle')) ok(dot.getAttribute('cx') >= 0 && dot.getAttribute('cx') <= width, 'outside');
  },
  'edges are a table': () => equal(circuitTable([{ from: 'input', to: 'm0', score: 1 }]), { columns: ['from', 'to', 'score'], rows: [['input', 'm0', 1]] }),
};
