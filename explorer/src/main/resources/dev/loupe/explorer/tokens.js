// The exact tokens of both prompts in columns: those that differ are marked, names of positions stand
// below, a click chooses the position that is looked at.

import { align } from './align.js';
import { changes, clamp, el, say, visible } from './dom.js';

/** For each column: { clean, corrupted, at, differs, names }; at is the index that the state knows. */
export function columnsOf(view, direction) {
  const [clean, corrupted] = [view.clean ?? [], view.corrupted ?? []];
  return align(clean, corrupted).map(([i, j]) => {
    const [one, other] = [clean[i], corrupted[j]];
    const at = direction === 'corrupted' && corrupted.length ? j : i;
    return { clean: one, corrupted: other, i, j, at, differs: corrupted.length > 0 && one?.id !== other?.id, names: (one ?? other)?.names ?? [] };
  });
}

/** positions with the position called so, and no longer something else; a blank name takes names away. */
export function renamed(positions, at, name) {
  const next = Object.fromEntries(Object.entries(positions).filter(([other, place]) => place !== at && other !== name));
  if (name) next[name] = at;
  return next;
}

export function mountTokens(section, session) {
  const { store, now } = session;
  const box = section.querySelector('#tokens');
  const name = section.querySelector('#position-name');
  const called = section.querySelector('#position-text');
  const naming = section.querySelector('#naming');
  const place = () => (store.get().at < 0 ? now.view?.at ?? -1 : store.get().at);

  const differs = changes();
  function paint() {
    const view = now.view;
    const { direction, positions } = store.get();
    naming.hidden = !view;
    if (!view) { if (differs(null)) box.replaceChildren(); return; }
    if (differs(view.clean, view.corrupted, direction, Object.keys(positions).join('\n'))) build(view, direction);
    mark();
  }

  function build(view, direction) {
    seen = -1;
    const columns = columnsOf(view, direction);
    const cell = (column, token) => {
      if (!token) return el('td', { class: 'gap', 'aria-label': 'no token here' });
      return el('td', { class: column.differs ? 'differs' : '' },
        el('button', { type: 'button', class: 'token', tabindex: -1, 'data-position': column.at, disabled: column.at === null || column.at === undefined, title: `id ${token.id}, position ${column.at}` }, visible(token.text)));
    };
    const row = (title, run, tokens) => el('tr', { class: run }, el('th', { scope: 'row' }, title), ...tokens);
    const names = columns.some((column) => column.names.length);
    box.replaceChildren(el('table', { class: 'aligned' },
      el('tbody', {},
        el('tr', { class: 'numbers', 'aria-hidden': 'true' }, el('th', {}, ''), ...columns.map((c) => el('td', {}, c.at === null ? '' : String(c.at)))),
        row('clean', 'clean', columns.map((c) => cell(c, c.clean))),
        ...(view.corrupted?.length ? [row('corrupted', 'corrupted', columns.map((c) => cell(c, c.corrupted)))] : []),
        ...(names ? [el('tr', { class: 'names' }, el('th', { scope: 'row' }, 'names'), ...columns.map((c) => el('td', {}, c.names.join(' '))))] : []))));
  }

  /** Scroll the row of tokens, and nothing else, until the one looked at can be seen. */
  let seen = -1;
  function bringIntoSight(at) {
    const button = box.querySelector(`[data-position="${at}"]`);
    if (!button) return;
    seen = at;
    const [room, own] = [box.getBoundingClientRect(), button.getBoundingClientRect()];
    const titles = box.querySelector('th').offsetWidth;
    if (own.right > room.right) box.scrollLeft += own.right - room.right + 4;
    else if (own.left < room.left + titles) box.scrollLeft -= room.left + titles - own.left + 4;
  }

  function mark() {
    const at = place();
    const inside = box.contains(document.activeElement);
    for (const button of box.querySelectorAll('[data-position]')) {
      const on = Number(button.dataset.position) === at;
      button.setAttribute('aria-pressed', String(on));
      button.tabIndex = on ? 0 : -1;
    }
    if (at !== seen) requestAnimationFrame(() => bringIntoSight(at));
    if (inside) box.querySelector(`tr.${document.activeElement.closest('tr')?.className ?? 'clean'} [data-position="${at}"]`)?.focus({ preventScroll: true });
    const { positions, direction } = store.get();
    const token = (now.view?.[direction]?.length ? now.view[direction] : now.view?.clean)?.[at];
    called.textContent = token ? `${visible(token.text)} at ${at}` : `position ${at}`;
    if (document.activeElement !== name) name.value = Object.entries(positions).filter(([, p]) => p === at).map(([n]) => n).join(' ');
  }

  box.addEventListener('click', (event) => {
    const position = event.target.closest?.('[data-position]')?.dataset.position;
    if (position !== undefined) store.set({ at: Number(position) });
  });
  box.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    const last = Math.max(...[...box.querySelectorAll('[data-position]')].map((button) => Number(button.dataset.position)));
    if (!step || !Number.isFinite(last)) return;
    event.preventDefault();
    const at = clamp(place() + step, 0, last);
    store.set({ at });
    mark();
    const target = box.querySelector(`[data-position="${at}"]`);
    target?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    say(`${target?.textContent ?? ''}, position ${at}`);
  });
  name.addEventListener('change', () => store.set({ positions: renamed(store.get().positions, place(), name.value.trim()) }));
  session.on('view', paint);
  session.on('state', () => { if (now.view) { paint(); } });
}
