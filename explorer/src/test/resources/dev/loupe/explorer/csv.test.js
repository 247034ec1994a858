import { toCsv, toObjects } from '/assets/csv.js';
import { equal } from './check.js';

export const tests = {
  'texts with commas, quotes, line breaks and spaces at the ends are quoted': () =>
    equal(toCsv({ columns: ['token', 'value'], rows: [[' Mary', 0.5], ['a,b', 1], ['say "x"', -2], ['line\nbreak', 1e-7], ['plain', 3]] }),
      'token,value\r\n" Mary",0.5\r\n"a,b",1\r\n"say ""x""",-2\r\n"line\nbreak",1e-7\r\nplain,3\r\n'),
  'what is not known is an empty field': () => equal(toCsv({ columns: ['a', 'b', 'c'], rows: [[null, undefined, NaN]] }), 'a,b,c\r\n,,\r\n'),
  'rows are objects, too': () => equal(toObjects({ columns: ['a', 'b'], rows: [[1, undefined], [0, 'x']] }), [{ a: 1, b: null }, { a: 0, b: 'x' }]),
};
