// What every chart has around it: the stage, the folded table of numbers, drawing anew when the
// width or the theme changes, and the button that saves it as SVG.

/** Fold the tables of numbers away, all before the first chart asks how much room it has. */
function foldNumbers() {
  for (const numbers of document.querySelectorAll('.chart .numbers:not(details .numbers)')) {
    const folded = el('details', {}, el('summary', {}, 'Numbers'));
    numbers.replaceWith(folded);
    folded.append(numbers);
  }
}

/** Prepare a figure for drawing, unless it is drawn; returns its data and the parts to fill. */
function openFigure(figure) {
  const data = JSON.parse(figure.querySelector('script').textContent);
  const caption = figure.querySelector('figcaption');
  const tools = el('div', { class: 'bar-of-tools' });
  caption.replaceWith(tools);
  tools.append(caption);
  const drawn = figure.querySelector('.stage');
  const stage = drawn ?? el('div', { class: 'stage' });
  if (!drawn) tools.after(stage);
  return { data, tools, stage };
}

function surfaceFor(label, more = '') {
  return el('div', {
    class: 'surface', tabindex: 0, role: 'group', 'aria-roledescription': 'chart',
    'aria-label': `${label}. Arrow keys move, Enter locks, Escape lets go.${more}`,
  });
}

/** A drawing of so much width and height for the page; its words are in the surface's label. */
function picture(at, ...children) {
  return svg('svg', { width: at.width, height: at.height, viewBox: `0 0 ${at.width} ${at.height}`, 'aria-hidden': 'true' }, ...children);
}

/** Width inside the padding. */
function roomIn(box) {
  const { paddingLeft, paddingRight } = getComputedStyle(box);
  return box.clientWidth - (parseFloat(paddingLeft) || 0) - (parseFloat(paddingRight) || 0);
}

/** Call draw now and whenever the width of a box or the theme has changed. */
function keepDrawn(box, draw) {
  let width = roomIn(box);
  draw();
  new ResizeObserver(() => {
    if (Math.abs(roomIn(box) - width) < 2 || printing || !box.isConnected) return;
    width = roomIn(box);
    requestAnimationFrame(draw);
  }).observe(box);
  onThemeChange(draw);
}

/** Button that saves what draw() returns, an svg element that needs no style sheet. */
function saveButton(title, draw, name = 'Save SVG') {
  const button = el('button', { class: 'tool', type: 'button', 'aria-label': `${name}: ${title}` }, name);
  button.addEventListener('click', () => {
    const text = new XMLSerializer().serializeToString(draw());
    const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
    const file = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
    el('a', { href: url, download: `${file || 'chart'}.svg` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
  return button;
}

/** Text at a place; anchor is start, middle or end. XML has no place for some characters. */
function label(x, y, text, attributes) {
  const clean = text.replace(/[\p{Cs}\u0000-\u001f\ufffe\uffff]/gu, '\ufffd');
  return svg('text', { x, y, 'font-size': 12, 'dominant-baseline': 'central', ...attributes }, clean);
}

/** A drawing that stands alone: light colours, a ground, its title above. */
function standalone(drawing, title, width, height) {
  const top = 34;
  const wide = Math.max(width, textWidth(title, 14) * 1.1) + 24;
  drawing.setAttribute('transform', `translate(12 ${top})`);
  return svg('svg', {
    width: wide, height: height + top + 12, viewBox: `0 0 ${wide} ${height + top + 12}`,
    'font-family': 'system-ui, "Segoe UI", Helvetica, Arial, sans-serif',
  },
  svg('rect', { width: '100%', height: '100%', fill: LIGHT.ground }),
  label(12, 20, title, { 'font-size': 14, 'font-weight': 600, fill: LIGHT.ink }),
  drawing);
}

/** Copy a text and say so on the button; where that is not allowed, mark what shows it. */
async function copyText(text, button, shown) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  } catch {
    getSelection().selectAllChildren(shown);
  }
}
