import { cellLayout } from '/assets/cells.js';
import { changedHeads, headLook, headTable, scaleOf } from '/assets/heads.js';
import { LIGHT } from '/assets/palette.js';
import { BLANK } from '/assets/state.js';
import { equal, ok } from './check.js';

const GRID = { kind: 'patching', label: 'share', diverging: true, rows: 2, columns: 2, values: [[0.5, null], [-1, 0]], fresh: [[true, null], [null, true]], sources: [[null, null], [null, null]] };
const at = cellLayout({ rows: ['0', '1'], columns: ['0', '1'], width: 200 });

export const tests = {
  'the scale of signed values is even around zero': () => equal(scaleOf(GRID), { low: -1, high: 1 }),
  'attention goes from 0 to 1': () => equal(scaleOf({ ...GRID, kind: 'attention', diverging: false, values: [[0.2, 0.3]] }), { low: 0, high: 1 }),
  'a grid without values yet has a scale': () => ok(Number.isFinite(scaleOf({ ...GRID, values: [[null]] }).high), 'none'),
  'heads with a change that is on are found': () => equal(changedHeads([
    { on: true, point: 'blocks.3.attn.hook_z', head: 2, change: 'zero' }, { on: false, point: 'blocks.3.attn.hook_z', head: 1, change: 'zero' },
    { on: true, point: 'blocks.10.attn.hook_pattern', head: 0, change: 'freeze' }, { on: true, point: 'blocks.3.hook_mlp_out', change: 'zero' },
  ]), { '3.2': ['zero'], '10.0': ['freeze'] }),
  'cells that are old are faded, values without a number have none': () => {
    const look = headLook(GRID, BLANK, at, LIGHT);
    equal([look(0, 0).faded, look(1, 0).faded, look(0, 0).text, look(0, 1).text], [false, true, '+0.50', '']);
    equal(look(1, 0).fill, LIGHT.DIVERGING[0]);
  },
  'interventions and the circuit mark their cells': () => {
    const look = headLook(GRID, { ...BLANK, nodes: ['a1.h1'], interventions: [{ on: true, point: 'blocks.0.attn.hook_z', head: 0, change: 'zero' }] }, at, LIGHT);
    equal([look(0, 0).marks.length, look(1, 1).marks.length, look(0, 1).marks.length], [1, 1, 0]);
  },
  'the numbers are a table of every head, known or not': () => {
    equal(headTable(GRID), { columns: ['layer', 'head', 'share'], rows: [[0, 0, 0.5], [0, 1, null], [1, 0, null], [1, 1, 0]] });
    equal(headTable({ ...GRID, kind: 'attention', sources: [[3, null], [1, 0]] }).rows[0], [0, 0, 0.5, 3]);
  },
};
