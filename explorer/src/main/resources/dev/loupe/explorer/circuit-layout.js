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

/** How many pairs of edges cross, of those between the same two rows. */
export function crossings(rows, edges) {
  const places = new Map(rows.flatMap((row, y) => row.map((id, x) => [id, { x, y }])));
  const ends = edges.map(({ from, to }) => [places.get(from), places.get(to)]).filter(([a, b]) => a && b);
  let count = 0;
  ends.forEach(([a, b], i) => {
    for (const [c, d] of ends.slice(i + 1)) if (a.y === c.y && b.y === d.y && (a.x - c.x) * (b.x - d.x) < 0) count++;
  });
  return count;
}

/** Order each row by the middle of what its nodes are joined to below, then above, in turns; the best order stays. */
export function untangle(rows, edges, rounds = 6) {
  const joined = new Map();
  for (const { from, to, score } of edges) {
    for (const [one, other] of [[from, to], [to, from]]) {
      if (!joined.has(one)) joined.set(one, []);
      joined.get(one).push([other, Math.abs(score) + 1e-6]);
    }
  }
  const now = rows.map((row) => [...row]);
  const height = new Map(now.flatMap((row, y) => row.map((id) => [id, y])));
  const places = new Map();
  const settle = (row) => row.forEach((id, i) => places.set(id, (i + 0.5) / row.length));
  now.forEach(settle);
  let best = { rows: now.map((row) => [...row]), count: crossings(now, edges) };
  for (let round = 0; round < rounds && best.count > 0; round++) {
    const up = round % 2 === 0;
    const order = [...now.keys()];
    for (const y of up ? order : order.reverse()) {
      const middle = new Map(now[y].map((id) => {
        const others = (joined.get(id) ?? []).filter(([other]) => (up ? height.get(other) < y : height.get(other) > y));
        const weight = others.reduce((sum, [, w]) => sum + w, 0);
        return [id, weight ? others.reduce((sum, [other, w]) => sum + w * places.get(other), 0) / weight : places.get(id)];
      }));
      now[y].sort((a, b) => middle.get(a) - middle.get(b));
      settle(now[y]);
    }
    const count = crossings(now, edges);
    if (count < best.count) best = { rows: now.map((row) => [...row]), count };
  }
  return best.rows;
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
    const step = Math.min(176, (wide - left - 8) / row.length);
    const start = left + (wide - left - 8 - step * row.length) / 2;
    row.forEach((id, j) => places.set(id, { ...nodeOf(id), x: start + step * (j + 0.5), y: height - 8 - BOX.height / 2 - rowHeight * i }));
  });
  return { places, rows, width: wide, height };
}
