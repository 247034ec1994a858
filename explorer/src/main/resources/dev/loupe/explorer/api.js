// Talking to the server: JSON in and out, streams of JSON lines, errors in words.

/** What the server refused, in its own words; field says where, retryAfter (seconds) that it was busy. */
export class Refused extends Error {
  constructor(message, { field = '', status = 0, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { field, status, retryAfter });
  }
}

/** The server did not answer, or broke off. */
export class Unreachable extends Error {}

export const isAbort = (error) => error?.name === 'AbortError';

/** Split bytes that come in pieces into lines of JSON. */
export function jsonLines(onValue) {
  const decoder = new TextDecoder();
  let rest = '';
  const take = (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line.trim()) onValue(JSON.parse(line));
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => take(`${decoder.decode()}\n`),
  };
}

/** seconds() of a Retry-After header, between 1 and 60. */
export function retrySeconds(header) {
  const seconds = Number.parseInt(header ?? '', 10);
  return Number.isFinite(seconds) ? Math.min(60, Math.max(1, seconds)) : 2;
}

async function refusal(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // Not from the server itself but from something in between.
  }
  return new Refused(body.error ?? `The server answered with status ${response.status}.`, {
    field: body.field,
    status: response.status,
    retryAfter: response.status === 503 ? retrySeconds(response.headers.get('Retry-After')) : 0,
  });
}

/** onInstance hears the id of the server process with every answer. */
export function createApi({ fetch = (...request) => globalThis.fetch(...request), onInstance = () => {} } = {}) {
  async function ask(path, { body, signal } = {}) {
    const request = body === undefined
      ? { signal }
      : { signal, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    let response;
    try {
      response = await fetch(`/api/${path}`, { ...request, cache: 'no-store', credentials: 'same-origin' });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new Unreachable('The server does not answer.');
    }
    const instance = response.headers.get('Loupe-Instance');
    if (instance) onInstance(instance);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async function reading(what) {
    try {
      return await what();
    } catch (error) {
      if (isAbort(error) || error instanceof Refused) throw error;
      throw new Unreachable('The answer of the server broke off.');
    }
  }

  return {
    async json(path, options) {
      const response = await ask(path, options);
      return reading(() => response.json());
    },
    /** Hand each line on; ends with the stream, whose last line must say "end". */
    async stream(path, options, onValue) {
      const response = await ask(path, options);
      let last = '';
      const lines = jsonLines((value) => {
        last = value.type;
        if (value.type === 'error') {
          // A server that ends says so in its last line.
          throw value.status === 503 ? new Unreachable(value.error) : new Refused(value.error, value);
        }
        onValue(value);
      });
      await reading(async () => {
        const reader = response.body.getReader();
        try {
          for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            lines.push(value);
          }
          lines.end();
        } finally {
          reader.cancel().catch(() => {});
        }
      });
      if (last !== 'end') throw new Unreachable('The answer of the server broke off.');
    },
  };
}

/** Wait, unless the signal aborts first, which throws. */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(new DOMException('Aborted', 'AbortError')); };
    const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); resolve(); }, milliseconds);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Do it; as long as the server is busy, count down the seconds it asks for and do it again. */
export async function patiently(work, { signal, onWait = () => {}, wait = sleep }) {
  for (;;) {
    try {
      return await work(signal);
    } catch (error) {
      if (!error.retryAfter) throw error;
      for (let left = error.retryAfter; left > 0; left--) {
        onWait(left);
        await wait(1000, signal);
      }
      onWait(0);
    }
  }
}

/** Only the newest of what is started goes on: starting aborts the one before. */
export function newest() {
  let controller = null;
  return {
    start(work) {
      controller?.abort();
      controller = new AbortController();
      return work(controller.signal);
    },
    cancel() {
      controller?.abort();
      controller = null;
    },
  };
}
