import { duration, places } from '/assets/metric.js';
import { equal } from './check.js';

export const tests = {
  'values stand between the lowest and the highest': () => equal(places({ clean: 3, corrupted: -1, intervened: 1 }), { clean: 1, corrupted: 0, intervened: 0.5 }),
  'what is not known has no place, a single value stands in the middle': () => equal(places({ clean: 3, corrupted: undefined }), { clean: 0.5 }),
  'times have the digits that matter': () => equal([4.23, 12.3, 999.2, 999.7, 2345].map(duration), ['4.2 ms', '12 ms', '999 ms', '1.0 s', '2.3 s']),
};
