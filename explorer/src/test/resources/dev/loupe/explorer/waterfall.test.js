import { LIGHT } from '/assets/palette.js';
import { drawWaterfall, steps } from '/assets/waterfall.js';
import { close, equal, ok } from './check.js';

const PARTS = [{ name: 'embed', value: 1 }, { name: 'attn 0', value: -3 }, { name: 'mlp 0', value: 0.5 }];

export const tests = {
  'each bar begins where the one before ended': () => {
    const bars = steps(PARTS);
    for (let i = 1; i < bars.length; i++) close(bars[i].from, bars[i - 1].to);
    close(bars.at(-1).to, -1.5);
  },
  'bars below zero stay inside the drawing, the total ends where they do': () => {
    const { node, width } = drawWaterfall({ parts: PARTS, total: -1.5, target: 't' }, 300, LIGHT);
    const bars = [...node.querySelectorAll('rect:not([data-layer])')].map((rect) => ['x', 'width'].map((name) => Number(rect.getAttribute(name))));
    equal(bars.length, 4);
    for (const [x, wide] of bars) ok(x >= 0 && x + wide <= width, `${x} ${wide}`);
    // The third bar goes from -2 to -1.5, the total from 0 to -1.5: the end of one is the start of the other.
    ok(Math.abs(bars[2][0] + bars[2][1] - bars[3][0]) < 1e-6, `${bars[2]} ${bars[3]}`);
    const colours = [...node.querySelectorAll('rect:not([data-layer])')].map((rect) => rect.getAttribute('fill'));
    equal(colours, [LIGHT.positive, LIGHT.negative, LIGHT.positive, LIGHT.muted]);
  },
  'parts of a layer can be clicked, others not': () => {
    const { node } = drawWaterfall({ parts: PARTS, total: -1.5, target: 't' }, 300, LIGHT);
    equal([...node.querySelectorAll('[data-layer]')].map((rect) => rect.dataset.layer), ['0', '0']);
  },
};
