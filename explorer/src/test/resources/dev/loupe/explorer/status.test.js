import { bannerOf } from '/assets/status.js';
import { equal } from './check.js';

export const tests = {
  'a server that is gone comes before all else': () => equal(bannerOf({ gone: true, busy: 3, restarted: true }), 'The server does not answer. Trying again …'),
  'busy says how long': () => equal(bannerOf({ busy: 3 }), 'busy: trying again in 3 s'),
  'a restart is told': () => equal(bannerOf({ restarted: true }), 'The server was restarted; computed anew'),
  'otherwise nothing is said': () => equal(bannerOf({}), ''),
};
