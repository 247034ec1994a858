// What the selected head writes if it attends to the token at the chosen position: the tokens that its
// OV circuit makes likelier and less likely.

import { empty, meter } from './controls.js';
import { changes, el, fixed, shorten, svg, visible } from './dom.js';
import { offer } from './export.js';
import { LIGHT } from './palette.js';
import { label } from './svg.js';

/** Both lists beside one another for a file. */
export function drawOv({ most, least }, colours) {
  const group = svg('g');
  const reach = Math.max(1e-9, ...[...most, ...least].map(({ value }) => Math.abs(value)));
  [[most, colours.positive, 'promotes'], [least, colours.negative, 'suppresses']].forEach(([tokens, fill, name], i) => {
    const left = 100 + 260 * i;
    group.append(label(left, 8, name, { 'font-size': 11, fill: colours.muted }));
    tokens.forEach(({ text, value }, at) => {
      const [y, length] = [26 + 20 * at, (90 * Math.abs(value)) / reach];
      group.append(label(left - 8, y, shorten(visible(text), 13), { 'text-anchor': 'end', fill: colours.ink }),
        svg('rect', { x: left, y: y - 6, width: length, height: 12, rx: 1.5, fill }),
        label(left + length + 5, y, fixed(value, 2, true), { 'font-size': 11, fill: colours.ink }));
    });
  });
  return { node: group, width: 510, height: 26 + 20 * Math.max(most.length, least.length) };
}

export function mountOv(section, session) {
  const { store, now } = session;
  const body = section.querySelector('.body');
  const differs = changes();
  function list(name, tokens, kind, reach) {
    return el('div', {}, el('h3', {}, name), el('ol', { class: 'tokens-by-value' }, ...tokens.map(({ text, value }) =>
      el('li', {}, el('span', { class: 'mono', title: visible(text) }, shorten(visible(text), 11)), el('div', { class: 'track' }, meter(Math.abs(value) / reach, kind)),
        el('span', { class: 'number' }, fixed(value, 2, true))))));
  }
  function paint() {
    const { layer, head } = store.get();
    const ov = now.view?.ov;
    const subject = section.querySelector('.subject');
    subject.replaceChildren(`L${layer}H${head}`, ...(ov ? [' attending to ', el('span', { class: 'mono' }, visible(ov.token.text))] : []));
    if (!ov) {
      if (differs(null)) body.replaceChildren(empty('A prompt is needed to choose the token that the head reads.'));
      return;
    }
    if (!differs(ov)) return;
    const reach = Math.max(1e-9, ...[...ov.most, ...ov.least].map(({ value }) => Math.abs(value)));
    body.replaceChildren(el('div', { class: 'two' }, list('promotes', ov.most, 'positive', reach), list('suppresses', ov.least, 'negative', reach)));
  }
  offer(section, 'ov', () => {
    const ov = now.view?.ov;
    const { layer, head } = store.get();
    return ov && {
      title: `What L${layer}H${head} writes when it attends to ${visible(ov.token.text)}`, drawing: () => drawOv(ov, LIGHT), json: ov,
      table: { columns: ['list', 'token', 'value'], rows: [...ov.most.map((t) => ['promotes', t.text, t.value]), ...ov.least.map((t) => ['suppresses', t.text, t.value])] },
    };
  });
  session.on('view', paint);
  session.on('state', paint);
}
