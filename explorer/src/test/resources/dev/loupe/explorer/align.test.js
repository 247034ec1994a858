import { align } from '/assets/align.js';
import { equal } from './check.js';

const tokens = (text) => text.split(' ').filter(Boolean).map((id) => ({ id }));

export const tests = {
  'prompts of one length stand token by token, even where a shift would fit better': () =>
    equal(align(tokens('a b c d'), tokens('x a b c')), [[0, 0], [1, 1], [2, 2], [3, 3]]),
  'a token more leaves one gap': () =>
    equal(align(tokens('a b c d'), tokens('a c d')), [[0, 0], [1, null], [2, 1], [3, 2]]),
  'a token more in the other leaves the gap here': () =>
    equal(align(tokens('a d'), tokens('a b c d')), [[0, 0], [null, 1], [null, 2], [1, 3]]),
  'a different token is paired rather than set apart': () =>
    equal(align(tokens('a b c'), tokens('a x c d')), [[0, 0], [1, 1], [2, 2], [null, 3]]),
  'without another prompt every token stands alone': () => equal(align(tokens('a b'), []), [[0, null], [1, null]]),
  'each token is in just one column, in order': () => {
    const [one, other] = [tokens('a b a c a b'), tokens('b a a a c')];
    const pairs = align(one, other);
    equal(pairs.map(([i]) => i).filter((i) => i !== null), one.map((_, i) => i));
    equal(pairs.map(([, j]) => j).filter((j) => j !== null), other.map((_, j) => j));
  },
};
