// Where the nodes of a circuit stand: the input at the bottom, heads and MLPs above it layer by layer,
// the logits on top; in each row ordered so that edges cross little.

const NODE = /^(?:a(\d+)\.h(\d+)|m(\d+))$/;

/** { kind, layer, head, label } of such as a3.h2, m0, input, logits. */
export function nodeOf(id) {
  if (id === 'input' || id === 'logits') return { id, kind: id, layer: id === 'input' ? -1 : Infinity, label: id };
  const [, layer, head, mlp] = NODE.exec(id) ?? [];
  if (layer !== undefined) return { id, kind: 'head', layer: Number(layer), head: Number(head), label: `L${layer}H${head}` };
  if (mlp !== undefined) return { id, kind: 'mlp', layer: Number(mlp), label: `MLP ${mlp}` };
  return { id, kind: 'other', layer: 0, label: id };
}

/** How high a node stands: within a block, attention under the MLP, side by side where they run in parallel. */
function level({ kind, layer }, parallel) {
  if (kind === 'input') return -1;
  if (kind === 'logits') return Infinity;
  return 2 * layer + (kind === 'mlp' && !parallel ? 1 : 0);
}

/** Rows of node ids from the bottom up. */
export function rowsOf(ids, parallel = false) {
  const rows = new Map();
  for (const id of new Set(ids)) {
    const height = level(nodeOf(id), parallel);
    if (!rows.has(height)) rows.set(height, []);
    rows.get(height).push(id);
  }
  const order = (id) => { const { kind, head } = nodeOf(id); return kind === 'mlp' ? 1e6 : head ?? 0; };
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row.sort((a, b) => order(a) - order(b)));
}

/** Order each row by the middle of what its nodes are joined to, up and down a few times. */
export function untangle(rows, edges, rounds = 4) {
  const joined = new Map();
  for (const { from, to, score } of edges) {
    for (const [one, other] of [[from, to], [to, from]]) {
      if (!joined.has(one)) joined.set(one, []);
      joined.get(one).push([other, Math.abs(score) + 1e-6]);
    }
  }
  let places = new Map();
  const settle = (all) => {
    places = new Map(all.flatMap((row) => row.map((id, i) => [id, (i + 0.5) / row.length])));
  };
  let now = rows.map((row) => [...row]);
  settle(now);
  for (let round = 0; round < rounds; round++) {
    now = now.map((row) => {
      const middle = new Map(row.map((id) => {
        const others = (joined.get(id) ?? []).filter(([other]) => places.has(other) && !row.includes(other));
        const weight = others.reduce((sum, [, w]) => sum + w, 0);
        return [id, weight ? others.reduce((sum, [other, w]) => sum + w * places.get(other), 0) / weight : places.get(id)];
      }));
      return [...row].sort((a, b) => middle.get(a) - middle.get(b) || row.indexOf(a) - row.indexOf(b));
    });
    settle(now);
  }
  return now;
}

export const BOX = { width: 58, height: 24 };

/** Places of all nodes, in the middle of their boxes, y downwards; and the size of all. */
export function layoutCircuit(ids, edges, { width = 600, parallel = false, rowHeight = 62 } = {}) {
  const rows = untangle(rowsOf(ids, parallel), edges);
  const most = Math.max(1, ...rows.map((row) => row.length));
  const wide = Math.max(width, most * (BOX.width + 10) + 50);
  const height = rowHeight * Math.max(1, rows.length - 1) + BOX.height + 16;
  const places = new Map();
  const left = 46;
  rows.forEach((row, i) => {
    const step = Math.min(128, (wide - left - 8) / row.length);
    const start = left + (wide - left - 8 - step * row.length) / 2;
    row.forEach((id, j) => places.set(id, { ...nodeOf(id), x: start + step * (j + 0.5), y: height - 8 - BOX.height / 2 - rowHeight * i }));
  });
  return { places, rows, width: wide, height };
}
