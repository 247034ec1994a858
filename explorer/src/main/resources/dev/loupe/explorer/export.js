// Taking things away: each view as SVG, PNG, CSV and JSON, the interventions as a study, the circuit, the link.

import { toCsv, toObjects } from './csv.js';
import { el, say } from './dom.js';
import { toQuestion } from './question.js';
import { pngBlob, standalone, svgText } from './svg.js';

/** Let the browser save a file. */
export function save(content, file, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  const link = el('a', { href: url, download: file });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** The contents of a file of what a view provides: { title, words, drawing, table, json }. */
export async function fileOf(provided, kind, name) {
  const file = `loupe-${name}.${kind}`;
  if (kind === 'csv') return { content: toCsv(provided.table), file, type: 'text/csv;charset=utf-8' };
  if (kind === 'json') {
    const { title, words, json, table } = provided;
    return { content: `${JSON.stringify({ title, words, values: json, rows: toObjects(table) }, null, 2)}\n`, file, type: 'application/json' };
  }
  const drawing = standalone(provided.drawing(), provided.title, provided.words);
  return kind === 'svg'
    ? { content: svgText(drawing), file, type: 'image/svg+xml' }
    : { content: await pngBlob(drawing), file, type: 'image/png' };
}

/** A menu that closes with Escape, with a choice, and when the focus leaves it. */
export function menu(text, name, entries, id) {
  const list = el('div', { class: 'menu-list' }, ...entries.map(({ id: entry, text: words, act }) =>
    el('button', { type: 'button', id: entry, 'data-export': entry.split('-').pop(), onclick: async () => {
      details.open = false;
      summary.focus();
      await act();
    } }, words)));
  const summary = el('summary', { class: 'tool', 'aria-label': name }, text);
  const details = el('details', { class: 'menu', id }, summary, list);
  details.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && details.open) { details.open = false; summary.focus(); event.stopPropagation(); }
  });
  details.addEventListener('focusout', (event) => { if (!details.contains(event.relatedTarget)) details.open = false; });
  return details;
}

/** Put the export menu of a view into its header; provide() is null where there is nothing yet. */
export function offer(section, name, provide) {
  const act = (kind) => async () => {
    const provided = provide();
    if (!provided) { tell('There is nothing to export yet.', true); return; }
    try {
      const { content, file, type } = await fileOf(provided, kind, name);
      save(content, file, type);
      tell(`Saved ${file}.`);
    } catch (error) {
      tell(`The export failed: ${error.message}`, true);
    }
  };
  section.querySelector('.panel-head').append(menu('Export', `Export ${name}`,
    ['svg', 'png', 'csv', 'json'].map((kind) => ({ id: `export-${name}-${kind}`, text: kind.toUpperCase(), act: act(kind) })), `export-${name}`));
}

let clearing = 0;

/** A short message at the foot of the page. */
export function tell(text, bad = false) {
  const toast = document.getElementById('toast');
  toast.textContent = text;
  toast.classList.toggle('problem', bad);
  toast.hidden = false;
  say(text);
  clearTimeout(clearing);
  clearing = setTimeout(() => { toast.hidden = true; }, bad ? 8000 : 3500);
}

/** The menu of the whole page. */
export function mountExport(box, { store, api, now }) {
  const served = (path, more) => async () => {
    try {
      const { file, text } = await api.json(path, { body: { ...toQuestion(store.get()), ...more() } });
      save(text, file, file.endsWith('.json') ? 'application/json' : 'text/yaml');
      tell(`Saved ${file}.`);
    } catch (error) {
      tell(error.message, true);
    }
  };
  const everything = async () => {
    if (!now.view) { tell('There is nothing to export yet.', true); return; }
    if (now.stale || now.problem) { tell('What is shown is of the state before: export when the model has answered.', true); return; }
    const { view, question, grid, circuit } = now;
    save(`${JSON.stringify({ question, view, grid: grid && { ...grid, fresh: undefined, values: grid.values.map((row, layer) => row.map((value, head) => (grid.fresh[layer][head] ? value : null))) }, circuit }, null, 2)}\n`, 'loupe-explorer.json', 'application/json');
    tell('Saved loupe-explorer.json.');
  };
  const link = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      tell('The link to this view is copied.');
    } catch {
      tell('The browser does not let the page copy: take the link from the address bar.', true);
    }
  };
  box.append(menu('Export', 'Export this view', [
    { id: 'export-all-link', text: 'Copy the link', act: link },
    { id: 'export-all-study', text: 'Interventions as a study (loupe run)', act: served('export/study', () => ({})) },
    { id: 'export-all-circuit', text: 'Circuit as JSON', act: served('export/circuit', () => ({ nodes: store.get().nodes, ablation: store.get().ablation })) },
    { id: 'export-all-numbers', text: 'All numbers as JSON', act: everything },
  ], 'export-all'));
}
