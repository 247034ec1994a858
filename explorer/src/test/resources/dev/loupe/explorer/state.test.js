import { BLANK, createStore, decode, decodeIntervention, encode, encodeIntervention, encodeText, linkToUrl } from '/assets/state.js';
import { equal, ok } from './check.js';

const FULL = {
  ...BLANK, task: 'ioi', clean: 'When Mary & John = 100% #1 + (two)?\nnew line', corrupted: 'Ünïcödé 日本 🙂', answer: ' Mary', wrong: ' John',
  positions: { IO: 2, 'S1+1': 4, 'a:b': 7 }, metric: 'probability', direction: 'corrupted', at: 10, layer: 3, head: 7, run: 'clean', grid: 'ablation',
  change: 'mean-by-template', shade: 'rank', nodes: ['a3.h2', 'm0'], ablation: 'zero',
  interventions: [
    { on: true, point: 'blocks.3.attn.hook_z', change: 'zero', head: 2, at: 'all' },
    { on: false, point: 'blocks.0.hook_mlp_out', change: 'scale', at: -1, factor: 0.5 },
    { on: true, point: 'blocks.1.hook_resid_pre', change: 'patch', at: 'odd,(name)=x' },
  ],
};

export const tests = {
  'a state comes back from its fragment whole': () => equal(decode(`#${encode(FULL)}`), FULL),
  'the blank state has an empty fragment': () => { equal(encode(BLANK), ''); equal(decode(''), BLANK); },
  'the fragment can be read by people': () => {
    equal(encode({ ...BLANK, clean: 'When Mary and John', answer: ' Mary', layer: 3, positions: { IO: 2, S2: 10 } }),
      'clean=When+Mary+and+John&answer=+Mary&positions=IO:2,S2:10&layer=3');
    equal(encodeIntervention(FULL.interventions[0]), 'zero(blocks.3.attn.hook_z,head=2,at=all)');
  },
  'an intervention that is off says so, numbers stay numbers': () =>
    equal(decodeIntervention('scale(blocks.0.hook_mlp_out,at=-1,factor=0.5,off)'), { on: false, point: 'blocks.0.hook_mlp_out', change: 'scale', at: -1, factor: 0.5 }),
  'ranges and names of positions stay texts': () => equal(decodeIntervention('zero(hook_embed,at=2..5)').at, '2..5'),
  'what cannot be read is as if it were not there': () => {
    equal(decode('#at=x&layer=1e9&direction=sideways&grid=none&nonsense&do=broken&positions=A:x&clean=%E0%A4%A'), { ...BLANK, clean: '%E0%A4%A' });
  },
  'a lone surrogate does not break the link': () => ok(encodeText('a\ud800').length > 0, 'no text'),
  'subscribers hear of changes, and only of changes': () => {
    const store = createStore(BLANK);
    const heard = [];
    const stop = store.subscribe((state, before, how) => heard.push([state.layer, before.layer, how]));
    store.set({ layer: 2 });
    store.set({ layer: 2 });
    store.set({ layer: 1 }, 'replace');
    stop();
    store.set({ layer: 0 });
    equal(heard, [[2, 0, 'push'], [1, 2, 'replace']]);
  },
  'choices push, typing replaces, going back is read and writes nothing': () => {
    const calls = [];
    const location = { hash: '' };
    const history = { pushState: (_, __, url) => calls.push(`push ${url}`), replaceState: (_, __, url) => calls.push(`replace ${url}`) };
    let pop = null;
    const store = createStore(BLANK);
    linkToUrl(store, { history, location, addEventListener: (_, listener) => { pop = listener; } });
    store.set({ layer: 3 });
    store.set({ clean: 'a b' }, 'replace');
    location.hash = '#head=5';
    pop();
    equal(calls, ['push #layer=3', 'replace #clean=a+b&layer=3']);
    equal([store.get().head, store.get().layer, store.get().clean], [5, 0, '']);
  },
};
