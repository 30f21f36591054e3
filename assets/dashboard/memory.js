// How much memory the models of a host take, beside the most that is known to have fitted and the
// least that did not. Pure.
import { bytes } from './format.js';

const sum = (sizes) => sizes.reduce((all, size) => all + (size ?? 0), 0);

export const loaded_bytes = ({ models }) =>
  sum(models.flatMap(({ size, instances }) => instances.map(() => size)));

// What was loaded when LM Studio refused a model for lack of memory, and what the model would have
// added to it.
function refused_bytes({ plan, trigger }, models) {
  if (!['load_refused', 'insufficient_memory'].includes(trigger.verdict)) return null;
  const wanted = models.find(({ key }) => key === trigger.model)?.size;
  const instances = plan?.instances ?? [];
  const other = instances.filter(({ model }) => model !== trigger.model);
  return wanted ? { fitted: sum(other.map((each) => each.size_bytes)), wanted } : null;
}

// The totals of a host. `seen` is the largest total that the page has seen loaded.
export function memory_of(host, recoveries, seen = 0) {
  const loaded = loaded_bytes(host);
  let most = Math.max(loaded, seen);
  let refused = null;
  for (const record of recoveries) {
    if (record.host !== host.name) continue;
    const one = refused_bytes(record, host.models);
    if (!one) continue;
    most = Math.max(most, one.fitted);
    const total = one.fitted + one.wanted;
    refused = refused === null ? total : Math.min(refused, total);
  }
  // What fits now was refused for another reason then, such as a larger context.
  if (refused !== null && refused <= most) refused = null;
  return { loaded, most, refused, scale: Math.max(most, refused ?? 0) };
}

export function memory_words({ loaded, most, refused }) {
  const facts = [`${bytes(loaded)} of models loaded`];
  if (most > loaded) facts.push(`${bytes(most)} were loaded at once`);
  if (refused !== null) facts.push(`${bytes(refused)} were refused`);
  return facts.join(', ');
}
