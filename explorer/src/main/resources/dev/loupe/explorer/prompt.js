// The prompt bar: both texts, answer and wrong token, metric and direction, the task's examples, and
// what the server has to say about each, at its field.

import { isAbort, newest } from './api.js';
import { combobox } from './combobox.js';
import { options, segments } from './controls.js';
import { el, shorten, visible } from './dom.js';
import { fromExample } from './session.js';
import { mountTokens } from './tokens.js';

const FIELDS = ['clean', 'corrupted', 'answer', 'wrong'];

/** What is said at each field: { clean: [{ text, bad }] }; what belongs to no field is under ''. */
export function notesByField(view, problem, fields) {
  const notes = {};
  const add = (field, text, bad) => (notes[fields.includes(field) ? field : ''] ??= []).push({ text, bad });
  if (problem) add(problem.field, problem.message, true);
  else for (const { field, text } of view?.notes ?? []) add(field, text, false);
  return notes;
}

export function mountPrompt(section, session) {
  const { store, now, model, api } = session;
  const find = (id) => section.querySelector(`#${id}`);

  // ---- Texts: the first letter typed makes a history entry, the others change it.
  for (const field of ['clean', 'corrupted']) {
    const area = find(field);
    let typing = false;
    area.maxLength = model.limits?.characters ?? 4000;
    area.addEventListener('focus', () => { typing = false; });
    area.addEventListener('input', () => {
      fit(area);
      store.set({ [field]: area.value }, typing ? 'replace' : 'push');
      typing = true;
    });
  }
  function fit(area) {
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  // ---- Tokens
  const complete = (start, signal) => api.json('complete', { body: { start }, signal });
  for (const field of ['answer', 'wrong']) combobox(find(field), find(`${field}-list`), complete, (text) => store.set({ [field]: text }));

  // ---- Metric and direction
  const metric = find('metric');
  options(metric, model.metrics.map(({ name, label }) => [name, label]));
  metric.addEventListener('change', () => store.set({ metric: metric.value }));
  const direction = segments('The run that interventions change', [['clean', 'Clean', 'Interventions change the clean run; a patch takes values from the corrupted one'], ['corrupted', 'Corrupted', 'Interventions change the corrupted run; a patch takes values from the clean one']],
    (value) => store.set({ direction: value }), 'direction');
  find('direction-box').append(direction.node);

  // ---- Examples
  const task = find('task');
  const shelf = find('examples');
  const asking = newest();
  let [seed, shown] = [0, ''];
  options(task, model.tasks.map(({ name, title }) => [name, title]));
  const choose = (example, how) => store.set(fromExample(store.get(), task.value, example), how);

  /** Show the examples of the task; the first of them is taken where asked for. */
  function load(take = '') {
    shown = task.value;
    return asking.start(async (signal) => {
      try {
        const { examples } = await session.examples(task.value, seed, signal);
        note('task', []);
        shelf.replaceChildren(...examples.map((example, i) => el('li', {},
          el('button', { type: 'button', class: 'tool', 'data-example': i, title: example.clean, 'aria-label': `Example ${i + 1}: ${example.clean}`, onclick: () => choose(example) }, String(i + 1)))));
        mark(examples);
        if (take && examples.length) choose(examples[0], take);
        return true;
      } catch (error) {
        if (isAbort(error)) return true;
        shelf.replaceChildren();
        note('task', [{ text: error.message, bad: true }]);
        return false;
      }
    });
  }
  let known = [];
  function mark(examples = known) {
    known = examples;
    const { clean, corrupted } = store.get();
    [...shelf.querySelectorAll('[data-example]')].forEach((button, i) =>
      button.setAttribute('aria-pressed', String(known[i]?.clean === clean && (known[i]?.corrupted ?? '') === corrupted)));
  }
  task.addEventListener('change', () => { seed = 0; load('push'); });
  find('examples-other').addEventListener('click', () => { seed++; load('push'); });
  find('swap').addEventListener('click', () => {
    const { clean, corrupted, answer, wrong } = store.get();
    store.set({ clean: corrupted, corrupted: clean, answer: wrong, wrong: answer });
  });
  find('forget-names').addEventListener('click', () => store.set({ positions: {} }));

  // ---- What is said at the fields
  function note(field, notes) {
    const box = find(`${field}-note`);
    box.replaceChildren(...notes.map(({ text, bad }) => el('span', { class: bad ? 'problem' : '' }, text)));
    const input = find(field);
    if (!input) return;
    input.setAttribute('aria-invalid', String(notes.some(({ bad }) => bad)));
  }
  function paintNotes() {
    const notes = notesByField(now.view, now.problem, [...FIELDS, 'positions', 'task', 'metric']);
    for (const field of [...FIELDS, 'metric']) {
      const own = notes[field] ?? [];
      const token = now.view?.[field];
      const isToken = ['answer', 'wrong'].includes(field) && token && !own.length && store.get()[field];
      note(field, isToken ? [{ text: `token ${shorten(visible(token.text), 16)}, id ${token.id}`, bad: false }] : own);
    }
    note('positions', notes.positions ?? []);
    find('forget-names').hidden = !notes.positions?.length;
    note('general', notes[''] ?? []);
  }

  function paint() {
    const state = store.get();
    for (const field of FIELDS) {
      const input = find(field);
      if (input.value !== state[field]) {
        input.value = state[field];
        if (input.tagName === 'TEXTAREA') fit(input);
      }
    }
    metric.value = state.metric;
    direction.show(state.direction);
    if (state.task && state.task !== task.value && model.tasks.some(({ name }) => name === state.task)) task.value = state.task;
    if (task.value && task.value !== shown) load();
    mark();
  }

  mountTokens(section, session);
  session.on('state', paint);
  session.on('view', paintNotes);
  addEventListener('resize', () => ['clean', 'corrupted'].forEach((id) => fit(find(id))));

  return {
    paint,
    /** The first example of the first task that this model can do. */
    async begin() {
      for (const { name } of model.tasks) {
        task.value = name;
        if (await load('start')) return;
      }
    },
  };
}
