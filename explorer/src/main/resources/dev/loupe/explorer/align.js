// Which tokens of two prompts stand above one another.

/**
 * Columns [index in one or null, index in the other or null]. Prompts of one length are paired token
 * by token, as a patch does; others so that as many equal tokens as can be stand together.
 */
export function align(one, other) {
  if (!other.length) return one.map((_, i) => [i, null]);
  if (one.length === other.length) return one.map((_, i) => [i, i]);
  // Least cost of the rest: a pair of different tokens 1.5, a gap 1, so that two gaps lose to a pair.
  const [rows, columns] = [one.length, other.length];
  const cost = Array.from({ length: rows + 1 }, () => new Float64Array(columns + 1));
  for (let i = rows; i >= 0; i--) {
    for (let j = columns; j >= 0; j--) {
      if (i === rows || j === columns) { cost[i][j] = rows - i + columns - j; continue; }
      const pair = one[i].id === other[j].id ? 0 : 1.5;
      cost[i][j] = Math.min(pair + cost[i + 1][j + 1], 1 + cost[i + 1][j], 1 + cost[i][j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < rows || j < columns;) {
    const pair = i < rows && j < columns ? (one[i].id === other[j].id ? 0 : 1.5) + cost[i + 1][j + 1] : Infinity;
    if (pair === cost[i][j]) pairs.push([i++, j++]);
    else if (i < rows && 1 + cost[i + 1][j] === cost[i][j]) pairs.push([i++, null]);
    else pairs.push([null, j++]);
  }
  return pairs;
}
