// Circuits: they are drawn already. Pointing at a node or an edge shows what it is joined to.

const EDGES_TOLD = 8;

function startCircuit(figure) {
  const { data, tools, stage } = openFigure(figure);
  const drawing = stage.querySelector('svg');
  const surface = surfaceFor(data.title);
  drawing.replaceWith(surface);
  surface.append(drawing);
  drawing.setAttribute('aria-hidden', 'true');
  drawing.querySelectorAll('title').forEach((title) => title.remove());
  const nodes = data.nodes.map((_, i) => drawing.querySelector(`[data-node="${i}"]`));
  const edges = data.edges.map((_, i) => drawing.querySelector(`[data-edge="${i}"]`));
  // A fine line is hard to hit: a wide unseen one lies over it.
  for (const edge of edges) {
    const wide = edge.firstElementChild.cloneNode();
    fill(wide, { class: 'reach', 'stroke-width': 10, 'stroke-opacity': 0 }, []);
    wide.removeAttribute('stroke-dasharray');
    edge.append(wide);
  }
  const joined = data.nodes.map((_, i) => data.edges.map((_, e) => e)
    .filter((e) => data.edges[e].from === i || data.edges[e].to === i)
    .sort((a, b) => Math.abs(data.edges[b].weight) - Math.abs(data.edges[a].weight)));
  const known = (index) => visible(data.nodes[index].id);

  // Cells are [index]: nodes first, then edges.
  const edgeOf = (index) => data.edges[index - nodes.length];
  const partOf = (index) => nodes[index] ?? edges[index - nodes.length];

  function step([index], key) {
    const at = index < nodes.length ? index : edgeOf(index).from;
    const row = data.rows.findIndex((places) => places.includes(at));
    const [down, right] = MOVES[key];
    if (right) return [data.rows[row][clamp(data.rows[row].indexOf(at) + right, 0, data.rows[row].length - 1)]];
    const next = data.rows[clamp(row + down, 0, data.rows.length - 1)];
    const middle = (place) => { const box = nodes[place].getBoundingClientRect(); return box.left + box.width / 2; };
    const away = (place) => Math.abs(middle(place) - middle(at));
    return [next.reduce((best, place) => (away(place) < away(best) ? place : best))];
  }

  function describeNode(index) {
    const { id, layer, kind, group, explanation } = data.nodes[index];
    const place = { HEAD: `head, layer ${layer}`, MLP: `MLP, layer ${layer}`, INPUT: 'input', LOGITS: 'logits' }[kind];
    const rows = joined[index].slice(0, EDGES_TOLD).map((e) => {
      const { from, to, weight } = data.edges[e];
      return [from === index ? `to ${known(to)}` : `from ${known(from)}`, exact(weight, true)];
    });
    if (joined[index].length > EDGES_TOLD) rows.push([`and ${joined[index].length - EDGES_TOLD} edges more`, '']);
    if (explanation.trim()) rows.unshift([explanation, '']);
    return { place: group.trim() ? `${place} · ${group}` : place, value: visible(id), rows };
  }

  function describeEdge({ from, to, weight, explanation }) {
    return { place: `${known(from)} → ${known(to)}`, value: exact(weight, true), rows: explanation.trim() ? [[explanation, '']] : [] };
  }

  const pick = picker(surface, {
    hit(event) {
      const part = event.target.closest?.('[data-node], [data-edge]');
      if (!part) return null;
      return [part.dataset.node !== undefined ? Number(part.dataset.node) : nodes.length + Number(part.dataset.edge)];
    },
    rect: (index) => (index < nodes.length ? nodes[index] : nodes[edgeOf(index).to]).getBoundingClientRect(),
    describe: (index) => (index < nodes.length ? describeNode(index) : describeEdge(edgeOf(index))),
    mark(cell, locked, byKey) {
      const index = cell ? cell[0] : -1;
      const lines = !cell ? [] : index < nodes.length ? joined[index] : [index - nodes.length];
      const shown = new Set(lines.flatMap((e) => [data.edges[e].from, data.edges[e].to]));
      if (cell && index < nodes.length) shown.add(index);
      drawing.classList.toggle('picked', Boolean(cell) && data.edges.length > 0);
      nodes.forEach((node, i) => {
        node.classList.toggle('on', shown.has(i));
        node.classList.toggle('chosen', i === index);
        node.classList.toggle('locked', i === index && locked);
      });
      const lit = new Set(lines);
      edges.forEach((edge, e) => edge.classList.toggle('on', lit.has(e)));
      if (byKey && cell) partOf(index).scrollIntoView({ block: 'nearest', inline: 'nearest' });
    },
    start: () => [data.rows[0][0]],
    step,
  });
  onThemeChange(() => pick.refresh());

  // The numbers of the layers stay in sight where the drawing is wider than the screen.
  const layers = drawing.querySelector('.layers');
  stage.addEventListener('scroll', () => layers.setAttribute('transform', `translate(${stage.scrollLeft} 0)`));
  addEventListener('beforeprint', () => { stage.scrollLeft = 0; layers.removeAttribute('transform'); });
  // Lines meet in the middle; without lines, nodes stand in rows from the left.
  if (edges.length) stage.scrollLeft = (stage.scrollWidth - stage.clientWidth) / 2;

  tools.append(saveButton(data.title, () => still(figure, drawing, data)));
}

/** The drawing with its legend below, in the light colours that its attributes hold. */
function still(figure, drawing, data) {
  const all = svg('g', {}, ...[...drawing.cloneNode(true).childNodes]);
  all.querySelectorAll('.reach').forEach((wide) => wide.remove());
  all.querySelector('.layers').removeAttribute('transform');
  const { width, height } = drawing.viewBox.baseVal;
  let [x, line] = [0, 0];
  for (const item of figure.querySelectorAll('.circuit-legend li')) {
    const key = item.querySelector('svg');
    const text = item.querySelector('span').textContent;
    const needs = key.viewBox.baseVal.width + 6 + textWidth(text, LABEL) * 1.1 + 16;
    if (x > 0 && x + needs > width) [x, line] = [0, line + 1];
    const y = height + 14 + 22 * line;
    all.append(
      svg('g', { transform: `translate(${x} ${y})` }, ...[...key.cloneNode(true).childNodes]),
      label(x + key.viewBox.baseVal.width + 6, y + 9, text, { fill: LIGHT.ink }));
    x += needs;
  }
  return standalone(all, data.title, width, height + 14 + 22 * (line + 1));
}
