// Starts the page: asks what the model is, puts the panels to work, keeps state and URL the same.

import { mountAttention } from './attention.js';
import { createApi, sleep, Unreachable } from './api.js';
import { mountCircuit } from './circuit.js';
import { mountExport } from './export.js';
import { mountHeads } from './heads.js';
import { mountInterventions } from './interventions.js';
import { mountLens } from './lens.js';
import { mountMetric } from './metric.js';
import { mountOv } from './ov.js';
import { mountPredictions } from './predictions.js';
import { mountPrompt } from './prompt.js';
import { createSession } from './session.js';
import { createStore, decode, linkToUrl } from './state.js';
import { bannerOf, mountStatus } from './status.js';
import { mountWaterfall } from './waterfall.js';

const find = (id) => document.getElementById(id);

/** The id of the server process: hears of a new one. */
function watchInstance(onRestart) {
  let known = null;
  return (instance) => {
    const restarted = known !== null && instance !== known;
    known = instance;
    if (restarted) onRestart();
  };
}

/** Time from a choice to the paint that shows its answer, as a measure that the browser keeps. */
function measureAnswers(store, session) {
  let asked = 0;
  store.subscribe(() => { asked = performance.now(); });
  session.on('view', ({ view, stale }) => {
    if (!view || stale || !asked) return;
    const start = asked;
    asked = 0;
    requestAnimationFrame(() => setTimeout(() => {
      performance.clearMeasures('loupe-answer');
      performance.measure('loupe-answer', { start, end: performance.now() });
      find('main').dataset.answered = (performance.now() - start).toFixed(1);
    }));
  });
}

function describe(model) {
  find('model').textContent = `${model.model} · ${model.layers} layers × ${model.heads} heads · d_model ${model.dModel} · vocabulary ${model.vocabulary.toLocaleString('en-US')}`;
  document.title = `Loupe explorer: ${model.model}`;
}

async function start() {
  let session = null;
  const onRestart = () => {
    if (!session) return;
    session.now.restarted = true;
    setTimeout(async () => {
      session.restart();
      try {
        const { model: name, layers, heads } = await api.json('model');
        // Another model has other layers and points: the page begins anew, with the same link.
        if (name !== session.model.model || layers !== session.model.layers || heads !== session.model.heads) location.reload();
      } catch { /* the view asks as well and says what is wrong */ }
    });
  };
  const api = createApi({ onInstance: watchInstance(onRestart) });
  let model = null;
  const banner = find('banner');
  while (!model) {
    try {
      model = await api.json('model');
    } catch (error) {
      banner.textContent = error instanceof Unreachable ? bannerOf({ gone: true }) : error.message;
      banner.classList.add('shown', 'problem');
      await sleep(1500);
    }
  }
  banner.textContent = '';
  banner.classList.remove('shown', 'problem');
  describe(model);

  const opened = decode(location.hash);
  const store = createStore({ ...opened, layer: Math.min(opened.layer, model.layers - 1), head: Math.min(opened.head, model.heads - 1) });
  session = createSession({ api, store, model });
  const prompt = mountPrompt(find('prompt'), session);
  mountMetric(find('metric-line'), session);
  mountHeads(find('heads-panel'), session);
  mountInterventions(find('interventions-panel'), session);
  mountAttention(find('attention-panel'), session);
  mountPredictions(find('predictions-panel'), session);
  mountOv(find('ov-panel'), session);
  mountLens(find('lens-panel'), session);
  mountWaterfall(find('attribution-panel'), session);
  mountCircuit(find('circuit-panel'), session);
  mountExport(find('page-tools'), session);
  measureAnswers(store, session);
  mountStatus(find('main'), banner, session);
  linkToUrl(store, { history, location, addEventListener: (...listener) => window.addEventListener(...listener) });

  // The fragment is the state: a jump within the page must not become one.
  find('skip').addEventListener('click', (event) => { event.preventDefault(); find('main').focus(); });

  const empty = !location.hash.replace(/^#/, '');
  find('main').dataset.ready = 'true';
  if (empty) {
    await prompt.begin();
  } else {
    prompt.paint();
    session.start();
  }
}

start();
