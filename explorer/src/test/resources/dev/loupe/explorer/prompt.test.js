import { notesByField } from '/assets/prompt.js';
import { equal } from './check.js';

const FIELDS = ['clean', 'answer'];
const VIEW = { notes: [{ field: 'clean', text: 'long' }, { field: 'elsewhere', text: 'general' }, { text: 'of all' }] };

export const tests = {
  'notes stand at their field, others for themselves': () =>
    equal(notesByField(VIEW, null, FIELDS), { clean: [{ text: 'long', bad: false }], '': [{ text: 'general', bad: false }, { text: 'of all', bad: false }] }),
  'an error takes their place': () =>
    equal(notesByField(VIEW, { field: 'answer', message: 'two tokens' }, FIELDS), { answer: [{ text: 'two tokens', bad: true }] }),
  'an error without a field is said, too': () => equal(notesByField(null, { field: '', message: 'no' }, FIELDS), { '': [{ text: 'no', bad: true }] }),
  'nothing to say is nothing': () => equal(notesByField(null, null, FIELDS), {}),
};
