// Which host a request for a model goes to, shown when somebody asks.
import { get } from './api.js';
import { el, find, keyed, set_hidden, set_text } from './dom.js';
import { duration, sentence } from './format.js';

const reasons = {
  loaded: 'the model is loaded there',
  loading: 'another request is loading the model there',
  room: 'it has room to load the model',
  evict: 'it has to unload something to load the model, and is the cheapest all the same',
  perhaps: 'it is not known whether it has the model',
  unnamed: 'no host lists this model, and this one has the least to do',
  only: 'there is no other host',
  fallback: 'requests are not routed by model (routing.mode)',
};

const hindrances = {
  draining: 'An operator drains it.',
  resting: 'It could not be reached, and is left alone for a while.',
  models: 'upstreams[].models excludes this model.',
  max_in_flight: 'It has as many requests as upstreams[].max_in_flight allows.',
};

const residences = {
  loaded: 'loaded',
  loading: 'loading',
  on_disk: 'on disk',
  perhaps: 'perhaps there',
  absent: 'not there',
};

const terms = ['queue', 'load', 'victims', 'reread', 'handicap'];

function sum(price) {
  const parts = terms.filter((term) => price[term] > 0);
  return parts.length > 0
    ? parts.map((term) => `${term} ${duration(price[term])}`).join(' + ')
    : 'nothing to wait for';
}

// One line for each host: the candidates, then the others.
function lines({ chosen, candidates, others }) {
  return [
    ...candidates.map(({ host, residence, price, hindrance }) => ({
      host,
      chosen: host === chosen?.host,
      total: duration(price.total),
      detail: `${residences[residence] ?? residence}: ${sum(price)}`,
      note: hindrances[hindrance] ?? '',
    })),
    ...others.map(({ host, hindrance }) => ({
      host,
      chosen: false,
      total: 'no candidate',
      detail: hindrances[hindrance] ?? '',
      note: '',
    })),
  ];
}

export class route_view {
  #asked = 0;

  constructor() {
    find('route-form').onsubmit = (event) => {
      event.preventDefault();
      this.#ask(find('route-model').value.trim());
    };
  }

  render(store) {
    const hosts = store.hosts ?? [];
    set_hidden(find('route'), hosts.length < 2);
    const models = hosts.flatMap((host) => host.models.map(({ key }) => key));
    keyed(
      find('route-models'),
      [...new Set(models)].sort(),
      (key) => key,
      (key) => el('option', { value: key }),
      () => {},
    );
  }

  async #ask(model) {
    const number = ++this.#asked;
    let answer = '';
    let offers = [];
    try {
      const route = await get(`/api/route?model=${encodeURIComponent(model)}`);
      const { host, reason } = route.chosen ?? {};
      answer = host
        ? `A request for ${model} goes to ${host}: ${reasons[reason] ?? reason}.`
        : route.waits
          ? `A request for ${model} waits: every host that may serve it is at its limit.`
          : `A request for ${model} is refused: no host takes requests.`;
      offers = lines(route);
    } catch (error) {
      answer = `This could not be found out: ${sentence(error.message)}`;
    }
    // The answer to a later question may have come first.
    if (number === this.#asked) this.#show(answer, offers);
  }

  #show(answer, offers) {
    set_text(find('route-answer'), answer);
    keyed(
      find('route-hosts'),
      offers,
      ({ host }) => host,
      ({ host }) => this.#create(host),
      (row, offer) => this.#update(row, offer),
    );
  }

  #create(host) {
    const parts = {
      chosen: el('span', { className: 'tag' }, 'cheapest'),
      total: el('span', { className: 'number' }),
      detail: el('span', { className: 'muted' }),
      note: el('span', { className: 'muted' }),
    };
    const row = el(
      'li',
      { className: 'row offer' },
      el('span', { className: 'name' }, el('strong', {}, host), parts.chosen),
      parts.total,
      el('div', { className: 'line-two' }, parts.detail, parts.note),
    );
    row.parts = parts;
    return row;
  }

  #update({ parts }, { chosen, total, detail, note }) {
    set_hidden(parts.chosen, !chosen);
    set_text(parts.total, total);
    set_text(parts.detail, detail);
    set_text(parts.note, note);
  }
}
