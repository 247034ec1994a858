// One tooltip for the page. It repeats what labels and live regions say, so screen readers skip it.

import { clamp, el } from './dom.js';

let tip = null;

/** Where a tip of a size goes: right of what must stay in sight if there is room, else above the place, else below it. */
export function placeOf(rect, { width, height }, beside, room) {
  if (beside && beside.right + 12 + width <= room) return { left: beside.right + 12, top: Math.max(4, rect.top + rect.height / 2 - height / 2) };
  const above = rect.top - height - 8;
  return { left: clamp(rect.left + rect.width / 2 - width / 2, 8, Math.max(8, room - width - 8)), top: above >= 4 ? above : rect.bottom + 8 };
}

/** Show a place, its value and, below, rows of [name, value], at a rectangle of the screen. */
export function showTip(rect, { place, value, rows = [], hint = '' }, beside = null) {
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
  const { left, top } = placeOf(rect, tip.getBoundingClientRect(), beside, document.documentElement.clientWidth);
  tip.style.transform = `translate(${Math.round(left + scrollX)}px, ${Math.round(top + scrollY)}px)`;
}

export function hideTip() {
  tip?.classList.remove('shown');
}
