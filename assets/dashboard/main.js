// Connects the parts of the page. The store is rendered to the views at most once per frame.
import { actions } from './actions.js';
import { charts } from './charts.js';
import { config_view } from './config.js';
import { connection } from './connection.js';
import { find, set_text } from './dom.js';
import { exchanges_view } from './exchanges.js';
import { explain_view } from './explain.js';
import { judge, unreachable } from './health.js';
import { hosts_view } from './hosts.js';
import { log_view } from './log.js';
import { notices, render_health } from './notices.js';
import { recoveries_view } from './recoveries.js';
import { requests_view } from './requests.js';
import { route_view } from './route.js';
import { settings_view } from './settings.js';
import { store } from './store.js';
import { describe } from './story.js';
import { try_view } from './try.js';

let due = false;
let drawn = null; // the status that the charts show

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(render);
}

const known = new store(later, announce);
const link = new connection(known, later);
const notifier = new notices(() => link.refresh());
const act = new actions(
  (text, good) => notifier.show_result(text, good),
  () => link.refresh(),
);
const views = [
  new hosts_view(act),
  new exchanges_view(act),
  new requests_view(() => older_requests(), later),
  new recoveries_view(() => older(), later),
  new route_view(),
  new settings_view(act),
  new try_view(),
];
const pictures = new charts();
const configuration = new config_view();
new log_view();
new explain_view();
let recovery_settings = null;

async function older() {
  try {
    await link.load_older();
  } catch (error) {
    notifier.show_result(`Older recoveries could not be loaded: ${error.message}.`, false);
  }
}

async function older_requests() {
  try {
    await link.load_older_requests();
  } catch (error) {
    notifier.show_result(`Older requests could not be loaded: ${error.message}.`, false);
  }
}

// Announces the beginning and the end of a recovery to screen readers.
function announce(record, before) {
  if (!before && record.outcome === 'pending')
    notifier.announce(`Recovery ${record.recovery} started on the host ${record.host}.`);
  else if (record.outcome !== 'pending' && before?.outcome !== record.outcome)
    notifier.announce(`Recovery ${record.recovery}: ${describe(record).headline}`);
}

function render() {
  due = false;
  const lost = link.phase === 'lost';
  known.stopped = lost;
  notifier.render(link, known);
  for (const view of views) view.render(known);
  const { status } = known;
  const since = (time) => known.seconds_since(time);
  const verdict = lost ? unreachable : judge(status, known.hosts, known.newest_first(), since);
  if (verdict) render_health(verdict);
  document.title = lost
    ? 'Disconnected: secondwind'
    : `${titles[verdict?.level ?? 'unknown']}: secondwind`;
  if (!status) return;
  set_text(find('version'), status.version);
  const settings = JSON.stringify(status.recovery);
  if (settings !== recovery_settings) configuration.refresh();
  recovery_settings = settings;
  if (drawn !== status) {
    drawn = status;
    pictures.render(status.history, new Date(status.now));
  }
}

const titles = {
  ok: 'All is well',
  working: 'Recovering',
  attention: 'Attention',
  bad: 'Down',
  unknown: 'Loading',
};

// Ages and countdowns change every second.
setInterval(later, 1000);
link.start();
later();
