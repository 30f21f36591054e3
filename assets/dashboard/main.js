// Puts the page together: what is known goes to the views, at most once a frame.
import { actions } from './actions.js';
import { charts } from './charts.js';
import { connection } from './connection.js';
import { find, set_text } from './dom.js';
import { exchanges_view } from './exchanges.js';
import { judge, unreachable } from './health.js';
import { hosts_view } from './hosts.js';
import { notices, render_health } from './notices.js';
import { recoveries_view } from './recoveries.js';
import { settings_view } from './settings.js';
import { store } from './store.js';
import { tell } from './story.js';

let due = false;
let drawn = null; // what the charts show

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(render);
}

const known = new store(later, announce);
const link = new connection(known, later);
const told = new notices(() => link.refresh());
const act = new actions(
  (text, good) => told.show_result(text, good),
  () => link.refresh(),
);
const views = [
  new hosts_view(act),
  new exchanges_view(act),
  new recoveries_view(() => older()),
  new settings_view(act),
];
const pictures = new charts();

async function older() {
  try {
    await link.load_older();
  } catch (error) {
    told.show_result(`Older recoveries could not be had: ${error.message}.`, false);
  }
}

// A reader who cannot see the page hears of a recovery's beginning and its end.
function announce(record, before) {
  if (!before && record.outcome === 'pending')
    told.tell(`Recovery ${record.recovery} began on the host ${record.host}.`);
  else if (record.outcome !== 'pending' && before?.outcome !== record.outcome)
    told.tell(`Recovery ${record.recovery}: ${tell(record).headline}`);
}

function render() {
  due = false;
  const lost = link.phase === 'lost';
  known.stopped = lost;
  told.render(link, known);
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
  if (drawn !== status) {
    drawn = status;
    pictures.render(status.history, new Date(status.now));
  }
}

const titles = {
  ok: 'All is well',
  working: 'Recovering',
  attention: 'Look here',
  bad: 'Down',
  unknown: 'Asking',
};

// Ages and countdowns go on by themselves.
setInterval(later, 1000);
link.start();
later();
