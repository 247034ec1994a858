// Colours of the views, those of the reports. Diverging runs red, neutral, blue: told apart with any
// common colour vision. The ends stand out from the page in both themes.

export const LIGHT = {
  ground: '#ffffff', raised: '#f6f7f9', ink: '#1a1e23', muted: '#5c6672', rule: '#d5dae0', accent: '#1f5fa6',
  positive: '#4f93c6', negative: '#d9614f',
  series: { clean: '#1e48a3', corrupted: '#b54d06', intervened: '#0f846f' },
  DIVERGING: ['#7a1023', '#b3222f', '#d96552', '#f2aa8b', '#f3f3f3', '#9fc9e2', '#4f97c8', '#2166ac', '#0d3a73'],
  SEQUENTIAL: ['#f7f8ef', '#d3ead0', '#93d1c6', '#4fadc3', '#2a7fb2', '#205092', '#16285c'],
};

export const DARK = {
  ground: '#14171b', raised: '#1c2026', ink: '#e4e7eb', muted: '#97a1ad', rule: '#39414b', accent: '#7fb4ea',
  positive: '#58a0dc', negative: '#ea7767',
  series: { clean: '#6aa6f0', corrupted: '#f59a3c', intervened: '#8fe8cf' },
  DIVERGING: ['#ffb09c', '#f08570', '#cf5a4e', '#823433', '#272b31', '#23496d', '#3274b0', '#56a2e6', '#94cbff'],
  SEQUENTIAL: ['#1d2228', '#1b3a4f', '#1f5f78', '#2b8a95', '#56b5a3', '#9fdab4', '#eaf8cf'],
};

const darkQuery = matchMedia('(prefers-color-scheme: dark)');

export function theme() {
  return darkQuery.matches ? DARK : LIGHT;
}

/** Call back when the theme changes. */
export function onThemeChange(redraw) {
  darkQuery.addEventListener('change', () => redraw());
}

function channels(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Colour of a value between low and high, as '#rrggbb'. */
export function colour(stops, value, low, high) {
  const share = high > low ? (value - low) / (high - low) : 0;
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[left]), channels(stops[left + 1])];
  return '#' + from
    .map((c, i) => Math.round(c + (to[i] - c) * (place - left)).toString(16).padStart(2, '0'))
    .join('');
}

function luminance(hex) {
  const [r, g, b] = channels(hex).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** How far two colours stand apart, from 1 to 21, as WCAG counts it. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Ink that reads on a ground: of the page's ink, white and black, one of which always does, the first that does. */
export function inkOn(hex) {
  return ['#1a1e23', '#ffffff', '#000000'].find((ink) => contrast(hex, ink) >= 4.5) ?? '#ffffff';
}
