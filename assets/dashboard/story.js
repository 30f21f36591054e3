// Describes a recovery in plain sentences. A pure function of its record.
import { bytes, counted, duration, list, sentence } from './format.js';

export const outcomes = {
  pending: { word: 'In progress', level: 'working', icon: 'working' },
  recovered: { word: 'Recovered', level: 'ok', icon: 'check' },
  healed: { word: 'Healed', level: 'ok', icon: 'check' },
  replay_failed: { word: 'Replay failed', level: 'bad', icon: 'bad' },
  unload_failed: { word: 'Unload failed', level: 'bad', icon: 'bad' },
  no_candidate: { word: 'Nothing to unload', level: 'attention', icon: 'attention' },
  busy_timeout: { word: 'All stayed busy', level: 'attention', icon: 'attention' },
  futile: { word: 'Does not fit', level: 'attention', icon: 'attention' },
  not_replayable: { word: 'Not replayed', level: 'attention', icon: 'attention' },
  observed: { word: 'Observed only', level: 'info', icon: 'eye' },
  client_gone: { word: 'Client disconnected', level: 'info', icon: 'leave' },
};

export const decisions = {
  unload: 'chosen for unloading',
  wanted: 'kept: the request needs it',
  pinned: 'kept: it is pinned',
  named: 'kept: no request can load it again under its own name',
  remote: 'kept: it is on another machine',
  busy_here: 'kept: a request through secondwind uses it',
  busy_there: 'kept: LM Studio reports that it is busy',
  resident: 'kept: it was loaded a moment ago, and is in use',
  not_needed: 'kept: the others are enough',
  not_enough: 'kept: unloading it would not be enough',
  unrelated: 'kept: the error has nothing to do with it',
};

const first_answer = "The client got LM Studio's own response, unchanged.";

const refusals = {
  load_refused: (model) => `${model} did not fit into memory`,
  insufficient_memory: (model) => `Memory ran out while ${model} worked`,
  suspected_memory: (model) =>
    `${model} failed to load, probably because there is not enough memory`,
  cache_corruption: (model) => `${model} had a corrupt cache`,
  unloaded_in_flight: (model) => `${model} was unloaded during the request`,
  model_crash: (model) => `${model} crashed`,
};

function refusal({ verdict, model }) {
  const name = model || 'The model';
  return (refusals[verdict] ?? ((which) => `${which} failed`))(name);
}

const unloaded_ids = (record) => record.unloads.filter((unload) => unload.done).map(({ id }) => id);

function short_end(record) {
  const unloaded = unloaded_ids(record);
  const names = unloaded.length > 2 ? `${unloaded.length} instances` : list(unloaded);
  const freed =
    unloaded.length > 0
      ? `${names} ${unloaded.length > 1 ? 'were' : 'was'} unloaded`
      : 'nothing was unloaded';
  switch (record.outcome) {
    case 'pending':
      return record.finished
        ? `${freed}, and the request is being sent again`
        : 'memory is being freed';
    case 'recovered':
      return `${freed}, and the second attempt succeeded`;
    case 'healed':
      return `${freed} for the next request`;
    case 'replay_failed':
      return `${freed}, but the second attempt failed too`;
    case 'unload_failed':
      return 'LM Studio did not unload the chosen models';
    case 'busy_timeout':
      return 'all models that could be unloaded stayed busy';
    case 'futile':
      return 'it is known not to fit, so no model was unloaded for it';
    case 'not_replayable':
      return `${freed}, and the request could not be sent again`;
    case 'observed':
      return 'the recovery mode is "observe", so nothing was done';
    case 'client_gone':
      return `${freed}, but the client disconnected`;
    default:
      return freed;
  }
}

// When the attempt began that got the answer.
const sent_again_ms = ({ steps }) => steps.findLast(({ step }) => step === 'replaying')?.at_ms ?? 0;

const ends = {
  recovered: (r) =>
    `The request was sent again ${duration(sent_again_ms(r) / 1000)} after the error, and LM Studio ` +
    'answered it. The client got one normal response.',
  healed: () =>
    'The response had already started, so it could not be replayed. The next request has room.',
  replay_failed: () =>
    'The request was sent again and failed again. The client got the second response.',
  unload_failed: () => `LM Studio did not unload the chosen models. ${first_answer}`,
  no_candidate: () => first_answer,
  busy_timeout: () => `No model became idle within recovery.busy_wait. ${first_answer}`,
  futile: () =>
    `The model is known not to fit even alone, so no model was unloaded. ${first_answer}`,
  not_replayable: () =>
    `The body of the request was too large to be kept, so it was not sent again. ${first_answer}`,
  observed: () => `The recovery mode is "observe", so nothing was done. ${first_answer}`,
  client_gone: () => 'The client disconnected before its request could be sent again.',
};

const reasons = {
  nothing_loaded: 'No other model was loaded, so there was nothing to unload.',
  all_pinned:
    'Every other instance is pinned (recovery.pinned), has a name of its own or is on another ' +
    'machine, so nothing could be unloaded.',
  all_busy: 'All models that could be unloaded were busy.',
  too_large: 'The model does not fit, even with everything unloaded that may be.',
  loaded: 'The model was loaded by then, so nothing had to be unloaded.',
  not_curable: 'Unloading models does not fix this error.',
};

function how_it_went(record) {
  const sentences = [];
  if (record.trigger.after_commit)
    sentences.push('The response had already started, so the client saw the error.');
  else sentences.push('secondwind did not send this response to the client.');
  const reason = reasons[record.plan.reason];
  const planned = record.steps.some(({ step }) => step === 'planned');
  if (planned && reason) sentences.push(reason);
  if (record.steps.some(({ step }) => step === 'waiting'))
    sentences.push('It waited until one of them was idle.');
  for (const unload of record.unloads)
    if (unload.done)
      sentences.push(`It unloaded ${unload.id} in ${duration(unload.duration_ms / 1000)}.`);
    else if (unload.error)
      sentences.push(`${unload.id} was not unloaded: ${sentence(unload.error)}`);
    else sentences.push(`It is asking LM Studio to unload ${unload.id}.`);
  for (const reload of record.reloads)
    if (reload.done)
      sentences.push(`It loaded ${reload.id} again in ${duration(reload.duration_ms / 1000)}.`);
    else sentences.push(`${reload.id} was not loaded again: ${sentence(reload.error)}`);
  const refused = record.steps.filter(({ step }) => step === 'refused').length;
  if (refused > 0)
    sentences.push(`LM Studio refused the request ${counted(refused, 'more time')}.`);
  if (record.joined > 0)
    sentences.push(
      `${counted(record.joined, 'other request')} failed during this recovery and shared it.`,
    );
  if (record.error) sentences.push(sentence(record.error));
  const end = ends[record.outcome];
  if (end) sentences.push(end(record));
  else
    sentences.push(
      record.finished ? 'The request is being sent again.' : 'The recovery is still running.',
    );
  if (record.replays.length > 1) {
    const tally = new Map();
    for (const { outcome } of record.replays) tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    const parts = [...tally].map(
      ([outcome, n]) => `${n} × ${(outcomes[outcome]?.word ?? outcome).toLowerCase()}`,
    );
    sentences.push(`${record.replays.length} requests waited for it: ${list(parts)}.`);
  }
  return sentences;
}

// The activity between a step and the next one.
const phase_after = {
  began: 'listing',
  listed: 'planning',
  planned: 'planning',
  waiting: 'waiting',
  unloading: 'unloading',
  unloaded: 'checking',
  verified: 'checking',
  replaying: 'replaying',
  refused: 'planning',
  finished: 'replaying',
};

// The duration of each phase, in chronological order.
function phases(steps) {
  const spent = new Map();
  for (let at = 0; at + 1 < steps.length; ++at) {
    const name = phase_after[steps[at].step];
    if (!name) continue;
    spent.set(name, (spent.get(name) ?? 0) + steps[at + 1].at_ms - steps[at].at_ms);
  }
  return [...spent].map(([name, ms]) => ({ name, ms }));
}

// Describes a record: `headline` is one sentence, `opening` introduces LM Studio's error message
// (`quote`, may be empty), and `sentences` follow it. `instances` and `phases` are lists.
export function describe(record) {
  const { trigger } = record;
  const whose = trigger.model ? ` for ${trigger.model}` : '';
  return {
    ...(outcomes[record.outcome] ?? { ...outcomes.pending, word: record.outcome }),
    headline: `${refusal(trigger)}; ${short_end(record)}.`,
    opening:
      `LM Studio on the host ${record.host} refused a request to ${trigger.path}${whose}` +
      (trigger.message ? ':' : '.'),
    quote: trigger.message,
    sentences: how_it_went(record),
    instances: record.plan.instances.map(({ id, size_bytes, decision }) => ({
      id,
      size: size_bytes > 0 ? bytes(size_bytes) : '',
      unloads: decision === 'unload',
      decision: decisions[decision] ?? decision,
    })),
    phases: phases(record.steps),
  };
}
