// The answers of the server to the state: one view at a time (the newest wins), then the grid and
// the circuit, which stream in. Panels subscribe to what they show.

import { isAbort, newest, patiently, Refused, sleep, Unreachable } from './api.js';
import { BLANK } from './state.js';
import { circuitKey, gridKey, toQuestion } from './question.js';

const POLL = 1500;
const TYPING = 220;
const CIRCUIT_REST = 250;

const VIEW_KEYS = ['clean', 'corrupted', 'answer', 'wrong', 'positions', 'metric', 'direction', 'at', 'layer', 'head', 'interventions'];

/** How values of a grid come in: rows of numbers, the old ones kept until new ones take their place. */
export function takeGridLine(grid, line) {
  if (line.type === 'start') {
    const same = grid && grid.rows === line.rows && grid.columns === line.columns && grid.label === line.label;
    const empty = () => Array.from({ length: line.rows }, () => Array(line.columns).fill(null));
    return { ...line, done: 0, values: same ? grid.values : empty(), fresh: empty(), sources: same ? grid.sources : empty(), ended: false };
  }
  if (line.type === 'cells') {
    for (const [row, column, value, source] of line.cells) {
      grid.values[row][column] = value;
      grid.fresh[row][column] = true;
      grid.sources[row][column] = source ?? null;
    }
    return { ...grid, done: line.done };
  }
  return line.type === 'end' ? { ...grid, ended: true, seconds: line.seconds } : grid;
}

/** What is known of a circuit after one more line. */
export function takeCircuitLine(circuit, line) {
  switch (line.type) {
    case 'start': return { ...line, edges: null, random: [], ended: false };
    case 'graph': return { ...circuit, edges: line.edges, scored: line.words };
    case 'faithfulness': return { ...circuit, faithfulness: line.value, metric: line.metric, words: line.words };
    case 'random': return { ...circuit, done: line.done, total: line.total, random: [...circuit.random, line.value] };
    case 'baseline': return { ...circuit, baseline: line };
    case 'end': return { ...circuit, ended: true, seconds: line.seconds };
    default: return circuit;
  }
}

export function createSession({ api, store, model, wait = sleep }) {
  const listeners = new Map();
  const now = { view: null, stale: false, grid: null, circuit: null, problem: null, gridProblem: null, circuitProblem: null, gone: false, gridRuns: false, circuitRuns: false };
  const [views, grids, circuits] = [newest(), newest(), newest()];
  let done = { grid: null, circuit: null };
  let polling = false;

  function on(what, tell) {
    if (!listeners.has(what)) listeners.set(what, new Set());
    listeners.get(what).add(tell);
  }
  const tell = (what) => { for (const each of listeners.get(what) ?? []) each(now); };
  function put(what, part) { Object.assign(now, part); tell(what); }

  /** The server is gone: ask for it until it answers, then ask for everything anew. */
  async function waitForServer() {
    if (polling) return;
    polling = true;
    views.cancel(); grids.cancel(); circuits.cancel();
    put('status', { gone: true });
    for (;;) {
      await wait(POLL);
      try {
        await api.json('model');
        break;
      } catch (error) {
        if (!(error instanceof Unreachable) && !(error instanceof Refused && error.status >= 500)) break;
      }
    }
    polling = false;
    put('status', { gone: false });
    restart();
  }

  function failed(error, report) {
    if (isAbort(error)) return;
    if (error instanceof Unreachable) waitForServer();
    else if (error instanceof Refused) report(error);
    else throw error;
  }

  /** Without a prompt there is nothing to show. */
  function clear() {
    views.cancel(); grids.cancel(); circuits.cancel();
    done = { grid: null, circuit: null };
    put('view', { view: null, stale: false, problem: null, busy: 0 });
    put('grid', { grid: null, gridRuns: false, gridProblem: null });
    put('circuit', { circuit: null, circuitRuns: false, circuitProblem: null });
  }

  function refreshView({ typing = false } = {}) {
    const state = store.get();
    if (polling || !state.clean) {
      if (!state.clean) clear();
      return;
    }
    put('stale', { stale: true });
    stopOutdated(state);
    views.start(async (signal) => {
      try {
        if (typing) await wait(TYPING, signal);
        const view = await patiently(() => api.json('view', { body: toQuestion(state), signal }),
          { signal, wait, onWait: (left) => put('status', { busy: left }) });
        put('view', { view, question: toQuestion(state), stale: false, problem: null, busy: 0 });
        refreshStreams();
      } catch (error) {
        failed(error, () => {
          // A prompt that has become shorter has no such position: its last one is looked at instead.
          if (error.field === 'at' && state.at !== BLANK.at) store.set({ at: BLANK.at }, 'start');
          else {
            put('view', { stale: false, problem: error, busy: 0 });
            put('grid', { gridRuns: false });
            put('circuit', { circuitRuns: false });
          }
        });
      }
    });
  }

  /** What streams in for another state is of no more use, and the model would be busy with it. */
  function stopOutdated(state) {
    if (done.grid !== gridKey(state)) { grids.cancel(); done.grid = null; }
    if (done.circuit !== circuitKey(state)) { circuits.cancel(); done.circuit = null; }
  }

  function refreshStreams(anew = false) {
    const state = store.get();
    if (anew || done.grid !== gridKey(state)) runGrid(state);
    if (anew || done.circuit !== circuitKey(state)) runCircuit(state);
  }

  function runGrid(state) {
    const key = gridKey(state);
    done.grid = key;
    // What is shown until the first line comes is of the state before.
    const old = now.grid && { ...now.grid, ended: false, done: 0, fresh: now.grid.values.map((row) => row.map(() => null)) };
    put('grid', { gridRuns: true, gridProblem: null, grid: old });
    grids.start(async (signal) => {
      try {
        const body = { ...toQuestion(state), grid: state.grid, change: state.change };
        await patiently(() => api.stream('grid', { body, signal }, (line) => {
          put('grid', { grid: { ...takeGridLine(now.grid, line), kind: state.grid } });
        }), { signal, wait, onWait: (left) => put('grid', { gridWaits: left }) });
        put('grid', { gridRuns: false });
      } catch (error) {
        failed(error, () => put('grid', { gridRuns: false, gridProblem: error, grid: null }));
      }
    });
  }

  function runCircuit(state) {
    done.circuit = circuitKey(state);
    circuits.cancel();
    if (!state.nodes.length) { put('circuit', { circuit: null, circuitRuns: false, circuitProblem: null }); return; }
    put('circuit', { circuitRuns: true, circuitProblem: null, circuit: now.circuit && { ...now.circuit, ended: false, old: true } });
    circuits.start(async (signal) => {
      try {
        await wait(CIRCUIT_REST, signal);
        const body = { ...toQuestion(state), nodes: state.nodes, ablation: state.ablation };
        let circuit = null;
        await patiently(() => api.stream('circuit', { body, signal }, (line) => {
          circuit = takeCircuitLine(circuit, line);
          put('circuit', { circuit });
        }), { signal, wait, onWait: (left) => put('circuit', { circuitWaits: left }) });
        put('circuit', { circuitRuns: false });
      } catch (error) {
        failed(error, () => put('circuit', { circuitRuns: false, circuitProblem: error, circuit: null }));
      }
    });
  }

  function restart() {
    done = { grid: null, circuit: null };
    refreshView();
  }

  store.subscribe((state, before, how) => {
    const differs = VIEW_KEYS.some((key) => JSON.stringify(state[key]) !== JSON.stringify(before[key]));
    tell('state');
    if (differs) refreshView({ typing: how === 'replace' });
    else if (now.view && !now.stale) refreshStreams();
  });

  return {
    now, on, model, api, store,
    start: restart,
    restart,
    cancelGrid() { grids.cancel(); put('grid', { gridRuns: false, gridWaits: 0 }); },
    cancelCircuit() { circuits.cancel(); put('circuit', { circuitRuns: false, circuitWaits: 0, circuit: now.circuit?.old ? null : now.circuit }); },
    runGrid: () => runGrid(store.get()),
    runCircuit: () => runCircuit(store.get()),
    examples: (task, seed = 0, signal) => api.json(`examples?task=${encodeURIComponent(task)}&seed=${seed}`, { signal }),
    unreachable: waitForServer,
  };
}

/** The state of an example. Of the same task, what was done to the model stays, to be seen on other prompts. */
export function fromExample(state, task, { clean, corrupted, answer, wrong, positions }) {
  const done = state.task === task ? {} : { interventions: [], nodes: [] };
  return {
    ...state, ...done, at: BLANK.at, task, clean, corrupted: corrupted ?? '', answer: answer ?? '', wrong: wrong ?? '', positions: positions ?? {},
  };
}
