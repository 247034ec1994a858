// The list of interventions: what is changed where, each to be switched on and off, edited and removed.

import { options } from './controls.js';
import { el, say } from './dom.js';
import { fullPoint, hasHeads, headsOf, layerOf, shortPoint, zPoint } from './question.js';

export const CHANGES = [['zero', 'zero'], ['patch', 'patch'], ['scale', 'scale by'], ['mean', 'mean'], ['freeze', 'freeze']];

/** The intervention with one field changed, and what then has no meaning left out. */
export function edited(intervention, field, value) {
  const next = { ...intervention };
  if (field === 'layer') next.point = fullPoint(shortPoint(next.point), Number(value));
  else if (field === 'kind') next.point = fullPoint(value, layerOf(next.point) ?? 0);
  else if (field === 'head') { if (value === '') delete next.head; else next.head = Number(value); }
  else if (field === 'at') next.at = readAt(value);
  else if (field === 'change') {
    next.change = value;
    delete next.factor;
    delete next.over;
    if (value === 'scale') next.factor = intervention.factor ?? 2;
    if (value === 'mean') next.over = 'everything';
  } else if (field === 'factor') next.factor = Number(value);
  else next[field] = value;
  if (!hasHeads(next.point)) delete next.head;
  return next;
}

/** A position as it is written: a number, all, a range, or a name. */
export function readAt(text) {
  const trimmed = text.trim();
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : trimmed || 'all';
}

export function inWords({ point, head, at, change, factor }) {
  const layer = layerOf(point);
  const where = head !== undefined ? `L${layer}H${head} ${shortPoint(point)}` : `${shortPoint(point)}${layer === null ? '' : ` of layer ${layer}`}`;
  return `${where} at ${at}: ${change}${factor === undefined ? '' : ` ${factor}`}`;
}

export function mountInterventions(section, session) {
  const { store, model } = session;
  const find = (id) => section.querySelector(`#${id}`);
  const list = find('intervention-list');
  const kinds = model.points.map((name) => shortPoint(fullPoint(name, 0)));

  const all = () => store.get().interventions;
  const put = (index, next) => store.set({ interventions: all().map((old, i) => (i === index ? next : old)) });
  const remove = (index) => {
    say(`Removed ${inWords(all()[index])}`);
    store.set({ interventions: all().filter((_, i) => i !== index) });
  };
  find('intervention-add').addEventListener('click', () => {
    const { layer, head } = store.get();
    store.set({ interventions: [...all(), { on: true, point: zPoint(layer), head, at: 'END', change: 'zero' }] });
    list.lastElementChild?.querySelector('select').focus();
  });
  find('interventions-off').addEventListener('click', () => {
    const on = all().some((i) => i.on);
    store.set({ interventions: all().map((i) => ({ ...i, on: !on })) });
    say(on ? 'All interventions are off' : 'All interventions are on');
  });
  find('interventions-clear').addEventListener('click', () => store.set({ interventions: [] }));

  function select(name, field, choices, value, index) {
    const node = el('select', { 'aria-label': name, 'data-field': field, onchange: () => put(index, edited(all()[index], field, node.value)) });
    options(node, choices);
    node.value = String(value);
    if (node.selectedIndex < 0) { node.append(el('option', { value }, String(value))); node.value = value; }
    return node;
  }

  function row(intervention, index) {
    const { on, point, head, at, change, factor } = intervention;
    const layer = layerOf(point);
    const number = index + 1;
    const input = (field, name, value, more) => {
      const node = el('input', { 'aria-label': name, 'data-field': field, value, ...more, onchange: () => put(index, edited(all()[index], field, node.value)) });
      return node;
    };
    return el('li', { class: on ? '' : 'off', 'data-intervention': index },
      el('input', { type: 'checkbox', checked: on, 'data-field': 'on', 'aria-label': `Intervention ${number} on: ${inWords(intervention)}`, onchange: (event) => put(index, { ...intervention, on: event.target.checked }) }),
      el('div', { class: 'fields' },
        layer === null ? null : select(`Layer of intervention ${number}`, 'layer', Array.from({ length: model.layers }, (_, i) => [String(i), `L${i}`]), layer, index),
        hasHeads(point) ? select(`Head of intervention ${number}`, 'head', [['', 'all heads'], ...Array.from({ length: headsOf(point, model) }, (_, i) => [String(i), `H${i}`])], head ?? '', index) : null,
        select(`Point of intervention ${number}`, 'kind', kinds.map((k) => [k, k]), shortPoint(point), index),
        el('span', { class: 'word' }, 'at ', input('at', `Positions of intervention ${number}: all, END, a name, a number or a range such as 2..5`, String(at), { list: 'at-choices', size: 5, class: 'at' })),
        select(`Change of intervention ${number}`, 'change', CHANGES, change, index),
        change === 'scale' ? input('factor', `Factor of intervention ${number}`, factor ?? 1, { type: 'number', step: 'any', class: 'factor' }) : null),
      el('button', { type: 'button', class: 'remove', 'aria-label': `Remove intervention ${number}: ${inWords(intervention)}`, onclick: () => remove(index) }, '×'));
  }

  // Rows that are as they were stay: their many options take longest to build.
  let rows = new Map();
  let shown = '';
  function paint() {
    const state = store.get();
    const key = JSON.stringify([state.interventions, Object.keys(state.positions)]);
    if (key === shown) return;
    shown = key;
    const focused = document.activeElement?.closest?.('[data-intervention]');
    const back = focused && { index: Number(focused.dataset.intervention), field: document.activeElement.dataset.field };
    const keys = state.interventions.map((intervention, index) => `${index} ${JSON.stringify(intervention)}`);
    const items = state.interventions.map((intervention, index) => rows.get(keys[index]) ?? row(intervention, index));
    rows = new Map(keys.map((k, index) => [k, items[index]]));
    items.forEach((item, index) => { if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null); });
    while (list.children.length > items.length) list.lastElementChild.remove();
    options(find('at-choices'), ['all', 'END', ...Object.keys(state.positions)].map((name) => [name, name]));
    const on = state.interventions.filter((i) => i.on).length;
    section.querySelector('.subject').textContent = state.interventions.length ? `${on} of ${state.interventions.length} on` : '';
    find('interventions-off').textContent = on ? 'All off' : 'All on';
    find('interventions-off').hidden = find('interventions-clear').hidden = !state.interventions.length;
    find('interventions-empty').hidden = state.interventions.length > 0;
    if (back && !list.contains(focused)) {
      const item = list.children[Math.min(back.index, list.children.length - 1)];
      (item?.querySelector(`[data-field="${back.field}"]`) ?? item?.querySelector('.remove') ?? find('intervention-add')).focus();
    }
  }
  session.on('state', paint);
  paint();
}
