// One tooltip and one live region for the page, and the picker that charts share: hover shows a
// cell, click locks it, arrow keys move, Escape lets go.

const tip = el('div', { class: 'tip' });
const live = el('div', { class: 'unseen', 'aria-live': 'polite' });

let tipOwner = null;

function showTip(owner, rect, { place, value, locked }) {
  tipOwner = owner;
  tip.replaceChildren(
    el('div', { class: 'place' }, place),
    el('div', { class: 'value' }, value),
    el('div', { class: 'hint' }, locked ? 'locked: Esc lets go' : 'click to lock'));
  tip.className = locked ? 'tip shown locked' : 'tip shown';
  const box = tip.getBoundingClientRect();
  const left = clamp(rect.left + rect.width / 2 - box.width / 2, 8, document.documentElement.clientWidth - box.width - 8);
  const above = rect.top - box.height - 8;
  const top = above >= 4 ? above : rect.bottom + 8;
  tip.style.transform = `translate(${Math.round(left + scrollX)}px, ${Math.round(top + scrollY)}px)`;
}

function hideTip(owner) {
  if (tipOwner === owner) tip.className = 'tip';
}

/**
 * Make a surface explorable.
 *
 * size: () => [rows, columns]; hit: (event) => [row, column] or null; rect: (row, column) => place
 * on screen; describe: (row, column) => { place, value }; mark: (cell or null, locked) => void.
 * start: () => the cell that the keyboard begins with.
 */
function picker(surface, { size, hit, rect, describe, mark, start }) {
  let cell = null;
  let locked = false;

  function select(next, byKey = false) {
    cell = next;
    mark(cell, locked);
    if (!cell) {
      hideTip(surface);
      return;
    }
    const text = describe(...cell);
    showTip(surface, rect(...cell), { ...text, locked });
    if (byKey) live.textContent = `${text.place}: ${text.value}${locked ? ', locked' : ''}`;
  }

  function release() {
    locked = false;
    select(null);
  }

  surface.addEventListener('pointermove', (event) => { if (!locked) select(hit(event)); });
  surface.addEventListener('pointerleave', () => { if (!locked) select(null); });
  surface.addEventListener('click', (event) => {
    const next = hit(event);
    const again = locked && next && cell && next.join() === cell.join();
    locked = Boolean(next) && !again;
    select(next);
  });
  surface.addEventListener('focus', () => {
    if (!cell && surface.matches(':focus-visible')) select(start(), true);
  });
  surface.addEventListener('blur', () => { if (!locked) select(null); });
  document.addEventListener('pointerdown', (event) => {
    if (locked && !surface.contains(event.target)) release();
  });
  surface.addEventListener('keydown', (event) => {
    const [rows, columns] = size();
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      Home: [0, -columns], End: [0, columns], PageUp: [-rows, 0], PageDown: [rows, 0],
    };
    if (event.key === 'Escape') {
      release();
    } else if (event.key === 'Enter' || event.key === ' ') {
      locked = !locked;
      select(cell ?? start(), true);
    } else if (event.key in moves) {
      const [row, column] = cell ?? start();
      const [down, right] = moves[event.key];
      select([clamp(row + down, 0, rows - 1), clamp(column + right, 0, columns - 1)], true);
    } else {
      return;
    }
    event.preventDefault();
  });

  return {
    /** Mark the cell again on a chart that was drawn anew. */
    refresh() { mark(cell, locked); if (cell) showTip(surface, rect(...cell), { ...describe(...cell), locked }); },
    release,
  };
}
