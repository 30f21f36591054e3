// Tells a recovery in plain sentences; a function of its record.
import { bytes, counted, duration, list, sentence } from './format.js';

export const outcomes = {
  pending: { word: 'Going on', level: 'working', icon: 'working' },
  recovered: { word: 'Recovered', level: 'ok', icon: 'check' },
  healed: { word: 'Healed', level: 'ok', icon: 'check' },
  replay_failed: { word: 'Replay failed', level: 'bad', icon: 'bad' },
  unload_failed: { word: 'Unload failed', level: 'bad', icon: 'bad' },
  no_candidate: { word: 'Nothing to unload', level: 'attention', icon: 'attention' },
  busy_timeout: { word: 'All stayed busy', level: 'attention', icon: 'attention' },
  futile: { word: 'Known not to fit', level: 'attention', icon: 'attention' },
  observed: { word: 'Observed only', level: 'info', icon: 'eye' },
  client_gone: { word: 'Client left', level: 'info', icon: 'leave' },
};

const fates = {
  taken: 'chosen to go',
  wanted: 'stayed: the request needs it',
  pinned: 'stayed: it is pinned',
  busy_here: 'stayed: a request through secondwind uses it',
  busy_there: 'stayed: LM Studio says that it is busy',
  not_needed: 'stayed: the others were enough',
  not_enough: 'stayed: too little as long as the busy ones stay',
  unrelated: 'stayed: the error has nothing to do with it',
};

const first_answer = "The client got LM Studio's own answer, unchanged.";

const refusals = {
  insufficient_memory: (model) => `${model} did not fit into memory`,
  suspected_memory: (model) => `${model} failed to load, probably for lack of memory`,
  cache_corruption: (model) => `${model} had a corrupt cache`,
  unloaded_in_flight: (model) => `${model} was unloaded under its request`,
  model_crash: (model) => `${model} crashed`,
};

function refusal({ verdict, model }) {
  const name = model || 'The model';
  return (refusals[verdict] ?? ((which) => `${which} failed`))(name);
}

const victims = (record) => record.unloads.filter((unload) => unload.done).map(({ id }) => id);

function short_end(record) {
  const gone = victims(record);
  const names = gone.length > 2 ? `${gone.length} instances` : list(gone);
  const freed =
    gone.length > 0
      ? `${names} ${gone.length > 1 ? 'were' : 'was'} unloaded`
      : 'nothing was unloaded';
  switch (record.outcome) {
    case 'pending':
      return record.finished ? `${freed}, and the request is sent again` : 'memory is being freed';
    case 'recovered':
      return `${freed}, and the second try was answered`;
    case 'healed':
      return `${freed} for the next request`;
    case 'replay_failed':
      return `${freed}, but the second try failed too`;
    case 'unload_failed':
      return 'LM Studio did not unload what was to go';
    case 'busy_timeout':
      return 'everything that could go stayed busy';
    case 'futile':
      return 'it is known not to fit, so nobody had to go for it';
    case 'observed':
      return 'recovery only observes, so nothing was done';
    case 'client_gone':
      return `${freed}, and its client left meanwhile`;
    default:
      return freed;
  }
}

const ends = {
  recovered: (r) =>
    `The request was sent again ${duration(r.took_ms / 1000)} after the refusal, and LM Studio ` +
    'answered it. The client saw one normal answer.',
  healed: () => 'The answer had begun, so it could not be repeated. The next request finds room.',
  replay_failed: () =>
    'The request was sent again and failed again. The client got that second answer.',
  unload_failed: () => `LM Studio did not unload what was to go. ${first_answer}`,
  no_candidate: () => first_answer,
  busy_timeout: () => `Nobody became idle within recovery.busy_wait. ${first_answer}`,
  futile: () => `The model is known not to fit even alone, so nobody had to go. ${first_answer}`,
  observed: () => `Recovery only observes, so nothing was done. ${first_answer}`,
  client_gone: () => 'The client left before its request could be sent again.',
};

const reasons = {
  nothing_loaded: 'No other model was loaded, so there was nothing to unload.',
  all_pinned: 'Every other instance is pinned (recovery.pinned), so nothing could be unloaded.',
  all_busy: 'Everything that could go was busy.',
  not_curable: 'No unload would have cured this.',
};

function how_it_went(record) {
  const told = [];
  if (record.trigger.after_commit) told.push('The answer had begun, so the client saw the error.');
  else told.push('secondwind held that answer back from the client.');
  const reason = reasons[record.plan.reason];
  const planned = record.steps.some(({ step }) => step === 'planned');
  if (planned && reason) told.push(reason);
  if (record.steps.some(({ step }) => step === 'waiting'))
    told.push('It waited for one of them to become idle.');
  for (const unload of record.unloads)
    if (unload.done) told.push(`It unloaded ${unload.id} in ${duration(unload.took_ms / 1000)}.`);
    else if (unload.why_not)
      told.push(`${unload.id} was not unloaded: ${sentence(unload.why_not)}`);
    else told.push(`It asks LM Studio to unload ${unload.id}.`);
  if (record.joined > 0)
    told.push(
      `${counted(record.joined, 'other request')} failed meanwhile and shared this recovery.`,
    );
  if (record.why_not) told.push(sentence(record.why_not));
  const end = ends[record.outcome];
  if (end) told.push(end(record));
  else told.push(record.finished ? 'The request is on its way again.' : 'It still goes on.');
  if (record.replays.length > 1) {
    const tally = new Map();
    for (const { outcome } of record.replays) tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    const parts = [...tally].map(
      ([outcome, n]) => `${n} × ${(outcomes[outcome]?.word ?? outcome).toLowerCase()}`,
    );
    told.push(`Of ${record.replays.length} requests that awaited it: ${list(parts)}.`);
  }
  return told;
}

// What was going on from one step to the next.
const phase_after = {
  began: 'listing',
  listed: 'planning',
  planned: 'planning',
  waiting: 'waiting',
  unloading: 'unloading',
  unloaded: 'checking',
  verified: 'checking',
  finished: 'replaying',
};

// How long each part took, in the order in which they came.
function phases(steps) {
  const spent = new Map();
  for (let at = 0; at + 1 < steps.length; ++at) {
    const name = phase_after[steps[at].step];
    if (!name) continue;
    spent.set(name, (spent.get(name) ?? 0) + steps[at + 1].at_ms - steps[at].at_ms);
  }
  return [...spent].map(([name, ms]) => ({ name, ms }));
}

// The story of a record: `headline` in one sentence, `opening` before LM Studio's words (`quote`,
// may be empty), `told` after them, `instances` with their fate, `phases` with their length.
export function tell(record) {
  const { trigger } = record;
  const whose = trigger.model ? ` for ${trigger.model}` : '';
  return {
    ...(outcomes[record.outcome] ?? { ...outcomes.pending, word: record.outcome }),
    headline: `${refusal(trigger)}; ${short_end(record)}.`,
    opening:
      `LM Studio on the host ${record.host} refused a request to ${trigger.path}${whose}` +
      (trigger.message ? ':' : '.'),
    quote: trigger.message,
    told: how_it_went(record),
    instances: record.plan.instances.map(({ id, size_bytes, fate }) => ({
      id,
      size: size_bytes > 0 ? bytes(size_bytes) : '',
      taken: fate === 'taken',
      fate: fates[fate] ?? fate,
    })),
    phases: phases(record.steps),
  };
}
