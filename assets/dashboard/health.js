// The overall state in one sentence. A pure function of the known data.
import { ago, counted, list } from './format.js';
import { describe, outcomes } from './story.js';

// While secondwind does not answer, its last known state may be wrong.
export const unreachable = {
  level: 'unknown',
  icon: 'unknown',
  sentence: 'secondwind does not answer, so its state is unknown.',
  remarks: ['The page reconnects automatically. It shows the last known state.'],
};

// How long a failed recovery is mentioned.
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
  const draining = list(hosts.filter((host) => host.draining).map((host) => host.name));
  if (draining)
    return {
      level: 'attention',
      icon: 'attention',
      sentence: `No new requests go to hosts that are draining: ${draining}.`,
    };
  const hopeless = hosts.filter((host) => host.recovery_unavailable);
  if (hopeless.length > 0)
    return {
      level: 'attention',
      icon: 'attention',
      sentence: `No recovery can work on ${list(hopeless.map((host) => host.name))}.`,
    };
  if (hosts.every((host) => host.state === 'unknown'))
    return {
      level: 'unknown',
      icon: 'unknown',
      sentence: 'secondwind is running. No host has answered so far.',
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
    sentence: known
      ? `All is well. ${all} up, and ${busy}.`
      : `All is well so far. Not all hosts have been checked yet, and ${busy}.`,
  };
}

// `recoveries` are sorted newest first; `since(time)` returns the seconds since a time. Returns
// null while nothing is known.
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
      sentence: 'secondwind is draining: it finishes its running requests and accepts no new ones.',
    };
  else if (!verdict && (running || known.some((host) => host.recovering))) {
    const host = running?.host ?? known.find((each) => each.recovering).name;
    verdict = {
      level: 'working',
      icon: 'working',
      sentence: `A recovery is running on the host ${host}; requests to this host wait for it.`,
    };
  }
  verdict ??=
    known.length > 0
      ? at_ease(status, known)
      : {
          level: 'unknown',
          icon: 'unknown',
          sentence: 'secondwind is running. Checking its hosts.',
        };

  for (const host of known)
    if (host.state === 'down' && host.reason) remarks.push(`${host.name}: ${host.reason}`);
    else if (host.recovery_unavailable)
      remarks.push(`${host.name}: ${host.recovery_unavailable}; secondwind doctor says what to do`);
  if (status.route_waiting > 0)
    remarks.push(
      `${counted(status.route_waiting, 'request')} ${status.route_waiting === 1 ? 'waits' : 'wait'} for a host below its limit (upstreams[].max_in_flight).`,
    );
  if (status.recovery.mode === 'off')
    remarks.push("Recovery is off: secondwind passes on LM Studio's errors unchanged.");
  if (status.recovery.mode === 'observe')
    remarks.push(
      'The recovery mode is "observe": recoveries are decided and recorded, but nothing is done.',
    );
  const last = recoveries[0];
  if (last && last.outcome !== 'pending' && since(last.time) < recent_s) {
    const { level } = outcomes[last.outcome] ?? outcomes.pending;
    const failed = level === 'bad' || level === 'attention';
    if (failed && verdict.level === 'ok')
      verdict = {
        level: 'attention',
        icon: 'attention',
        sentence: `The hosts are up, but the last recovery failed (${ago(since(last.time))}).`,
      };
    remarks.push(`Last recovery, ${ago(since(last.time))}: ${describe(last).headline}`);
  }
  return { ...verdict, remarks };
}
