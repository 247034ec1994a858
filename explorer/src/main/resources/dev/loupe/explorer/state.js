// The one linked state of the page, and its form in the fragment of the URL: readable key=value
// pairs, such as #clean=When+Mary+and+John&answer=+Mary&layer=3&do=zero(blocks.3.attn.hook_z,head=2,at=all).

export const BLANK = Object.freeze({
  task: '', clean: '', corrupted: '', answer: '', wrong: '', positions: {}, metric: 'logit-difference',
  direction: 'clean', at: -1, layer: 0, head: 0, run: 'intervened', grid: 'patching', change: 'zero', shade: 'top',
  interventions: [], nodes: [], ablation: 'counterfactual',
});

const TEXTS = ['task', 'clean', 'corrupted', 'answer', 'wrong', 'metric', 'direction', 'run', 'grid', 'change', 'shade', 'ablation'];
const NUMBERS = ['at', 'layer', 'head'];
const ONE_OF = {
  direction: ['clean', 'corrupted'], run: ['clean', 'intervened', 'corrupted'], shade: ['top', 'answer', 'rank'],
  grid: ['patching', 'attribution', 'ablation', 'attention'], ablation: ['counterfactual', 'zero'],
};

// ---- One value

/** Percent-encode what would be read as something else; spaces become +, and : @ / stay. */
export function encodeText(text) {
  return encodeURIComponent(text.toWellFormed?.() ?? text)
    .replace(/%20/g, '+').replace(/%3A/g, ':').replace(/%40/g, '@').replace(/%2F/g, '/')
    .replace(/[()]/g, (c) => (c === '(' ? '%28' : '%29'));
}

export function decodeText(text) {
  const spaced = text.replace(/\+/g, ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** zero(blocks.3.attn.hook_z,head=2,at=all), with ,off where it is switched off. */
export function encodeIntervention({ on, change, point, ...rest }) {
  const more = Object.entries(rest)
    .filter(([, value]) => ['string', 'number'].includes(typeof value))
    .map(([name, value]) => `,${encodeText(name)}=${encodeText(String(value))}`);
  return `${encodeText(change)}(${encodeText(point)}${more.join('')}${on ? '' : ',off'})`;
}

const COUNTS = ['head', 'neuron', 'factor', 'seed', 'scale'];

/** Undo encodeIntervention, or return null for what is not one. */
export function decodeIntervention(text) {
  const parts = /^([^(]+)\((.*)\)$/.exec(text);
  if (!parts) return null;
  const [point, ...fields] = parts[2].split(',');
  const intervention = { on: true, point: decodeText(point), change: decodeText(parts[1]) };
  for (const field of fields) {
    if (field === 'off') { intervention.on = false; continue; }
    const [name, value = ''] = field.split('=').map(decodeText);
    const number = COUNTS.includes(name) || (['at', 'from'].includes(name) && /^-?\d+$/.test(value));
    intervention[name] = number ? Number(value) : value;
  }
  return intervention;
}

// ---- The whole state

/** The fragment of a state, without #; what is as in BLANK is left out. */
export function encode(state) {
  const pairs = [];
  const add = (name, text) => pairs.push(`${name}=${text}`);
  for (const name of TEXTS) if (state[name] !== BLANK[name]) add(name, encodeText(state[name]));
  const names = Object.entries(state.positions);
  if (names.length) add('positions', names.map(([name, at]) => `${encodeText(name).replace(/:/g, '%3A')}:${at}`).join(','));
  for (const name of NUMBERS) if (state[name] !== BLANK[name]) add(name, state[name]);
  for (const intervention of state.interventions) add('do', encodeIntervention(intervention));
  if (state.nodes.length) add('nodes', state.nodes.map(encodeText).join(','));
  return pairs.join('&');
}

/** The state of a fragment, with or without #; what cannot be read is as in BLANK. */
export function decode(fragment) {
  const state = { ...BLANK, positions: {}, interventions: [], nodes: [] };
  for (const pair of fragment.replace(/^#/, '').split('&')) {
    const cut = pair.indexOf('=');
    if (cut < 0) continue;
    const [name, raw] = [pair.slice(0, cut), pair.slice(cut + 1)];
    if (TEXTS.includes(name)) {
      const text = decodeText(raw);
      if (!ONE_OF[name] || ONE_OF[name].includes(text)) state[name] = text;
    } else if (NUMBERS.includes(name)) {
      if (/^-?\d{1,9}$/.test(raw)) state[name] = Number(raw);
    } else if (name === 'positions') {
      for (const one of raw.split(',')) {
        const [key, at] = one.split(':');
        if (/^\d{1,9}$/.test(at ?? '')) state.positions[decodeText(key)] = Number(at);
      }
    } else if (name === 'do') {
      const intervention = decodeIntervention(raw);
      if (intervention) state.interventions.push(intervention);
    } else if (name === 'nodes') {
      state.nodes = raw.split(',').map(decodeText).filter(Boolean);
    }
  }
  return state;
}

// ---- The store

/** Holds the state; set() changes some of it and tells those who subscribed. how: 'push' or 'replace'. */
export function createStore(initial) {
  let state = initial;
  const subscribers = new Set();
  return {
    get: () => state,
    set(part, how = 'push') {
      const next = { ...state, ...part };
      if (encode(next) === encode(state)) return;
      const before = state;
      state = next;
      for (const tell of [...subscribers]) tell(state, before, how);
    },
    subscribe(tell) {
      subscribers.add(tell);
      return () => subscribers.delete(tell);
    },
  };
}

/** Keep store and URL the same: choices make a history entry; typing, and the start, change the present one. */
export function linkToUrl(store, { history, location, addEventListener }) {
  store.subscribe((state, _, how) => {
    const url = `#${encode(state)}`;
    if (how === 'push') history.pushState(null, '', url);
    if (how === 'replace' || how === 'start') history.replaceState(null, '', url);
  });
  const read = () => store.set(decode(location.hash), 'url');
  // A link within the page changes the hash, back and forward pop: both say the same.
  addEventListener('popstate', read);
}
