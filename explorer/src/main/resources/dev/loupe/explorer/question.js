// What is asked of the server, out of the state; and names of places in the model.

const MLP_POINTS = ['pre', 'pre_linear', 'post'];
const ATTENTION_POINTS = ['q', 'k', 'v', 'rot_q', 'rot_k', 'attn_scores', 'pattern', 'z', 'result'];
const HEADLESS = ['normalized', 'scale'];

/** A kind of hook point in words: attn.hook_z is z, hook_resid_pre resid_pre, ln1.hook_scale ln1.scale. */
export function shortPoint(name) {
  const [, kind] = /^(?:blocks\.\d+\.)?(.*)$/.exec(name);
  return kind.replace(/^attn\./, '').replace(/^mlp\.hook_(?=pre|post)/, '').replace('hook_', '');
}

/** The full name of a kind of point in a layer; a name that is whole already stays. */
export function fullPoint(kind, layer) {
  if (kind.startsWith('blocks.')) return kind.replace(/^blocks\.(\d+|L)\./, `blocks.${layer}.`);
  if (['embed', 'pos_embed'].includes(kind)) return `hook_${kind}`;
  if (kind.startsWith('ln_final')) return kind.includes('hook_') ? kind : kind.replace('ln_final.', 'ln_final.hook_');
  if (kind.includes('hook_')) return /^hook_(pos_)?embed$/.test(kind) ? kind : `blocks.${layer}.${kind}`;
  if (ATTENTION_POINTS.includes(kind)) return `blocks.${layer}.attn.hook_${kind}`;
  if (MLP_POINTS.includes(kind)) return `blocks.${layer}.mlp.hook_${kind}`;
  const norm = /^(ln[12])\.(.*)$/.exec(kind);
  if (norm && HEADLESS.includes(norm[2])) return `blocks.${layer}.${norm[1]}.hook_${norm[2]}`;
  return `blocks.${layer}.hook_${kind}`;
}

/** The layer of a full name, or null where it has none. */
export function layerOf(point) {
  const found = /^blocks\.(\d+)\./.exec(point);
  return found ? Number(found[1]) : null;
}

/** Whether the point has a head to choose. */
export function hasHeads(point) {
  return ATTENTION_POINTS.includes(shortPoint(point)) || /_input$/.test(point);
}

/** How many heads the point has: keys and values may be shared by several heads. */
export function headsOf(point, model) {
  return /^(k|v|rot_k|k_input|v_input)$/.test(shortPoint(point)) ? model.keyValueHeads ?? model.heads : model.heads;
}

export const zPoint = (layer) => `blocks.${layer}.attn.hook_z`;
export const headNode = (layer, head) => `a${layer}.h${head}`;

/** The intervention that switches a head off or patches it. */
export function headChange(layer, head, change) {
  return { on: true, point: zPoint(layer), head, at: 'all', change };
}

const same = (one, other) => one.point === other.point && one.head === other.head && one.change === other.change;

/** Whether a head is changed so, and on. */
export function isHeadChanged(interventions, layer, head, change) {
  return interventions.some((i) => i.on && same(i, headChange(layer, head, change)));
}

/** Add a change of a head, switch it on if it is off, or take it away; another change of it makes room. */
export function toggleHead(interventions, layer, head, change) {
  const wanted = headChange(layer, head, change);
  if (isHeadChanged(interventions, layer, head, change)) return interventions.filter((i) => !same(i, wanted));
  const others = interventions.filter((i) => !(i.point === wanted.point && i.head === head && ['zero', 'patch'].includes(i.change)));
  return [...others, wanted];
}

/** Add a node to a circuit or take it away. */
export function toggleNode(nodes, node) {
  return nodes.includes(node) ? nodes.filter((n) => n !== node) : [...nodes, node];
}

export function toQuestion(state) {
  const { clean, corrupted, answer, wrong, positions, metric, direction, at, layer, head, interventions } = state;
  return { clean, corrupted, answer, wrong, positions, metric, direction, at, layer, head, interventions };
}

const prompts = ({ clean, corrupted, answer, wrong, positions, metric, direction }) =>
  [clean, corrupted, answer, wrong, positions, metric, direction];

/** Interventions that are on, which alone change a run. */
export const active = (state) => state.interventions.filter((i) => i.on);

/** Two states with the same key have the same grid. */
export function gridKey(state) {
  const where = state.grid === 'attention' ? [state.at] : [];
  const how = state.grid === 'ablation' ? [state.change] : [];
  return JSON.stringify([state.grid, how, where, prompts(state), active(state)]);
}

/** Two states with the same key have the same circuit. */
export function circuitKey(state) {
  return JSON.stringify([state.nodes, state.ablation, prompts(state)]);
}
