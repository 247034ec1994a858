// Controls that several panels use: a switch of a few choices, a drop-down, a row of bars.

import { el } from './dom.js';

let count = 0;

/** A switch: one of a few choices, as radio buttons. Returns { node, show(value) }. */
export function segments(legend, choices, onChoose, id = `switch-${++count}`) {
  const inputs = choices.map(([value, text, title]) => {
    const input = el('input', { type: 'radio', name: id, value, id: `${id}-${value}`, onchange: () => onChoose(value) });
    return { input, node: el('label', { title }, input, el('span', {}, text)) };
  });
  return {
    node: el('fieldset', { class: 'segments', id }, el('legend', { class: 'unseen' }, legend), ...inputs.map(({ node }) => node)),
    show(value) { for (const { input } of inputs) input.checked = input.value === value; },
    allow(value, allowed) { const found = inputs.find(({ input }) => input.value === value); if (found) found.input.disabled = !allowed; },
  };
}

/** Fill a select with [value, text]; keeps the choice where it still is one. */
export function options(select, choices, value = select.value) {
  const old = [...select.options].map((o) => `${o.value}\n${o.text}`).join('\n');
  if (old !== choices.map((c) => c.join('\n')).join('\n')) {
    select.replaceChildren(...choices.map(([choice, text]) => el('option', { value: choice }, text)));
  }
  if ('value' in select && value !== '') select.value = value;
}

/** A bar whose length is a share of its box. */
export function meter(share, kind = '') {
  const bar = el('div', { class: `meter ${kind}` });
  bar.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
  return bar;
}

/** What stands in a panel that has nothing to show. */
export function empty(text) {
  return el('p', { class: 'empty' }, text);
}
