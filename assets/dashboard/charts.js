// The last 15 minutes as three charts, each with one sentence for screen readers.
import { el, find, set_text } from './dom.js';
import { count, counted, duration } from './format.js';
import uPlot from './vendor/uplot/uPlot.esm.js';

const window_s = 900;
const height = 112;

const color = (name) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

// The sum over the minute before each sample; single samples would vary too much.
function per_minute(samples, interval, pick) {
  const span = Math.max(1, Math.round(60 / interval));
  let sum = 0;
  return samples.map((sample, at) => {
    sum += pick(sample);
    if (at >= span) sum -= pick(samples[at - span]);
    return sum;
  });
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

  // `series` is {name, ink, dash, fill}. `format` formats a value. `read(samples, interval)` makes
  // the columns, `say(columns)` the sentence, and `value(columns)` the figure at the top.
  constructor(id, { title, series, format, read, value, say }) {
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
      el('div', { className: 'chart-head' }, el('h3', {}, title), this.figure),
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

  render(history, now) {
    this.#now = now / 1000;
    const times = history.samples.map(({ time }) => new Date(time) / 1000);
    const columns = this.#read(history.samples, history.interval);
    this.#data = [times, ...columns];
    if (!this.#plot) this.#build();
    this.#plot.setData(this.#data);
    set_text(this.figure, this.#value(columns));
    const label = this.say(columns);
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
          x: { range: () => [this.#now - window_s, this.#now] },
          y: { range: (u, low, high) => [0, high > 0 ? high * 1.15 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            gap: 6,
            space: 70,
            values: (u, at) => at.map((t) => clock.format(t * 1000)),
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

  // Shows the value under the pointer instead of the current value.
  #point(u) {
    const at = u.cursor.idx;
    const columns = this.#data.slice(1);
    if (at === null || at === undefined || u.cursor.left < 0) {
      set_text(this.figure, this.#value(columns));
      return;
    }
    const upto = columns.map((values) => values.slice(0, at + 1));
    set_text(this.figure, `${clock.format(this.#data[0][at] * 1000)}: ${this.#value(upto)}`);
  }
}

const newest = (values) => values.at(-1) ?? null;
const last_known = (values) => values.findLast((value) => value !== null) ?? null;
const highest = (values) => Math.max(0, ...values.filter((value) => value !== null));
const whole = (value) => (Number.isInteger(value) ? count(value) : '');

export class charts {
  #all;

  constructor() {
    const requests = new chart('chart-requests', {
      title: 'Requests per minute',
      series: [
        { name: 'all', key: 'main', ink: '--accent', fill: '--accent-soft' },
        { name: 'with an error', key: 'attention', ink: '--attention', dash: [2, 2] },
        { name: 'not served', key: 'bad', ink: '--bad', dash: [4, 3] },
      ],
      format: whole,
      read: (samples, interval) => [
        per_minute(samples, interval, ({ exchanges }) => exchanges),
        per_minute(samples, interval, ({ errors }) => errors),
        per_minute(samples, interval, ({ failed }) => failed),
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
      say: ([all, errors, failed]) =>
        `Requests per minute: ${counted(newest(all) ?? 0, 'request')} in the last minute, ` +
        `${count(newest(errors) ?? 0)} answered with an error and ${count(newest(failed) ?? 0)} ` +
        `not served; at most ${count(highest(all))} in a minute.`,
    });
    const first_byte = new chart('chart-first-byte', {
      title: 'Time to first byte',
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
      title: 'Tokens per second',
      series: [{ name: 'streamed', key: 'main', ink: '--accent', fill: '--accent-soft' }],
      format: count,
      read: (samples, interval) => [samples.map(({ stream_events }) => stream_events / interval)],
      value: ([rate]) => count(newest(rate) ?? 0),
      say: ([rate]) =>
        `Tokens per second, streamed: ${count(newest(rate) ?? 0)} now, ` +
        `at most ${count(highest(rate))}.`,
    });
    this.#all = [requests, first_byte, tokens];
  }

  render(history, now) {
    for (const each of this.#all) each.render(history, now);
  }
}
