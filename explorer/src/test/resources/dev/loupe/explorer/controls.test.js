import { el } from '/assets/dom.js';
import { meter, options, segments } from '/assets/controls.js';
import { equal, onPage } from './check.js';

export const tests = {
  'a switch shows its value and tells of choices, not of being shown': () => {
    const heard = [];
    const { node, show, allow } = segments('Kind', [['a', 'A'], ['b', 'B']], (value) => heard.push(value), 'switch-test');
    return onPage(node, () => {
      show('b');
      equal([node.querySelector(':checked').value, heard], ['b', []]);
      node.querySelector('#switch-test-a').click();
      equal(heard, ['a']);
      allow('b', false);
      equal(node.querySelector('#switch-test-b').disabled, true);
    });
  },
  'a drop-down keeps its choice when its choices change': () => {
    const select = el('select');
    options(select, [['x', 'X'], ['y', 'Y']]);
    equal(select.value, 'x');
    select.value = 'y';
    options(select, [['y', 'Y'], ['z', 'Z']]);
    equal([select.value, select.options.length], ['y', 2]);
  },
  'a bar is as long as its share, never longer than its box': () => equal([meter(0.25), meter(7), meter(-1)].map((bar) => bar.style.width), ['25%', '100%', '0%']),
};
