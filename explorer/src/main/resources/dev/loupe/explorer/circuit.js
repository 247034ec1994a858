// The circuit so far: its graph, its faithfulness against random circuits, its size against the write budget.

import { drawCircuit, drawFaithfulness } from './circuit-draw.js';
import { layoutCircuit, nodeOf } from './circuit-layout.js';
import { empty, meter, options, segments } from './controls.js';
import { changes, clamp, el, fixed, say, svg, widthOf } from './dom.js';
import { offer, tell } from './export.js';
import { LIGHT, onThemeChange, theme } from './palette.js';
import { headNode, toggleNode, toQuestion } from './question.js';

const whole = (number) => number.toLocaleString('en-US');

/** The circuit's nodes with the ends, which the server counts in by itself. */
export const withEnds = (nodes) => ['input', ...nodes.filter((id) => id !== 'input' && id !== 'logits'), 'logits'];

export function circuitTable(edges) {
  return { columns: ['from', 'to', 'score'], rows: edges.map(({ from, to, score }) => [from, to, score]) };
}

/** { share, budgetShare, over } of the bar of complexity. */
export function complexity({ dimensions, budget, whole: all }) {
  return { share: dimensions / all, budgetShare: budget / all, over: dimensions > budget };
}

export function mountCircuit(section, session) {
  const { store, now, model, api } = session;
  const find = (id) => section.querySelector(`#${id}`);
  const stage = section.querySelector('.stage');
  // A wide graph scrolls, with the arrow keys, too.
  for (const [name, value] of [['tabindex', 0], ['role', 'group'], ['aria-label', 'Graph of the circuit']]) stage.setAttribute(name, value);
  const facts = find('circuit-facts');
  const ablations = segments('Outside the circuit', [['counterfactual', 'Counterfactual', 'Everything outside takes its values from the corrupted run'], ['zero', 'Zero', 'Everything outside is 0']],
    (ablation) => store.set({ ablation }), 'circuit-ablation');
  section.querySelector('.switch').append(ablations.node);
  options(find('circuit-mlp'), Array.from({ length: model.layers }, (_, i) => [`m${i}`, `MLP ${i}`]));

  const toggle = (id) => {
    const nodes = toggleNode(store.get().nodes, id);
    store.set({ nodes });
    say(`${nodeOf(id).label} ${nodes.includes(id) ? 'added to' : 'removed from'} the circuit`);
  };
  function choose(id) {
    const { kind, layer, head } = nodeOf(id);
    if (kind === 'head') store.set({ layer, head });
  }
  find('circuit-add').addEventListener('click', () => toggle(headNode(store.get().layer, store.get().head)));
  find('circuit-add-mlp').addEventListener('click', () => toggle(find('circuit-mlp').value));
  find('circuit-clear').addEventListener('click', () => store.set({ nodes: [] }));
  find('circuit-cancel').addEventListener('click', session.cancelCircuit);
  find('circuit-again').addEventListener('click', session.runCircuit);
  const suggest = find('circuit-suggest');
  suggest.addEventListener('click', async () => {
    suggest.disabled = true;
    suggest.textContent = 'Suggesting …';
    try {
      const { nodes, words } = await api.json('suggest', { body: toQuestion(store.get()) });
      store.set({ nodes: nodes.filter((id) => id !== 'input' && id !== 'logits') });
      if (words) tell(words);
    } catch (error) {
      tell(error.message, true);
    }
    suggest.disabled = false;
    suggest.textContent = 'Suggest';
  });
  stage.addEventListener('click', (event) => {
    const id = event.target.closest?.('[data-node]')?.dataset.node;
    if (!id) return;
    if (event.shiftKey) { if (store.get().nodes.includes(id)) toggle(id); } else choose(id);
  });

  const chips = find('circuit-nodes');
  function paintChips({ nodes, layer, head }) {
    const focused = document.activeElement?.closest?.('#circuit-nodes li')?.dataset.id;
    chips.replaceChildren(...nodes.map((id) => {
      const { label, kind } = nodeOf(id);
      const current = id === headNode(layer, head);
      return el('li', { 'data-id': id, class: current ? 'current' : '' },
        kind === 'head' ? el('button', { type: 'button', class: 'name', 'aria-current': current ? 'true' : undefined, onclick: () => choose(id) }, label) : el('span', { class: 'name' }, label),
        el('button', { type: 'button', class: 'remove', 'aria-label': `Remove ${label} from the circuit`, onclick: () => toggle(id) }, '×'));
    }));
    if (focused) (chips.querySelector(`[data-id="${CSS.escape(focused)}"] button`) ?? chips.querySelector('button') ?? find('circuit-add')).focus();
  }

  function fact(name, value, ...more) {
    return el('div', {}, el('dt', {}, name), el('dd', { class: 'figure' }, value), ...more.map((m) => el('dd', {}, m)));
  }
  function paintFacts() {
    const { circuit } = now;
    if (!circuit) { facts.replaceChildren(); return; }
    facts.classList.toggle('old', Boolean(circuit.old));
    const { faithfulness, baseline, random, done, total } = circuit;
    const { share, budgetShare, over } = complexity(circuit);
    const bar = el('div', { class: 'budget', role: 'img', 'aria-label': `${whole(circuit.dimensions)} dimensions of a budget of ${whole(circuit.budget)}` }, meter(share, over ? 'negative' : 'positive'), el('i', { class: 'limit' }));
    bar.querySelector('.limit').style.left = `${clamp(100 * budgetShare, 0, 100)}%`;
    const strip = Number.isFinite(faithfulness) ? drawFaithfulness(circuit, clamp(factsWidth(), 180, 320), theme()) : null;
    facts.replaceChildren(
      fact('Faithfulness', Number.isFinite(faithfulness) ? fixed(faithfulness, 2) : '…', circuit.words ?? '',
        strip ? svg('svg', { width: strip.width, height: strip.height, role: 'img', 'aria-label': `Faithfulness ${fixed(faithfulness, 2)} among ${random.length} random circuits` }, strip.node) : null),
      fact('Random circuits of this size', baseline ? fixed(baseline.mean, 2) : random.length ? '…' : '–',
        baseline ? `95 % between ${fixed(baseline.low, 2)} and ${fixed(baseline.high, 2)}` : done ? `${done} of ${total}` : ''),
      fact('Complexity', whole(circuit.dimensions), bar, `${over ? 'over' : 'within'} the write budget of ${whole(circuit.budget)}; the whole model writes ${whole(circuit.whole)}`,
        model.budget?.words ? el('span', { class: 'small' }, model.budget.words) : null),
      fact('Edges', '', el('span', { class: 'small' }, `${circuit.scored ? `${circuit.scored}. ` : ''}The circuit is one of the model as it is: interventions play no part in it.`)));
  }

  function drawing(width, colours) {
    const edges = now.circuit?.edges ?? [];
    return drawCircuit(layoutCircuit(withEnds(store.get().nodes), edges, { width, parallel: model.parallel }), edges, colours);
  }

  const stageWidth = widthOf(stage, () => ask());
  const factsWidth = widthOf(facts, () => ask());
  const [differs, redrawn] = [changes(), changes()];
  let ran = false;
  function paint(force) {
    const state = store.get();
    const { circuit, circuitRuns, circuitProblem, circuitWaits } = now;
    if (!differs(circuit, circuitRuns, circuitProblem?.message, circuitWaits, state.nodes, state.ablation, state.layer, state.head, stageWidth(), factsWidth()) && force !== true) return;
    ablations.show(state.ablation);
    paintChips(state);
    paintFacts();
    const own = headNode(state.layer, state.head);
    find('circuit-add').textContent = `${state.nodes.includes(own) ? 'Remove' : 'Add'} L${state.layer}H${state.head}`;
    section.dataset.run = now.circuitRuns ? 'running' : now.circuitProblem ? 'failed' : now.circuit?.ended ? 'done' : 'idle';
    const cancelled = !now.circuitRuns && !now.circuit?.ended && state.nodes.length > 0;
    find('circuit-cancel').hidden = !now.circuitRuns;
    find('circuit-again').hidden = !cancelled;
    find('circuit-clear').hidden = state.nodes.length === 0;
    const status = find('circuit-status');
    status.textContent = now.circuitWaits ? `busy: trying again in ${now.circuitWaits} s`
      : now.circuitProblem ? now.circuitProblem.message
        : now.circuitRuns ? (now.circuit?.total && !now.circuit.old ? `random circuit ${now.circuit.done} of ${now.circuit.total}` : 'evaluating …')
          : now.circuit?.ended ? `evaluated in ${fixed(now.circuit.seconds, 1)} s` : cancelled ? 'cancelled' : '';
    status.classList.toggle('problem', Boolean(now.circuitProblem));
    if (ran && !now.circuitRuns && now.circuit?.ended) say(`Circuit evaluated: faithfulness ${fixed(now.circuit.faithfulness, 2)}`);
    ran = now.circuitRuns;
    if (!state.nodes.length) {
      stage.replaceChildren(empty('No heads yet. Press c on a head in the grid, add the selected head here, or let attribution suggest a circuit within the write budget.'));
      return;
    }
    const edges = now.circuit?.edges ?? [];
    if (redrawn(edges, state.nodes, stageWidth()) || force === true || !stage.querySelector('svg')) {
      const drawn = drawing(stageWidth(), theme());
      stage.replaceChildren(svg('svg', { width: drawn.width, height: drawn.height, role: 'img', class: 'graph',
        'aria-label': `Circuit of ${state.nodes.length} nodes and ${edges.length} edges` }, drawn.node));
    }
    for (const node of stage.querySelectorAll('[data-node]')) node.classList.toggle('chosen', node.dataset.node === own);
  }
  let asked = false;
  function ask() { if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; paint(); }); } }
  session.on('circuit', ask);
  session.on('state', ask);
  onThemeChange(() => paint(true));
  offer(section, 'circuit', () => store.get().nodes.length > 0 && {
    title: 'Circuit', words: Number.isFinite(now.circuit?.faithfulness) ? `faithfulness ${fixed(now.circuit.faithfulness, 2)}; ${now.circuit.words ?? ''}` : '',
    drawing: () => drawing(640, LIGHT), table: circuitTable(now.circuit?.edges ?? []), json: { nodes: store.get().nodes, ...now.circuit },
  });
  paint();
}
