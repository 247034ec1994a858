import { BLANK } from '/assets/state.js';
import { circuitKey, fullPoint, gridKey, hasHeads, isHeadChanged, layerOf, shortPoint, toggleHead, toggleNode, toQuestion } from '/assets/question.js';
import { equal, ok } from './check.js';

export const tests = {
  'names of points are short for people and full for the server': () => {
    const names = ['z', 'q', 'pattern', 'attn_scores', 'result', 'attn_out', 'mlp_out', 'resid_pre', 'resid_mid', 'pre', 'post', 'ln1.normalized', 'embed', 'ln_final.scale', 'mlp_in', 'q_input'];
    for (const name of names) equal(shortPoint(fullPoint(name, 3)), name);
    equal(names.slice(0, 3).concat('resid_pre', 'post').map((name) => fullPoint(name, 3)),
      ['blocks.3.attn.hook_z', 'blocks.3.attn.hook_q', 'blocks.3.attn.hook_pattern', 'blocks.3.hook_resid_pre', 'blocks.3.mlp.hook_post']);
    equal([fullPoint('embed', 3), fullPoint('ln1.normalized', 2), fullPoint('blocks.0.hook_resid_pre', 5)], ['hook_embed', 'blocks.2.ln1.hook_normalized', 'blocks.5.hook_resid_pre']);
  },
  'layers and heads of points': () => {
    equal([layerOf('blocks.11.attn.hook_z'), layerOf('hook_embed')], [11, null]);
    equal(['blocks.1.attn.hook_z', 'blocks.1.hook_q_input', 'blocks.1.hook_attn_out', 'hook_embed'].map(hasHeads), [true, true, false, false]);
  },
  'a head is switched off, then patched instead, then as it was': () => {
    const off = toggleHead([], 3, 2, 'zero');
    ok(isHeadChanged(off, 3, 2, 'zero'), 'not off');
    const patched = toggleHead(off, 3, 2, 'patch');
    equal(patched.map((i) => i.change), ['patch']);
    equal(toggleHead(patched, 3, 2, 'patch'), []);
  },
  'an intervention that is off comes back on; those of others stay': () => {
    const other = { on: true, point: 'blocks.0.hook_mlp_out', at: 'END', change: 'zero' };
    const off = [{ ...toggleHead([], 3, 2, 'zero')[0], on: false }, other];
    const on = toggleHead(off, 3, 2, 'zero');
    equal(on.length, 2);
    ok(isHeadChanged(on, 3, 2, 'zero') && on.includes(other), 'lost');
  },
  'nodes are added and taken away': () => equal(toggleNode(toggleNode(['m0'], 'a3.h2'), 'm0'), ['a3.h2']),
  'a selection asks for no new grid, an intervention does, one that is off does not': () => {
    const on = toggleHead([], 1, 1, 'zero');
    equal(gridKey({ ...BLANK, layer: 3, head: 1 }), gridKey(BLANK));
    ok(gridKey({ ...BLANK, interventions: on }) !== gridKey(BLANK), 'the same');
    equal(gridKey({ ...BLANK, interventions: [{ ...on[0], on: false }] }), gridKey(BLANK));
    ok(gridKey({ ...BLANK, grid: 'attention', at: 3 }) !== gridKey({ ...BLANK, grid: 'attention', at: 4 }), 'the same');
  },
  'a circuit does not depend on what is selected or changed': () => {
    equal(circuitKey({ ...BLANK, at: 3, interventions: toggleHead([], 1, 1, 'zero') }), circuitKey(BLANK));
    ok(circuitKey({ ...BLANK, nodes: ['m0'] }) !== circuitKey(BLANK), 'the same');
  },
  'a question holds what the server is to know, nothing of the view': () => {
    const question = toQuestion({ ...BLANK, clean: 'a', nodes: ['m0'] });
    equal(Object.keys(question), ['clean', 'corrupted', 'answer', 'wrong', 'positions', 'metric', 'direction', 'at', 'layer', 'head', 'interventions']);
  },
};
