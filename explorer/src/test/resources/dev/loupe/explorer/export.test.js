import { el, svg } from '/assets/dom.js';
import { fileOf, menu } from '/assets/export.js';
import { drawOv } from '/assets/ov.js';
import { LIGHT } from '/assets/palette.js';
import { equal, ok, onPage } from './check.js';

const PROVIDED = {
  title: 'Heads', words: 'how to read', table: { columns: ['head', 'value'], rows: [[0, 0.5]] }, json: { label: 'share' },
  drawing: () => ({ node: svg('g', {}, svg('rect', { width: 10, height: 10, fill: LIGHT.positive })), width: 10, height: 10 }),
};

export const tests = {
  'numbers are saved as CSV and JSON with names that say what they are': async () => {
    const csv = await fileOf(PROVIDED, 'csv', 'heads');
    equal([csv.file, csv.content], ['loupe-heads.csv', 'head,value\r\n0,0.5\r\n']);
    const json = await fileOf(PROVIDED, 'json', 'heads');
    equal(JSON.parse(json.content), { title: 'Heads', words: 'how to read', values: { label: 'share' }, rows: [{ head: 0, value: 0.5 }] });
  },
  'drawings are saved as SVG and PNG': async () => {
    const drawn = await fileOf(PROVIDED, 'svg', 'heads');
    ok(drawn.content.includes('<rect') && drawn.content.includes('Heads'), drawn.content);
    const png = await fileOf(PROVIDED, 'png', 'heads');
    equal([png.file, png.content.type, png.content.size > 100], ['loupe-heads.png', 'image/png', true]);
  },
  'a menu acts and closes, Escape closes it and gives the focus back': () => {
    const acts = [];
    const box = menu('Export', 'Export heads', [{ id: 'export-heads-csv', text: 'CSV', act: () => acts.push('csv') }], 'export-heads');
    return onPage(el('div', {}, box), () => {
      box.open = true;
      box.querySelector('[data-export=csv]').click();
      equal([acts, box.open], [['csv'], false]);
      box.open = true;
      box.querySelector('button').focus();
      box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      equal([box.open, document.activeElement === box.querySelector('summary')], [false, true]);
    });
  },
  'both lists of the OV circuit are drawn': () =>
    equal(drawOv({ most: [{ text: ' a', value: 2 }], least: [{ text: ' b', value: -1 }, { text: ' c', value: -2 }] }, LIGHT).node.querySelectorAll('rect').length, 3),
};
