// A text field for one token, with the vocabulary's completions below it.

import { isAbort, newest, sleep } from './api.js';
import { el, say, visible } from './dom.js';

const REST = 90;
const MOST = 12;

/** What to ask completions of: tokens of a word begin with a space, so a word typed without one means both. */
export function starts(text) {
  return text === '' || /^\s/.test(text) ? [text || ' '] : [` ${text}`, text];
}

/** Answers one after the other, each token once. */
export function together(lists) {
  const seen = new Set();
  return lists.flat().filter(({ id }) => !seen.has(id) && seen.add(id)).slice(0, MOST);
}

/** Turn an input and a list (ARIA combobox pattern) into a token field; complete(start, signal) asks, choose(text) hears. */
export function combobox(input, list, complete, choose) {
  const asking = newest();
  let found = [];
  let active = -1;

  function close() {
    asking.cancel();
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }
  function take(token) {
    input.value = token.text;
    close();
    choose(token.text);
  }
  function move(to) {
    active = (to + found.length) % found.length;
    [...list.children].forEach((item, i) => item.setAttribute('aria-selected', String(i === active)));
    const item = list.children[active];
    input.setAttribute('aria-activedescendant', item.id);
    item.scrollIntoView({ block: 'nearest' });
  }
  function open(tokens) {
    found = tokens;
    active = -1;
    list.replaceChildren(...tokens.map((token, i) => {
      const item = el('li', { role: 'option', id: `${list.id}-${i}`, 'aria-selected': 'false', 'data-token': token.text }, el('span', { class: 'mono' }, visible(token.text)), el('span', { class: 'id' }, String(token.id)));
      item.addEventListener('pointerdown', (event) => { event.preventDefault(); take(token); });
      return item;
    }));
    list.hidden = tokens.length === 0;
    input.setAttribute('aria-expanded', String(tokens.length > 0));
    say(tokens.length ? `${tokens.length} tokens` : 'no token begins so');
  }
  function ask() {
    asking.start(async (signal) => {
      try {
        await sleep(REST, signal);
        const answers = await Promise.all(starts(input.value).map((start) => complete(start, signal)));
        if (document.activeElement === input) open(together(answers.map(({ tokens }) => tokens)));
      } catch (error) {
        // Completion is a help: without it the text is still asked about, which tells what is wrong.
        if (!isAbort(error)) close();
      }
    });
  }

  input.addEventListener('input', () => {
    // What no longer fits goes at once: nothing else may be taken while the answer is on its way.
    if (!list.hidden) open(found.filter(({ text }) => starts(input.value).some((start) => text.startsWith(start))));
    ask();
  });
  input.addEventListener('blur', () => { if (!list.hidden) close(); });
  input.addEventListener('change', () => choose(input.value));
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' && list.hidden) ask();
    else if (event.key === 'ArrowDown' && found.length) move(active + 1);
    else if (event.key === 'ArrowUp' && !list.hidden && found.length) move(active < 0 ? found.length - 1 : active - 1);
    else if (event.key === 'Enter' && !list.hidden && active >= 0) take(found[active]);
    else if (event.key === 'Enter') { close(); choose(input.value); }
    else if (event.key === 'Escape' && !list.hidden) close();
    else return;
    event.preventDefault();
  });
  return { close };
}
