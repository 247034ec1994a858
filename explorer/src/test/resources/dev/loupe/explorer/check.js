// What the tests of the page's modules say of a failure.

export function ok(condition, words) {
  if (!condition) throw new Error(words);
}

export function equal(actual, expected, words = '') {
  const [a, e] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== e) throw new Error(`${words} expected ${e}, got ${a}`.trim());
}

export function close(actual, expected, words = '') {
  if (!(Math.abs(actual - expected) < 1e-9)) throw new Error(`${words} expected ${expected}, got ${actual}`.trim());
}

export async function fails(work, kind) {
  try {
    await work();
  } catch (error) {
    if (kind && !(error instanceof kind)) throw new Error(`expected ${kind.name}, got ${error}`);
    return error;
  }
  throw new Error('expected a failure');
}

/** Do something with an element that is on the page, and take it away again. */
export async function onPage(node, work) {
  document.body.append(node);
  try {
    return await work(node);
  } finally {
    node.remove();
  }
}
