// Whether all is well, in one sentence; a function of what is known.
import { ago, counted, list } from './format.js';
import { outcomes, tell } from './story.js';

// While it does not answer: what it last said of itself holds no longer.
export const unreachable = {
  level: 'unknown',
  icon: 'unknown',
  sentence: 'Whether all is well is not known: secondwind does not answer.',
  remarks: ['It tries again by itself. What follows is what was last heard.'],
};

// How long a recovery that did not help is worth a word.
const recent_s = 15 * 60;

const is_or_are = (n) => (n === 1 ? 'is' : 'are');

function of_hosts(hosts) {
  const down = hosts.filter((host) => host.state === 'down');
  const names = list(down.map((host) => host.name));
  if (down.length === hosts.length)
    return {
      level: 'bad',
      icon: 'bad',
      sentence:
        hosts.length === 1
          ? `The host ${names} is down: LM Studio does not answer.`
          : `No host is up: LM Studio answers on none of ${names}.`,
    };
  if (down.length > 0)
    return {
      level: 'attention',
      icon: 'attention',
      sentence: `${down.length} of ${hosts.length} hosts ${is_or_are(down.length)} down: ${names}.`,
    };
  return null;
}

function at_ease({ exchanges_total: n }, hosts) {
  const all = hosts.length === 1 ? `The host ${hosts[0].name} is` : `All ${hosts.length} hosts are`;
  const busy =
    n > 0 ? `${counted(n, 'request')} ${is_or_are(n)} in flight` : 'nothing is in flight';
  const known = hosts.every((host) => host.state === 'up');
  return {
    level: 'ok',
    icon: 'check',
    sentence: known ? `All is well. ${all} up, and ${busy}.` : `All is well so far, and ${busy}.`,
  };
}

// `recoveries` newest first, `since(time)` the seconds since then. Null while nothing is known.
export function judge(status, hosts, recoveries, since) {
  if (!status) return null;
  const known = hosts ?? [];
  const remarks = [];
  let verdict = known.length > 0 ? of_hosts(known) : null;

  const running = recoveries.find((record) => record.outcome === 'pending');
  if (status.draining)
    verdict = {
      level: 'attention',
      icon: 'leave',
      sentence: 'secondwind is draining: it ends what it has begun and takes no new request.',
    };
  else if (!verdict && (running || known.some((host) => host.recovering))) {
    const host = running?.host ?? known.find((each) => each.recovering).name;
    verdict = {
      level: 'working',
      icon: 'working',
      sentence: `A recovery is going on at the host ${host}; its requests wait for it.`,
    };
  }
  verdict ??=
    known.length > 0
      ? at_ease(status, known)
      : {
          level: 'unknown',
          icon: 'unknown',
          sentence: 'secondwind runs. Asking how its hosts are.',
        };

  for (const host of known)
    if (host.state === 'down' && host.why) remarks.push(`${host.name}: ${host.why}`);
  if (status.recovery.mode === 'off')
    remarks.push('Recovery is off: what LM Studio refuses goes to the client as it is.');
  if (status.recovery.mode === 'observe')
    remarks.push('Recovery only observes: it decides, and does nothing.');
  const last = recoveries[0];
  if (last && last.outcome !== 'pending' && since(last.time) < recent_s) {
    const { level } = outcomes[last.outcome] ?? outcomes.pending;
    const helpless = level === 'bad' || level === 'attention';
    if (helpless && verdict.level === 'ok')
      verdict = {
        level: 'attention',
        icon: 'attention',
        sentence: `The hosts are up, but the last recovery, ${ago(since(last.time))}, was in vain.`,
      };
    remarks.push(`Last recovery, ${ago(since(last.time))}: ${tell(last).headline}`);
  }
  return { ...verdict, remarks };
}
