import { LIGHT } from '/assets/palette.js';
import { svg } from '/assets/dom.js';
import { label, legend, pngBlob, standalone, svgText } from '/assets/svg.js';
import { equal, ok } from './check.js';

const drawing = () => standalone({ node: svg('g', {}, label(5, 5, 'x < y & "z"\u0001', { fill: LIGHT.ink })), width: 100, height: 40 }, 'A title', 'how to read it');

export const tests = {
  'a file is XML that stands alone: no style sheet, no class, light ground': () => {
    const text = svgText(drawing());
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    equal(parsed.querySelector('parsererror'), null);
    equal(parsed.documentElement.namespaceURI, 'http://www.w3.org/2000/svg');
    equal(parsed.querySelectorAll('[class], [style]').length, 0);
    equal(parsed.querySelector('rect').getAttribute('fill'), '#ffffff');
    ok(parsed.documentElement.textContent.includes('x < y & "z"\ufffd'), 'text lost');
    ok(!text.includes('var('), 'needs a style sheet');
  },
  'a PNG is twice the size of the drawing': async () => {
    const made = drawing();
    const blob = await pngBlob(made);
    equal(blob.type, 'image/png');
    const image = await createImageBitmap(blob);
    equal([image.width, image.height], [2 * made.getAttribute('width'), 2 * made.getAttribute('height')]);
  },
  'a legend tells its ends, and zero between them': () => {
    const texts = (options) => [...legend(0, 0, { stops: LIGHT.DIVERGING, ...options }, LIGHT).querySelectorAll('text')].map((t) => t.textContent);
    equal(texts({ low: -0.5, high: 0.5, signed: true }), ['−0.50', '+0.50', '0.00']);
    equal(texts({ low: 0, high: 1 }), ['0.00', '1.00']);
  },
};
