// Colours of charts. Diverging runs red, neutral, blue, as RdBu does in TransformerLens' plots:
// told apart with any common colour vision. The ends stand out from the page in both themes. The first
// four of a series are told apart by their colour, too; all differ in sign or dash.

const LIGHT = {
  ground: '#ffffff', ink: '#1a1e23', muted: '#5c6672', rule: '#d5dae0', select: '#1a1e23',
  positive: '#4f93c6', negative: '#d9614f',
  SERIES: ['#1e48a3', '#b54d06', '#0f846f', '#733a60', '#8a6d00', '#5a4fb0', '#2f7f9e', '#6b6b6b'],
  DIVERGING: ['#7a1023', '#b3222f', '#d96552', '#f2aa8b', '#f3f3f3', '#9fc9e2', '#4f97c8', '#2166ac', '#0d3a73'],
  SEQUENTIAL: ['#f7f8ef', '#d3ead0', '#93d1c6', '#4fadc3', '#2a7fb2', '#205092', '#16285c'],
};

const DARK = {
  ground: '#14171b', ink: '#e4e7eb', muted: '#97a1ad', rule: '#39414b', select: '#ffffff',
  positive: '#58a0dc', negative: '#ea7767',
  SERIES: ['#6aa6f0', '#f59a3c', '#8fe8cf', '#c07a9c', '#dcc04c', '#aaa2f2', '#86cbe6', '#a8a8a8'],
  DIVERGING: ['#ffb09c', '#f08570', '#cf5a4e', '#823433', '#272b31', '#23496d', '#3274b0', '#56a2e6', '#94cbff'],
  SEQUENTIAL: ['#1d2228', '#1b3a4f', '#1f5f78', '#2b8a95', '#56b5a3', '#9fdab4', '#eaf8cf'],
};

const darkQuery = matchMedia('(prefers-color-scheme: dark)');
let printing = false;

function theme() {
  return darkQuery.matches && !printing ? DARK : LIGHT;
}

/** Call back when the theme changes, and around printing, which is always light. */
function onThemeChange(redraw) {
  // Printing turns a dark page light, too; what is drawn then would outgrow the pages counted before.
  darkQuery.addEventListener('change', () => { if (!printing) redraw(); });
  addEventListener('beforeprint', () => { printing = true; redraw(); });
  addEventListener('afterprint', () => { printing = false; redraw(); });
}

function channels(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Colour of a value between low and high, as '#rrggbb'. */
function colour(stops, value, low, high) {
  const place = clamp((value - low) / (high - low), 0, 1) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[left]), channels(stops[left + 1])];
  return '#' + from
    .map((c, i) => Math.round(c + (to[i] - c) * (place - left)).toString(16).padStart(2, '0'))
    .join('');
}

/** Ink that reads on a ground. */
function inkOn(hex) {
  const [r, g, b] = channels(hex);
  return 0.299 * r + 0.587 * g + 0.114 * b > 135 ? '#1a1e23' : '#ffffff';
}
