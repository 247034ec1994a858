import { createApi, isAbort, jsonLines, newest, patiently, Refused, retrySeconds, sleep, Unreachable } from '/assets/api.js';
import { equal, fails, ok } from './check.js';

const bytes = (text) => new TextEncoder().encode(text);

function streamed(chunks, status = 200) {
  return async () => new Response(new ReadableStream({
    start(controller) { for (const chunk of chunks) controller.enqueue(chunk); controller.close(); },
  }), { status, headers: { 'Loupe-Instance': 'one' } });
}

export const tests = {
  'lines of JSON are found across the borders of chunks, even inside a letter': () => {
    const all = bytes('{"a":"Zürich 🙂"}\n\n{"b":2}\n{"c":3}');
    for (let size = 1; size <= all.length; size++) {
      const found = [];
      const lines = jsonLines((value) => found.push(value));
      for (let i = 0; i < all.length; i += size) lines.push(all.slice(i, i + size));
      lines.end();
      equal(found, [{ a: 'Zürich 🙂' }, { b: 2 }, { c: 3 }], `chunks of ${size}:`);
    }
  },
  'a stream is handed on line by line and ends with end': async () => {
    const api = createApi({ fetch: streamed([bytes('{"type":"start"}\n{"ty'), bytes('pe":"cells","done":1}\n{"type":"end"}\n')]) });
    const seen = [];
    await api.stream('grid', { body: {} }, (line) => seen.push(line.type));
    equal(seen, ['start', 'cells', 'end']);
  },
  'a stream that breaks off is not taken for a whole one': async () => {
    const api = createApi({ fetch: streamed([bytes('{"type":"start"}\n')]) });
    await fails(() => api.stream('grid', { body: {} }, () => {}), Unreachable);
  },
  'an error inside a stream is an error': async () => {
    const api = createApi({ fetch: streamed([bytes('{"type":"start"}\n{"type":"error","error":"no such head"}\n')]) });
    equal((await fails(() => api.stream('grid', { body: {} }, () => {}), Refused)).message, 'no such head');
  },
  'what the server refuses keeps its words, its field and how long to wait': async () => {
    const fetch = async () => new Response('{"error":"The queue is full.","field":"clean"}', { status: 503, headers: { 'Retry-After': '7' } });
    const error = await fails(() => createApi({ fetch }).json('view', { body: {} }), Refused);
    equal([error.message, error.field, error.status, error.retryAfter], ['The queue is full.', 'clean', 503, 7]);
  },
  'a refusal that is not JSON still says its status': async () => {
    const error = await fails(() => createApi({ fetch: async () => new Response('<html>', { status: 502 }) }).json('view'), Refused);
    ok(error.message.includes('502'), error.message);
    equal(error.retryAfter, 0);
  },
  'a server that is gone is unreachable, an abort stays an abort': async () => {
    await fails(() => createApi({ fetch: async () => { throw new TypeError('Failed to fetch'); } }).json('view'), Unreachable);
    const aborting = async () => { throw new DOMException('Aborted', 'AbortError'); };
    ok(isAbort(await fails(() => createApi({ fetch: aborting }).json('view'))), 'not an abort');
  },
  'each answer tells which server process it is from': async () => {
    const heard = [];
    const api = createApi({ fetch: async () => new Response('{}', { headers: { 'Loupe-Instance': 'abc' } }), onInstance: (id) => heard.push(id) });
    await api.json('model');
    equal(heard, ['abc']);
  },
  'questions are posted as JSON': async () => {
    let sent = null;
    await createApi({ fetch: async (...request) => { sent = request; return new Response('{}'); } }).json('view', { body: { at: 3 } });
    equal([sent[0], sent[1].method, sent[1].body, sent[1].headers['Content-Type']], ['/api/view', 'POST', '{"at":3}', 'application/json']);
  },
  'busy is waited out, second by second': async () => {
    let tries = 0;
    const told = [];
    const work = async () => { if (++tries < 3) throw new Refused('busy', { status: 503, retryAfter: 2 }); return 'done'; };
    equal(await patiently(work, { onWait: (left) => told.push(left), wait: async () => {} }), 'done');
    equal(told, [2, 1, 0, 2, 1, 0]);
  },
  'other refusals are not tried again': async () => {
    let tries = 0;
    await fails(() => patiently(async () => { tries++; throw new Refused('no', { status: 422 }); }, { wait: async () => {} }), Refused);
    equal(tries, 1);
  },
  'seconds to wait are read with care': () => equal(['3', '0', '9999', 'soon', null].map(retrySeconds), [3, 1, 60, 2, 2]),
  'waiting stops when it is aborted': async () => {
    const controller = new AbortController();
    const waiting = fails(() => sleep(60000, controller.signal));
    controller.abort();
    ok(isAbort(await waiting), 'not an abort');
  },
  'starting anew aborts what was before': () => {
    const one = newest();
    const signals = [];
    one.start((signal) => signals.push(signal));
    one.start((signal) => signals.push(signal));
    equal(signals.map((signal) => signal.aborted), [true, false]);
    one.cancel();
    ok(signals[1].aborted, 'not cancelled');
  },
};
