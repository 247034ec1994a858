import { edited, inWords, readAt } from '/assets/interventions.js';
import { equal } from './check.js';

const ZERO = { on: true, point: 'blocks.3.attn.hook_z', head: 2, at: 'all', change: 'zero' };

export const tests = {
  'layer and kind of point change the full name': () => {
    equal(edited(ZERO, 'layer', '1').point, 'blocks.1.attn.hook_z');
    equal(edited(ZERO, 'kind', 'pattern').point, 'blocks.3.attn.hook_pattern');
  },
  'a point without heads has none': () => equal(edited(ZERO, 'kind', 'resid_pre'), { on: true, point: 'blocks.3.hook_resid_pre', at: 'all', change: 'zero' }),
  'all heads are no head': () => equal('head' in edited(ZERO, 'head', ''), false),
  'a factor is there only for what scales': () => {
    const scaled = edited(edited(ZERO, 'change', 'scale'), 'factor', '0.5');
    equal([scaled.change, scaled.factor], ['scale', 0.5]);
    equal('factor' in edited(scaled, 'change', 'zero'), false);
    equal(edited(scaled, 'change', 'mean'), { ...ZERO, change: 'mean', over: 'everything' });
  },
  'positions are numbers, all, ranges and names': () => equal(['3', '-1', '2..5', ' END ', '', 'S2'].map(readAt), [3, -1, '2..5', 'END', 'all', 'S2']),
  'the one before is not changed': () => { edited(ZERO, 'layer', '0'); equal(ZERO.point, 'blocks.3.attn.hook_z'); },
  'an intervention can be said': () => {
    equal(inWords(ZERO), 'L3H2 z at all: zero');
    equal(inWords({ point: 'blocks.1.hook_mlp_out', at: 'END', change: 'scale', factor: 2 }), 'mlp_out of layer 1 at END: scale 2');
  },
};
