// The attention pattern of the selected head: the matrix, and the text with lines.

import { drawLines, drawMatrix, linesLayout, matrixLayout, spokenWeights, strongest } from './attention-draw.js';
import { empty, segments } from './controls.js';
import { changes, clamp, el, fixed, say, svg, visible, widthOf } from './dom.js';
import { offer } from './export.js';
import { LIGHT, onThemeChange, theme } from './palette.js';
import { legend } from './svg.js';
import { hideTip, showTip } from './tip.js';

// The gap of the pair in explorer.css, rounded up.
const BETWEEN = 20;

/** The run that is shown: the one asked for, or where it is absent the base run, or clean. */
export function shownRun(attention, { run, direction }) {
  return [run, direction, 'clean'].find((name) => attention?.[name]) ?? 'clean';
}

/** The tokens of the run that is shown: interventions change the base run. */
export function tokensOf(view, run, direction) {
  const prompt = run === 'intervened' ? direction : run;
  return (view[prompt] ?? view.clean ?? []).map((token) => token.text);
}

export function attentionTable(attention, run, texts) {
  return {
    columns: ['run', 'layer', 'head', 'destination', 'destination token', 'source', 'source token', 'weight'],
    rows: attention[run].flatMap((weights, to) => weights.map((weight, from) => [run, attention.layer, attention.head, to, texts[to], from, texts[from], weight])),
  };
}

export function mountAttention(section, session) {
  const { store, now } = session;
  const body = section.querySelector('.body');
  const runs = segments('Whose attention', [['clean', 'Clean'], ['corrupted', 'Corrupted'], ['intervened', 'Intervened']], (run) => store.set({ run }), 'run');
  section.querySelector('.switch').append(runs.node);
  const matrix = el('div', { class: 'stage matrix', tabindex: 0, id: 'attention-matrix', role: 'group',
    'aria-label': 'Destinations by sources. Up and down arrows choose the destination.' });
  const lines = el('div', { class: 'stage lines', tabindex: 0, id: 'attention-lines', role: 'group',
    'aria-label': 'Destinations. Up and down arrows choose the position.' });
  const reading = el('p', { class: 'reading', id: 'attention-reading' });
  const title = section.querySelector('.subject');
  const pair = el('div', { class: 'pair' }, matrix, lines);
  let at = { matrix: null, lines: null };

  const shown = () => {
    const { attention } = now.view;
    const state = store.get();
    const run = shownRun(attention, state);
    return { attention, run, pattern: attention[run], texts: tokensOf(now.view, run, state.direction), at: now.view.at };
  };
  const choose = (position) => store.set({ at: position });

  function hit(event) {
    const corner = matrix.firstElementChild?.getBoundingClientRect();
    if (!corner) return null;
    const { left, top, cell } = at.matrix;
    const [from, to] = [Math.floor((event.clientX - corner.left - left) / cell), Math.floor((event.clientY - corner.top - top) / cell)];
    return shown().pattern[to]?.[from] === undefined ? null : { from, to, rect: new DOMRect(corner.left + left + cell * from, corner.top + top + cell * to, cell, cell) };
  }
  matrix.addEventListener('pointermove', (event) => {
    if (!now.view?.attention || event.pointerType === 'touch') return;
    const cell = hit(event);
    if (!cell) { hideTip(); return; }
    const { pattern, texts, attention, run } = shown();
    showTip(cell.rect, {
      place: `L${attention.layer}H${attention.head}, ${run}: ${visible(texts[cell.to])} (${cell.to}) looks at ${visible(texts[cell.from])} (${cell.from})`,
      value: fixed(pattern[cell.to][cell.from], 4), hint: 'click chooses the destination',
    }, matrix.firstElementChild.getBoundingClientRect());
  });
  matrix.addEventListener('pointerleave', hideTip);
  matrix.addEventListener('click', (event) => {
    const cell = now.view?.attention ? hit(event) : null;
    if (cell) choose(cell.to);
  });
  lines.addEventListener('click', (event) => {
    const position = event.target.closest?.('[data-position]')?.dataset.position;
    if (position !== undefined) choose(Number(position));
  });
  function move(event) {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !now.view?.attention) return;
    event.preventDefault();
    const { at: place, pattern, texts } = shown();
    const next = clamp((store.get().at < 0 ? place : store.get().at) + step, 0, pattern.length - 1);
    choose(next);
    say(`${visible(texts[next])}, position ${next}: ${spokenWeights(pattern[next], (from) => visible(texts[from]))}`);
  }
  for (const box of [matrix, lines]) box.addEventListener('keydown', move);

  const width = widthOf(body, () => paint());
  const differs = changes();
  function paint(force) {
    const view = now.view;
    const state = store.get();
    runs.show(view?.attention ? shownRun(view.attention, state) : state.run);
    for (const run of ['clean', 'corrupted', 'intervened']) runs.allow(run, Boolean(view?.attention?.[run]));
    title.textContent = `L${state.layer}H${state.head}`;
    if (!view?.attention) {
      if (differs(null)) body.replaceChildren(empty('A prompt is needed to see where a head looks.'));
      return;
    }
    const { attention, run, pattern, texts, at: position } = shown();
    const room = width();
    if (!differs(attention, run, texts.join('\n'), position, room) && force !== true) return;
    const colours = theme();
    // Side by side where that leaves the matrix cells that can be told apart.
    const aside = matrixLayout(texts, room - linesLayout(texts, 0).width - BETWEEN);
    const beside = aside.cell >= 9;
    at.matrix = beside ? aside : matrixLayout(texts, room);
    at.lines = linesLayout(texts, clamp(beside ? room - aside.width - BETWEEN : room, 160, 330));
    matrix.replaceChildren(svg('svg', { width: at.matrix.width, height: at.matrix.height, role: 'img', class: 'pointed',
      'aria-label': `Attention of L${attention.layer}H${attention.head} on the ${run} run` }, drawMatrix(pattern, at.matrix, position, colours).node));
    lines.replaceChildren(svg('svg', { width: at.lines.width, height: at.lines.height, 'aria-hidden': 'true' }, drawLines(pattern, at.lines, position, colours, 'lines').node));
    const [top, bottom] = [22 + 20 * position, 42 + 20 * position];
    if (texts.length > 22 && (top < lines.scrollTop || bottom > lines.scrollTop + 470)) lines.scrollTop = Math.max(0, top - 230);
    const token = (from) => el('span', { class: 'mono' }, visible(texts[from] ?? ''));
    reading.replaceChildren('From ', token(position), ` (${position}) it looks at `,
      ...strongest(pattern[position] ?? []).flatMap(({ from, weight }, i) => [i ? ', ' : '', token(from), ` ${fixed(weight, 2)}`]), '.');
    if (pair.parentNode !== body) body.replaceChildren(pair, reading);
  }

  function drawing() {
    const { pattern, texts, at: position } = shown();
    const [one, two] = [matrixLayout(texts, 420), linesLayout(texts, 260)];
    const left = drawMatrix(pattern, one, position, LIGHT);
    const right = drawLines(pattern, two, position, LIGHT);
    right.node.setAttribute('transform', `translate(${one.width + 30} 0)`);
    const key = legend(one.left, one.height + 14, { stops: LIGHT.SEQUENTIAL, low: 0, high: 1 }, LIGHT);
    return { node: svg('g', {}, left.node, right.node, key), width: one.width + 30 + two.width, height: Math.max(one.height + 44, two.height) };
  }
  offer(section, 'attention', () => {
    if (!now.view?.attention) return null;
    const { attention, run, texts } = shown();
    return { title: `Attention of L${attention.layer}H${attention.head}, ${run} run`, drawing, table: attentionTable(attention, run, texts), json: { ...attention, tokens: texts, run } };
  });
  session.on('view', paint);
  session.on('state', () => paint());
  onThemeChange(() => paint(true));
}
