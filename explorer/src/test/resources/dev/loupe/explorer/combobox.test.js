import { combobox, starts, together } from '/assets/combobox.js';
import { el } from '/assets/dom.js';
import { equal, ok, onPage } from './check.js';

const until = async (condition) => { for (let i = 0; i < 100 && !condition(); i++) await new Promise((resolve) => { setTimeout(resolve, 10); }); ok(condition(), 'did not happen'); };

export const tests = {
  'a word is asked for with a space before it, too': () => equal([starts('Ma'), starts(' Ma'), starts('')], [[' Ma', 'Ma'], [' Ma'], [' ']]),
  'tokens found twice are offered once': () => equal(together([[{ id: 1 }, { id: 2 }], [{ id: 2 }, { id: 3 }]]).map(({ id }) => id), [1, 2, 3]),
  'typing offers tokens, arrows choose, Enter takes the token with its space': () => {
    const input = el('input', { role: 'combobox', 'aria-expanded': 'false' });
    const list = el('ul', { role: 'listbox', id: 'combo-test', hidden: true });
    const chosen = [];
    const asked = [];
    combobox(input, list, async (start) => { asked.push(start); return { tokens: start === ' M' ? [{ id: 7, text: ' Mary' }, { id: 8, text: ' Mark' }] : [] }; }, (text) => chosen.push(text));
    const press = (key) => input.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    return onPage(el('div', {}, input, list), async () => {
      input.focus();
      input.value = 'M';
      input.dispatchEvent(new Event('input'));
      await until(() => !list.hidden);
      equal([asked, input.getAttribute('aria-expanded'), list.children.length], [[' M', 'M'], 'true', 2]);
      press('ArrowDown');
      press('ArrowDown');
      equal([input.getAttribute('aria-activedescendant'), list.children[1].getAttribute('aria-selected')], ['combo-test-1', 'true']);
      press('Enter');
      equal([chosen, input.value, list.hidden], [[' Mark'], ' Mark', true]);
    });
  },
  'Escape closes the list and takes nothing': () => {
    const [input, list, chosen] = [el('input'), el('ul', { id: 'combo-test', hidden: true }), []];
    combobox(input, list, async () => ({ tokens: [{ id: 1, text: ' a' }] }), (text) => chosen.push(text));
    return onPage(el('div', {}, input, list), async () => {
      input.focus();
      input.dispatchEvent(new Event('input'));
      await until(() => !list.hidden);
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      equal([list.hidden, chosen], [true, []]);
    });
  },
};
