import { Refused, Unreachable } from '/assets/api.js';
import { createSession, fromExample, takeCircuitLine, takeGridLine } from '/assets/session.js';
import { BLANK, createStore } from '/assets/state.js';
import { equal, ok } from './check.js';

const turn = () => new Promise((resolve) => { setTimeout(resolve); });

/** A server of which each answer is released by hand. */
function fakeServer() {
  const asked = [];
  const ask = (path, { body, signal } = {}) => new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
    asked.push({ path, body, signal, resolve, reject });
  });
  return { asked, api: { json: ask, stream: (path, options, onLine) => { const end = ask(path, options); asked.at(-1).onLine = onLine; return end; } } };
}

function opened(state = {}) {
  const server = fakeServer();
  const store = createStore({ ...BLANK, clean: 'a b', ...state });
  const session = createSession({ api: server.api, store, model: {}, wait: () => turn() });
  return { ...server, store, session };
}

const START = { type: 'start', rows: 2, columns: 2, label: 'share', total: 4 };

export const tests = {
  'the newest question wins and the one before is aborted': async () => {
    const { asked, store, session } = opened();
    session.start();
    store.set({ head: 3 });
    equal(asked.map(({ body, signal }) => [body.head, signal.aborted]), [[0, true], [3, false]]);
    asked[1].resolve({ at: 1 });
    await turn();
    equal([session.now.view, session.now.stale], [{ at: 1 }, false]);
  },
  'the grid is asked for after the view, and only if it would differ': async () => {
    const { asked, store, session } = opened();
    session.start();
    asked[0].resolve({});
    await turn();
    equal(asked.map(({ path }) => path), ['view', 'grid']);
    store.set({ head: 1 });
    asked[2].resolve({});
    await turn();
    equal(asked.map(({ path }) => path), ['view', 'grid', 'view']);
    store.set({ grid: 'ablation' });
    equal(asked.at(-1).path, 'grid');
    ok(asked[1].signal.aborted, 'the old grid goes on');
  },
  'without a prompt nothing is asked': () => {
    const { asked, session } = opened({ clean: '' });
    session.start();
    equal(asked, []);
  },
  'a refusal is a problem of the view; the view before stays': async () => {
    const { asked, store, session } = opened();
    session.start();
    asked[0].resolve({ at: 1 });
    await turn();
    store.set({ answer: ' two words' });
    asked.at(-1).reject(new Refused('several tokens', { field: 'answer', status: 422 }));
    await turn();
    equal([session.now.view, session.now.problem.field, session.now.stale], [{ at: 1 }, 'answer', false]);
  },
  'a position that a shorter prompt does not have gives way to the last one': async () => {
    const { asked, store, session } = opened({ at: 13 });
    session.start();
    asked[0].reject(new Refused('no position 13', { field: 'at', status: 422 }));
    await turn();
    equal([store.get().at, asked.at(-1).body.at, session.now.problem], [-1, -1, null]);
  },
  'a server that is gone is asked for until it answers, then for everything anew': async () => {
    const { asked, session } = opened();
    session.start();
    asked[0].reject(new Unreachable('gone'));
    await turn(); await turn();
    ok(session.now.gone, 'not noticed');
    equal(asked[1].path, 'model');
    asked[1].reject(new Unreachable('gone'));
    await turn(); await turn();
    equal(asked[2].path, 'model');
    asked[2].resolve({});
    await turn();
    equal([session.now.gone, asked[3].path], [false, 'view']);
  },
  'busy is told, waited out, and forgotten': async () => {
    const { asked, session } = opened();
    const told = [];
    session.on('status', ({ busy }) => told.push(busy));
    session.start();
    asked[0].reject(new Refused('full', { status: 503, retryAfter: 2 }));
    for (let i = 0; i < 12; i++) await turn();
    equal([told, asked.map(({ path }) => path)], [[2, 1, 0], ['view', 'view']]);
  },
  'cells come in one by one; the old ones stay until then': () => {
    let grid = takeGridLine(null, START);
    equal(grid.values, [[null, null], [null, null]]);
    grid = takeGridLine(grid, { type: 'cells', done: 1, cells: [[1, 0, 0.5, 7]] });
    equal([grid.values[1][0], grid.sources[1][0], grid.fresh[1][0], grid.done], [0.5, 7, true, 1]);
    grid = takeGridLine(grid, START);
    equal([grid.values[1][0], grid.fresh[1][0], grid.done], [0.5, null, 0]);
    equal(takeGridLine(grid, { ...START, label: 'other' }).values[1][0], null);
  },
  'a circuit grows line by line': () => {
    const lines = [{ type: 'start', nodes: ['input'], dimensions: 16, budget: 64, whole: 128 }, { type: 'graph', edges: [{ from: 'input', to: 'logits', score: 1 }] },
      { type: 'faithfulness', value: 0.9, metric: 2, words: 'w' }, { type: 'random', done: 1, total: 2, value: 0.1 }, { type: 'random', done: 2, total: 2, value: 0.2 },
      { type: 'baseline', mean: 0.15, low: 0, high: 0.3 }, { type: 'end', seconds: 1 }];
    const circuit = lines.reduce(takeCircuitLine, null);
    equal([circuit.faithfulness, circuit.random, circuit.baseline.high, circuit.edges.length, circuit.dimensions, circuit.ended], [0.9, [0.1, 0.2], 0.3, 1, 16, true]);
  },
  'another example of the task keeps what was done to the model, another task does not': () => {
    const state = { ...BLANK, task: 'ioi', nodes: ['m0'], interventions: [{ on: true, point: 'hook_embed', change: 'zero', at: 'END' }], layer: 2, at: 5 };
    const example = { clean: 'c', corrupted: 'd', answer: ' x', positions: { S: 1 } };
    const same = fromExample(state, 'ioi', example);
    equal([same.nodes, same.interventions.length, same.layer, same.at, same.wrong, same.positions], [['m0'], 1, 2, -1, '', { S: 1 }]);
    equal([fromExample(state, 'other', example).nodes, fromExample(state, 'other', example).interventions], [[], []]);
  },
};
