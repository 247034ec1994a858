import { changes, clamp, el, fixed, percent, shorten, svg, visible } from '/assets/dom.js';
import { equal } from './check.js';

export const tests = {
  'text is text, never markup': () => {
    const node = el('p', { title: '"><b>' }, '<img src=x onerror=alert(1)>');
    equal([node.children.length, node.textContent, node.title], [0, '<img src=x onerror=alert(1)>', '"><b>']);
  },
  'attributes that are false or not there are left out, listeners listen': () => {
    let clicks = 0;
    const node = el('button', { hidden: false, disabled: true, title: undefined, onclick: () => { clicks++; } }, null, 'x');
    equal([node.hasAttribute('hidden'), node.disabled, node.hasAttribute('title'), node.childNodes.length], [false, true, false, 1]);
    el('button', { onclick: () => { clicks++; } }).click();
    equal(clicks, 1);
  },
  'drawings are SVG': () => equal(svg('rect').namespaceURI, 'http://www.w3.org/2000/svg'),
  'numbers have a true minus and never a negative zero': () =>
    equal([fixed(-1.25, 1), fixed(-0.001, 2), fixed(0.5, 2, true), fixed(0, 1, true), fixed(NaN, 2)], ['−1.3', '0.00', '+0.50', '0.0', '–']),
  'percentages have the digits that matter': () => equal([percent(0.764), percent(0.0432), percent(0.0007)], ['76 %', '4.3 %', '0.07 %']),
  'spaces at the ends and control characters can be seen': () =>
    equal([visible(' Mary'), visible('a b'), visible('\n\t'), visible(''), visible('\u202e'), visible('\u0007')], ['·Mary', 'a b', '↵→', '∅', '\\u202e', '\u2407']),
  'long texts are cut by letters, not by halves of them': () => equal(shorten('🙂🙂🙂🙂', 3), '🙂🙂…'),
  'a key is new only when it differs': () => {
    const differs = changes();
    equal([differs(1, [2]), differs(1, [2]), differs(1, [3])], [true, false, true]);
  },
  'clamp holds both ends': () => { equal([clamp(-1, 0, 2), clamp(3, 0, 2), clamp(1, 0, 2)], [0, 2, 1]); },
};
