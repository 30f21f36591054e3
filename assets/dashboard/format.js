// Formats numbers, times and names for people.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const count = (n) => number.format(n);

// "1 request", "3 requests".
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

function scaled(n, step, units) {
  let at = 0;
  while (Math.abs(n) >= step && at < units.length - 1) {
    n /= step;
    ++at;
  }
  return `${n >= 100 || at === 0 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
}

export const bytes = (n) => scaled(n, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);

// A length of time in seconds: "0.4 ms", "812 ms", "2.4 s", "3 min 12 s", "2 h 5 min".
export function duration(seconds) {
  const ms = seconds * 1000;
  if (ms < 9.95) return `${number.format(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (seconds < 9.95) return `${number.format(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

// The age of something that is still running, in whole seconds so that it does not flicker.
export const age = (seconds) => (seconds < 60 ? `${Math.floor(seconds)} s` : duration(seconds));

export function ago(seconds) {
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${counted(Math.floor(seconds / 86400), 'day')} ago`;
}

export const time_of_day = (date) => clock.format(date);

// The time, with the date if it is not today.
export function moment(date, now) {
  const same_day = date.toDateString() === now.toDateString();
  return same_day ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

// What the lab has measured of a model: "works to 49,152 of 131,072, guardrail, 41 tok/s".
export function measured(lab) {
  if (!lab) return '';
  const range = lab.works ? `works to ${count(lab.works)}` : 'works at no context';
  const facts = [
    lab.works && lab.max ? `${range} of ${count(lab.max)}` : range,
    lab.limited_by === 'model' ? null : lab.limited_by,
    lab.tps ? `${Math.round(lab.tps)} tok/s` : null,
    lab.stale ? 'out of date' : null,
  ];
  return facts.filter(Boolean).join(', ');
}

// The speed at each context that the lab has measured: "48 tok/s at 4,096, 41 at 49,152". Nothing
// for fewer than two.
export function speeds(lab) {
  const points = lab?.curve ?? [];
  if (points.length < 2) return '';
  return points
    .map(({ context, tps }, n) => `${Math.round(tps)}${n ? '' : ' tok/s'} at ${count(context)}`)
    .join(', ');
}

// "a", "a and b", "a, b and c".
export function list(names) {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

// The name of a model without its publisher, for narrow places.
export const short_name = (key) => key.slice(key.lastIndexOf('/') + 1);

// Controls, and marks that have no width or change the direction of text, as visible escapes: a
// name that a client or a host chose must not look like another one. The same marks as in
// src/base/escape.cpp, but for the line end and the tab.
const unseen =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{e0000}-\u{e007f}]/gu;
const escaped = (mark) => {
  const hex = mark.codePointAt(0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
};
export const visible = (text) => text.replace(unseen, escaped);

export const sentence = (text) => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
};

// The URL of the proxy for an app. A wildcard address is replaced by the host name of this page.
export function base_url({ listen, tls }, here = location.hostname) {
  const split = listen.lastIndexOf(':');
  const address = listen.slice(0, split);
  const wildcard = ['0.0.0.0', '[::]', '*', ''].includes(address);
  return `${tls ? 'https' : 'http'}://${wildcard ? here : address}${listen.slice(split)}/v1`;
}
