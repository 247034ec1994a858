import { drawPredictions, merge, points, predictionTable } from '/assets/predictions.js';
import { LIGHT } from '/assets/palette.js';
import { close, equal } from './check.js';

const token = (id, probability) => ({ id, text: ` t${id}`, probability, logit: id });
const RUNS = { clean: [token(1, 0.7), token(2, 0.2)], corrupted: [token(2, 0.6), token(3, 0.1)], intervened: [token(2, 0.5), token(1, 0.4)] };

export const tests = {
  'each token stands once, in the order of the intervened run': () => equal(merge(RUNS, 'clean').map(({ id }) => id), [2, 1, 3]),
  'without interventions the clean run decides': () => equal(merge({ clean: RUNS.clean, corrupted: RUNS.corrupted }, 'clean').map(({ id }) => id), [1, 2, 3]),
  'the change is against the run that interventions change': () => {
    close(merge(RUNS, 'clean').find(({ id }) => id === 2).change, 0.3);
    close(merge(RUNS, 'corrupted').find(({ id }) => id === 2).change, -0.1);
  },
  'where a number is missing there is no change, not a zero': () => {
    equal(merge(RUNS, 'corrupted').find(({ id }) => id === 1).change, undefined);
    equal('clean' in merge(RUNS, 'clean').find(({ id }) => id === 3), false);
  },
  'no more rows than asked for, the likeliest of any run': () => equal(merge(RUNS, 'clean', 2).map(({ id }) => id), [2, 1]),
  'points have digits where they are small': () => equal([points(-0.314), points(0.031), points(0)], ['−31', '+3.1', '0.0']),
  'the drawing has a bar for each number': () => equal(drawPredictions(merge(RUNS, 'clean'), ['clean', 'corrupted', 'intervened'], LIGHT).node.querySelectorAll('rect').length, 6),
  'the table has every run': () => equal(predictionTable(RUNS).rows.map(([run, rank, id]) => [run, rank, id]),
    [['clean', 1, 1], ['clean', 2, 2], ['corrupted', 1, 2], ['corrupted', 2, 3], ['intervened', 1, 2], ['intervened', 2, 1]]),
};
