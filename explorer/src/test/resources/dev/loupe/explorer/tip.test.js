import { hideTip, placeOf, showTip } from '/assets/tip.js';
import { equal, ok } from './check.js';

const SIZE = { width: 200, height: 60 };
const rect = (left, top) => new DOMRect(left, top, 30, 30);

export const tests = {
  'a tip stands right of a grid, so that its cells stay in sight': () => equal(placeOf(rect(50, 100), SIZE, new DOMRect(0, 0, 300, 300), 1000), { left: 312, top: 85 }),
  'where there is no room it stands above, where there is none above, below': () => {
    equal(placeOf(rect(50, 100), SIZE, new DOMRect(0, 0, 300, 300), 400), { left: 8, top: 32 });
    equal(placeOf(rect(500, 20), SIZE, null, 1000), { left: 415, top: 58 });
  },
  'it never leaves the screen to the right': () => ok(placeOf(rect(980, 200), SIZE, null, 1000).left + SIZE.width <= 1000, 'outside'),
  'it shows text as text, and hides': () => {
    showTip(rect(10, 100), { place: '<i>', value: 'v', rows: [['name', '1']] });
    const tip = document.querySelector('.tip');
    equal([tip.querySelector('.place').textContent, tip.querySelector('dd').textContent, tip.classList.contains('shown')], ['<i>', '1', true]);
    hideTip();
    equal(tip.classList.contains('shown'), false);
  },
};
