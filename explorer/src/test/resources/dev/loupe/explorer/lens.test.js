import { lensTable, shadeOf, upwards } from '/assets/lens.js';
import { close, equal } from './check.js';

const LENS = { layers: ['0_pre', 'final_post'], cells: [[{ text: 'a', probability: 0.5, answer: 0.1, rank: 3 }], [{ text: 'b', probability: 0.9 }]] };

export const tests = {
  'the last layer is on top': () => equal(upwards(LENS), [1, 0]),
  'cells are shaded by the top token, the answer, or its rank': () => {
    const cell = LENS.cells[0][0];
    equal([shadeOf(cell, 'top', 512), shadeOf(cell, 'answer', 512)], [0.5, 0.1]);
    close(shadeOf({ rank: 0 }, 'rank', 512), 1);
    close(shadeOf({ rank: 511 }, 'rank', 512), 0);
    equal(shadeOf({ probability: 0.9 }, 'answer', 512), 0);
  },
  'the lens is a table': () => equal(lensTable(LENS, [' Mary']).rows, [['0_pre', 0, ' Mary', 'a', 0.5, 0.1, 3], ['final_post', 0, ' Mary', 'b', 0.9, undefined, undefined]]),
};
