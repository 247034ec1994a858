// One tooltip for the page. It repeats what labels and live regions say, so screen readers skip it.

import { clamp, el } from './dom.js';

let tip = null;

/** Show a place, its value and, below, rows of [name, value], beside a rectangle of the screen. */
export function showTip(rect, { place, value, rows = [], hint = '' }) {
  if (!tip) {
    tip = el('div', { class: 'tip', 'aria-hidden': 'true' });
    document.body.append(tip);
  }
  tip.replaceChildren(
    el('div', { class: 'place' }, place),
    el('div', { class: 'value' }, value),
    el('dl', {}, ...rows.flatMap(([name, number]) => [el('dt', {}, name), el('dd', {}, number)])),
    hint ? el('div', { class: 'hint' }, hint) : '');
  tip.classList.add('shown');
  const box = tip.getBoundingClientRect();
  const left = clamp(rect.left + rect.width / 2 - box.width / 2, 8, document.documentElement.clientWidth - box.width - 8);
  const above = rect.top - box.height - 8;
  const top = above >= 4 ? above : rect.bottom + 8;
  tip.style.transform = `translate(${Math.round(left + scrollX)}px, ${Math.round(top + scrollY)}px)`;
}

export function hideTip() {
  tip?.classList.remove('shown');
}
