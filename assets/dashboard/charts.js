// The last 15 minutes, 6 hours or 7 days as three charts, each with one sentence for screen readers.
import { get } from './api.js';
import { el, find, set_text } from './dom.js';
import { count, counted, duration } from './format.js';
import { poll } from './poll.js';
import uPlot from './vendor/uplot/uPlot.esm.js';

// The first one is in each status; the others are asked for while they are shown. Requests are
// counted per `unit`.
const ranges = [
  { name: '15m', title: '15 minutes', window_s: 900, unit: 'minute' },
  { name: '6h', title: '6 hours', window_s: 21_600, unit: 'minute', every: 30_000 },
  { name: '7d', title: '7 days', window_s: 604_800, unit: 'hour', every: 300_000 },
];
const unit_s = { minute: 60, hour: 3600 };
const height = 112;

const color = (name) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });

// The sum over the minute before each sample; single samples of a few seconds would vary too much.
function per_unit(samples, { interval, unit }, pick) {
  if (interval > 60)
    return samples.map((sample) => Math.round((pick(sample) * unit_s[unit]) / sample.seconds));
  const span = Math.max(1, Math.round(60 / interval));
  let sum = 0;
  return samples.map((sample, at) => {
    sum += pick(sample);
    if (at >= span) sum -= pick(samples[at - span]);
    return sum;
  });
}

// An interval in which secondwind did not run breaks the line.
function with_gaps(times, columns, interval) {
  const out = [[], ...columns.map(() => [])];
  times.forEach((time, at) => {
    const missing = at > 0 && time - times[at - 1] > 1.6 * interval;
    if (missing) [(time + times[at - 1]) / 2, ...columns.map(() => null)].forEach(add);
    [time, ...columns.map((values) => values[at])].forEach(add);
  });
  function add(value, column) {
    out[column].push(value);
  }
  return out;
}

// A value without neighbors makes no line, so it gets a dot.
function lonely(u, series) {
  const values = u.data[series];
  const lone = [];
  for (let at = 0; at < values.length; ++at)
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) lone.push(at);
  return lone;
}

class chart {
  #plot = null;
  #series;
  #format;
  #read;
  #value;
  #picture;
  #note;
  #data = null;
  #now = 0; // the right end of the chart, in seconds since 1970
  #window_s = ranges[0].window_s;
  #title;
  #heading;

  // `title(unit)` is that of the chart. `series` is {name, ink, dash, fill}. `format` formats a
  // value. `read(samples, history)` makes the columns, `say(columns, unit)` the sentence, and
  // `value(columns)` the figure at the top.
  constructor(id, { title, series, format, read, value, say }) {
    this.#title = title;
    this.#heading = el('h3', {}, title(ranges[0].unit));
    this.#series = series;
    this.#format = format;
    this.#read = read;
    this.#value = value;
    this.say = say;
    const holder = find(id);
    this.figure = el('span', { className: 'figure number' });
    this.#note = el('span');
    this.#picture = el('div', { className: 'picture', role: 'img' });
    const legend = series.map(({ name, key }) =>
      el(
        'li',
        {},
        el('span', { className: 'line', data: { line: key }, 'aria-hidden': 'true' }),
        name,
      ),
    );
    holder.append(
      el('div', { className: 'chart-head' }, this.#heading, this.figure),
      el('ul', { className: 'legend' }, ...legend),
      this.#picture,
      el('p', { className: 'chart-note' }, this.#note),
    );
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (this.#plot && width > 0 && width !== this.#plot.width)
        this.#plot.setSize({ width, height });
    }).observe(this.#picture);
    addEventListener('themechange', () => this.#rebuild());
  }

  // `history` has the window and the unit of its range.
  render(history, now) {
    this.#now = now / 1000;
    this.#window_s = history.window_s;
    set_text(this.#heading, this.#title(history.unit));
    const times = history.samples.map(({ time }) => new Date(time) / 1000);
    this.#data = with_gaps(times, this.#read(history.samples, history), history.interval);
    const columns = this.#data.slice(1);
    if (!this.#plot) this.#build();
    this.#plot.setData(this.#data);
    set_text(this.figure, this.#value(columns));
    const label = this.say(columns, history.unit);
    if (this.#picture.getAttribute('aria-label') !== label)
      this.#picture.setAttribute('aria-label', label);
    const any = columns.some((values) => values.some((value) => value !== null));
    set_text(this.#note, any ? '' : 'No data yet.');
  }

  // A chart reads the colors of the theme only when it is built.
  #rebuild() {
    if (!this.#plot) return;
    this.#plot.destroy();
    this.#build();
  }

  #build() {
    const grid = { stroke: color('--line')(), width: 1 };
    const axis = {
      stroke: color('--muted')(),
      font: '11px system-ui, sans-serif',
      grid,
      ticks: { show: false },
    };
    this.#plot = new uPlot(
      {
        width: Math.max(120, Math.floor(this.#picture.clientWidth)),
        height,
        padding: [6, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { range: () => [this.#now - this.#window_s, this.#now] },
          y: { range: (u, low, high) => [0, high > 0 ? high * 1.15 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            gap: 6,
            space: 70,
            values: (u, at) => at.map((t) => this.#when(t)),
          },
          {
            ...axis,
            size: 50,
            gap: 4,
            space: 32,
            values: (u, at) => at.map((value) => this.#format(value)),
          },
        ],
        series: [
          {},
          ...this.#series.map(({ ink, dash, fill }) => ({
            stroke: color(ink)(),
            fill: fill ? color(fill)() : undefined,
            width: 1.5,
            dash,
            points: { size: 4, width: 1, fill: color(ink)(), filter: lonely, show: true },
          })),
        ],
        hooks: { setCursor: [(u) => this.#point(u)] },
      },
      this.#data,
      this.#picture,
    );
  }

  #when(time) {
    return (this.#window_s > 86_400 ? day : clock).format(time * 1000);
  }

  // Shows the value under the pointer instead of the current value.
  #point(u) {
    const at = u.cursor.idx;
    const columns = this.#data.slice(1);
    if (at === null || at === undefined || u.cursor.left < 0) {
      set_text(this.figure, this.#value(columns));
      return;
    }
    const upto = columns.map((values) => values.slice(0, at + 1));
    set_text(this.figure, `${this.#when(this.#data[0][at])}: ${this.#value(upto)}`);
  }
}

const newest = (values) => values.at(-1) ?? null;
const last_known = (values) => values.findLast((value) => value !== null) ?? null;
const highest = (values) => Math.max(0, ...values.filter((value) => value !== null));
const whole = (value) => (Number.isInteger(value) ? count(value) : '');

export class charts {
  #all;
  #range = ranges[0];
  #recent = null; // of the newest status, and its time
  #past = new Map(); // by range: its history, and its time
  #buttons;
  #poll = new poll(
    () => this.#ask(),
    () => this.#range.every ?? null,
  );

  constructor() {
    this.#buttons = ranges.map((range) => {
      const button = el('button', { type: 'button' }, range.title);
      button.addEventListener('click', () => this.#choose(range));
      return button;
    });
    find('ranges').append(...this.#buttons);
    this.#mark();
    const requests = new chart('chart-requests', {
      title: (unit) => `Requests per ${unit}`,
      series: [
        { name: 'all', key: 'main', ink: '--accent', fill: '--accent-soft' },
        { name: 'with an error', key: 'attention', ink: '--attention', dash: [2, 2] },
        { name: 'not served', key: 'bad', ink: '--bad', dash: [4, 3] },
      ],
      format: whole,
      read: (samples, history) => [
        per_unit(samples, history, ({ exchanges }) => exchanges),
        per_unit(samples, history, ({ errors }) => errors),
        per_unit(samples, history, ({ failed }) => failed),
      ],
      value: ([all, errors, failed]) => {
        const wrong = [
          [newest(errors) ?? 0, 'with an error'],
          [newest(failed) ?? 0, 'not served'],
        ].filter(([n]) => n > 0);
        return [count(newest(all) ?? 0), ...wrong.map(([n, word]) => `${count(n)} ${word}`)].join(
          ', ',
        );
      },
      say: ([all, errors, failed], unit) =>
        `Requests per ${unit}: ${counted(newest(all) ?? 0, 'request')} in the last ${unit}, ` +
        `${count(newest(errors) ?? 0)} answered with an error and ${count(newest(failed) ?? 0)} ` +
        `not served; at most ${count(highest(all))} in one ${unit}.`,
    });
    const first_byte = new chart('chart-first-byte', {
      title: () => 'Time to first byte',
      series: [
        { name: 'median', key: 'main', ink: '--accent' },
        { name: '95th percentile', key: 'muted', ink: '--muted', dash: [4, 3] },
      ],
      format: (value) => (value === 0 ? '0' : duration(value)),
      read: (samples) => [
        samples.map(({ first_byte_p50 }) => first_byte_p50),
        samples.map(({ first_byte_p95 }) => first_byte_p95),
      ],
      value: ([half, most]) => {
        const value = last_known(half);
        return value === null
          ? 'none'
          : `${duration(value)} / ${duration(last_known(most) ?? value)}`;
      },
      say: ([half, most]) => {
        const value = last_known(half);
        return value === null
          ? 'Time to first byte: no data yet.'
          : `Time to first byte: median ${duration(value)}, at most ${duration(highest(most))}.`;
      },
    });
    const tokens = new chart('chart-tokens', {
      title: () => 'Tokens per second',
      series: [{ name: 'streamed', key: 'main', ink: '--accent', fill: '--accent-soft' }],
      format: count,
      read: (samples, { interval }) => [
        samples.map(({ stream_events, seconds }) => stream_events / (seconds ?? interval)),
      ],
      value: ([rate]) => count(newest(rate) ?? 0),
      say: ([rate]) =>
        `Tokens per second, streamed: ${count(newest(rate) ?? 0)} now, ` +
        `at most ${count(highest(rate))}.`,
    });
    this.#all = [requests, first_byte, tokens];
  }

  // The history and the time of a status.
  render(history, now) {
    this.#recent = { history, now };
    this.#show();
  }

  #choose(range) {
    this.#range = range;
    this.#mark();
    this.#show();
    if (range.every) this.#poll.now();
    else this.#poll.plan();
  }

  #mark() {
    this.#buttons.forEach((button, at) =>
      button.setAttribute('aria-pressed', String(ranges[at] === this.#range)),
    );
    set_text(find('charts-title'), `The last ${this.#range.title}`);
  }

  async #ask() {
    const { name, every } = this.#range;
    if (!every) return;
    try {
      const history = await get(`/api/history?range=${name}`);
      // What has hardly begun says nothing yet.
      history.samples = history.samples.filter(({ seconds }) => seconds >= history.interval / 10);
      this.#past.set(name, { history, now: new Date(history.now) });
      this.#show();
    } catch {
      // The charts keep what they have; the request for the status tells of a lost connection.
    }
  }

  #show() {
    const { name, window_s, unit, every } = this.#range;
    const known = every ? this.#past.get(name) : this.#recent;
    if (!known) return;
    for (const each of this.#all) each.render({ ...known.history, window_s, unit }, known.now);
  }
}
