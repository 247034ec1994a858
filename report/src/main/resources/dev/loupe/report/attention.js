// The attention view: small matrices to choose a head from, the chosen one large, and the prompt's
// own tokens, where pointing at a destination shades what it looks at.

const STRONGEST = 5;

function startAttention(figure) {
  const { data, tools, stage } = openFigure(figure);
  const last = data.tokens.length - 1;
  const state = { head: 0, destination: last, locked: false };
  const stops = () => theme().SEQUENTIAL;
  const weight = (source) => data.heads[state.head].pattern[state.destination][source] ?? 0;
  const name = (at) => `${visible(data.tokens[at])} (${data.roles[at] ? `${data.roles[at]}, ` : ''}${at})`;

  const line = figure.querySelector('.tokens');
  const tokens = [...line.querySelectorAll('.token')];
  const title = el('p', { class: 'reading-title' });
  const sources = el('dl', { class: 'sources' });
  const hint = el('p', { class: 'hint' }, 'Point at a token to see where it looks; click to lock it. Arrow keys work too.');
  const reading = el('div', { class: 'reading' }, title, line, sources, hint);
  const matrix = el('div', { class: 'stage' });
  const heads = el('div', { class: 'heads', role: 'group', 'aria-label': 'Heads' });
  const pair = el('div', { class: 'pair' }, matrix, reading);
  stage.className = '';
  stage.append(heads, pair);

  const buttons = data.heads.map((head, index) => {
    const canvas = el('canvas', { width: data.tokens.length, height: data.tokens.length, 'aria-hidden': 'true' });
    const button = el('button', { class: 'head', type: 'button' }, canvas, head.label);
    button.addEventListener('click', () => {
      state.head = index;
      chart.redraw(asHeatmap());
      show();
    });
    heads.append(button);
    return button;
  });

  function asHeatmap() {
    const { label: head, pattern } = data.heads[state.head];
    const axis = (axisName) => ({ name: axisName, labels: data.tokens });
    return {
      title: `${data.title}: ${head}`, rows: axis('destination'), columns: axis('source'),
      // What the causal mask hides is no attention of 0, so it is not drawn as one.
      values: pattern.map((row, to) => row.map((value, from) => (from > to && !value ? null : value))),
      masked: true, unit: 'attention weight', scale: 'SEQUENTIAL', low: 0, high: data.high, decimals: 2,
    };
  }

  function show() {
    const head = data.heads[state.head];
    buttons.forEach((button, index) => button.setAttribute('aria-pressed', index === state.head));
    reading.classList.toggle('locked', state.locked);
    title.replaceChildren(el('b', {}, head.label), ' from ', el('b', {}, name(state.destination)), ' looks at');
    tokens.forEach((token, source) => {
      const ground = colour(stops(), weight(source), 0, data.high);
      const seen = weight(source) > 0.005;
      token.style.background = seen ? ground : '';
      token.style.color = seen ? inkOn(ground) : '';
      token.classList.toggle('destination', source === state.destination);
    });
    const strongest = data.tokens.map((_, source) => source)
      .filter((source) => weight(source) > 0)
      .sort((a, b) => weight(b) - weight(a))
      .slice(0, STRONGEST);
    sources.replaceChildren(...strongest.flatMap((source) => {
      const meter = el('div', { class: 'meter' });
      meter.style.width = `${(100 * weight(source)) / data.high}%`;
      meter.style.background = theme().positive;
      return [el('dt', {}, name(source)), el('dd', {}, meter), el('dd', { class: 'number' }, fixed(weight(source), 3))];
    }));
  }

  function paintSmall() {
    data.heads.forEach(({ pattern }, index) => {
      const pen = buttons[index].querySelector('canvas').getContext('2d');
      pen.clearRect(0, 0, data.tokens.length, data.tokens.length);
      pattern.forEach((row, to) => row.forEach((value, from) => {
        if (from > to && !value) return;
        pen.fillStyle = colour(stops(), value ?? 0, 0, data.high);
        pen.fillRect(from, to, 1, 1);
      }));
    });
  }

  function choose(destination, locked = state.locked) {
    state.destination = destination;
    state.locked = locked;
    show();
  }

  line.tabIndex = 0;
  line.setAttribute('role', 'group');
  line.setAttribute('aria-label', 'Tokens. Left and right arrows choose the destination.');
  tokens.forEach((token, at) => {
    token.addEventListener('pointerenter', () => { if (!state.locked) choose(at); });
    token.addEventListener('click', () => choose(at, !(state.locked && state.destination === at)));
  });
  line.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') choose(state.destination, false);
    if (!step) return;
    event.preventDefault();
    choose(clamp(state.destination + step, 0, last));
    live.textContent = `${title.textContent} ${[...sources.children].map((c) => c.textContent).join(' ')}`;
  });

  const chart = heatmapOn(matrix, asHeatmap(), {
    box: stage,
    // Beside the text where both fit (as in chart.css), else the whole width.
    room: (width) => (matchMedia('(max-width: 52rem)').matches ? width : width * 0.6),
    sizes: { smallest: data.tokens.length > 40 ? 9 : 16, largest: 22 },
    describe(row, column) {
      const value = data.heads[state.head].pattern[row][column];
      return { place: `${name(row)} → ${name(column)}`, value: column > row && !value ? 'masked' : exact(value ?? 0) };
    },
    onSelect(cell, locked) { if (cell && (locked || !state.locked)) choose(cell[0], locked); },
  });
  tools.append(saveButton(data.title, chart.save));
  paintSmall();
  show();
  onThemeChange(() => { paintSmall(); show(); });
}
