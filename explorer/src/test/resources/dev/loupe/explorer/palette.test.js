import { colour, contrast, DARK, inkOn, LIGHT } from '/assets/palette.js';
import { close, equal, ok } from './check.js';

export const tests = {
  'the ends and the middle of a scale are its own colours': () => {
    equal([colour(LIGHT.DIVERGING, -1, -1, 1), colour(LIGHT.DIVERGING, 0, -1, 1), colour(LIGHT.DIVERGING, 1, -1, 1)], ['#7a1023', '#f3f3f3', '#0d3a73']);
    equal([colour(LIGHT.SEQUENTIAL, -5, 0, 1), colour(LIGHT.SEQUENTIAL, 5, 0, 1)], ['#f7f8ef', '#16285c']);
  },
  'a scale without extent has a colour': () => equal(colour(LIGHT.SEQUENTIAL, 1, 1, 1), '#f7f8ef'),
  'contrast is that of WCAG': () => { close(contrast('#000000', '#ffffff'), 21); close(contrast('#123456', '#123456'), 1); },
  'numbers can be read on every cell of both themes': () => {
    for (const palette of [LIGHT, DARK]) for (const stops of [palette.DIVERGING, palette.SEQUENTIAL]) {
      for (let i = 0; i <= 200; i++) {
        const ground = colour(stops, i, 0, 200);
        ok(contrast(ground, inkOn(ground)) >= 4.5, `${ground}: ${contrast(ground, inkOn(ground))}`);
      }
    }
  },
  'text and series stand out from the ground': () => {
    for (const { ground, ink, muted, series } of [LIGHT, DARK]) for (const text of [ink, muted, ...Object.values(series)]) ok(contrast(text, ground) >= 4.5, `${text} on ${ground}`);
  },
};
