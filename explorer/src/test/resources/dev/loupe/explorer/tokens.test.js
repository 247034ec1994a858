import { columnsOf, renamed } from '/assets/tokens.js';
import { equal } from './check.js';

const prompt = (text) => text.split(' ').map((id) => ({ id, text: id }));

export const tests = {
  'columns tell which tokens differ': () =>
    equal(columnsOf({ clean: prompt('a b c'), corrupted: prompt('a x c') }, 'clean').map(({ differs, at }) => [differs, at]), [[false, 0], [true, 1], [false, 2]]),
  'without a corrupted prompt nothing differs': () => equal(columnsOf({ clean: prompt('a b') }, 'clean').map(({ differs }) => differs), [false, false]),
  'where lengths differ the position is that of the run looked at': () => {
    const view = { clean: prompt('a b c'), corrupted: prompt('a c') };
    equal(columnsOf(view, 'clean').map(({ at }) => at), [0, 1, 2]);
    equal(columnsOf(view, 'corrupted').map(({ at }) => at), [0, null, 1]);
  },
  'a name belongs to one position, a position has one name': () => {
    equal(renamed({ IO: 2, S1: 4 }, 4, 'IO'), { IO: 4 });
    equal(renamed({ IO: 2, S1: 4 }, 5, 'S2'), { IO: 2, S1: 4, S2: 5 });
    equal(renamed({ IO: 2, S1: 4 }, 2, ''), { S1: 4 });
  },
};
