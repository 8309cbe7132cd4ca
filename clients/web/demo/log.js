import { AnsiText } from './ansi.js';
import { $, jsonOf, lastLine, make, readHistory, show, showConnection, timeOf, urlOf } from './demo.js';

// Lines that a page keeps; the oldest leave.
const MAX_LINES = 5000;
const HISTORY = 500;

const log = $('log');
let source;
let ansi;
let waiting = [];  // events that are not drawn yet
let following = true;
let ending = null;  // what is to be shown behind the last line
let counts;

function lineOf(event) {
  const line = make('div', event.note ? 'line soft' : 'line');
  const at = make('time', '', event.time ? timeOf(event.time) : '');
  if (event.time) at.dateTime = event.time;
  const text = make('span', 'text');
  text.append(...(event.note ? [event.note] : ansi.nodes(event.data)));
  line.append(at, text);
  return line;
}

// What is new is drawn 20 times a second at the most; while paused, not at all.
let drawing = 0;
function draw() {
  drawing = 0;
  if (following) {
    log.append(...waiting.map(lineOf));
    waiting = [];
    while (log.childElementCount > MAX_LINES) log.firstElementChild.remove();
    // What is shown below makes room for itself first.
    $('end').hidden = ending === null;
    if (ending) show($('end'), ending.state, ending.text);
    log.scrollTop = log.scrollHeight;
  }
  $('follow').disabled = following && ending !== null;
  const fresh = waiting.length;
  $('counts').textContent = fresh > 0 ? `${fresh.toLocaleString('en')} new ${fresh === 1 ? 'line' : 'lines'} below`
    : counts.lines > 0 ? `${counts.past.toLocaleString('en')} from history, ${(counts.lines - counts.past).toLocaleString('en')} live` : '';
}

function soon() {
  drawing ||= setTimeout(draw, 50);
}

function take(event) {
  if (!event.note) counts.lines += 1;
  waiting.push(event);
  // While paused, a page holds no more than it would show.
  if (waiting.length > MAX_LINES) waiting.shift();
  soon();
}

function follow(on) {
  following = on;
  $('follow').textContent = on ? 'Pause' : 'Follow';
  $('follow').setAttribute('aria-pressed', String(on));
  if (on) draw();
}

function over(state, text) {
  source?.close();
  ending = { state, text };
  show($('state'), state);
  soon();
}

const failed = ({ code, message }) => over('failed', `The log ends here: it failed with ${code}: ${message}`);

function listen(topic, query) {
  const url = urlOf(topic, `events?${query}envelope=json`);
  $('request').textContent = `new EventSource('${url}')`;
  source = new EventSource(url);
  showConnection(source, $('state'));
  let broken = null;
  source.addEventListener('message', (event) => {
    if (lastLine(event) !== '[DONE]') take(jsonOf(event));
    else if (broken) failed(broken);
    else over('ended', 'The log ends here: it is complete.');
  });
  source.addEventListener('error', (event) => {
    if (event instanceof MessageEvent) broken = jsonOf(event);
  });
  source.addEventListener('sluice.gap', (event) => {
    take({ note: `lines are missing here (${jsonOf(event).reason})` });
  });
}

let opened = 0;
async function open(topic) {
  const mine = ++opened;
  source?.close();
  log.replaceChildren();
  ansi = new AnsiText();
  waiting = [];
  ending = null;
  counts = { lines: 0, past: 0 };
  follow(true);
  $('topic').value = topic;
  show($('state'), 'connecting');
  let past;
  try {
    past = await readHistory(topic, `last=${HISTORY}`);
  } catch (error) {
    if (mine === opened) show($('state'), 'refused', error.message);
    return;
  }
  if (mine !== opened) return;
  if (past === null) return listen(topic, '');
  past.events.forEach(take);
  counts.past = counts.lines;
  if (!past.ended) listen(topic, `last_event_id=${past.cursor}&`);
  else if (past.error) failed(past.error);
  else over('ended', 'The log ends here: it is complete.');
}

$('open').addEventListener('submit', (event) => {
  event.preventDefault();
  const hash = `#${$('topic').value.trim()}`;
  if (location.hash === hash) open(hash.slice(1));
  else location.hash = hash;
});
$('follow').addEventListener('click', () => follow(!following));
// Who looks back wants the page to stand still.
const looksBack = () => {
  if (following && log.scrollHeight - log.scrollTop - log.clientHeight > 4) follow(false);
};
log.addEventListener('wheel', (event) => { if (event.deltaY < 0) requestAnimationFrame(looksBack); }, { passive: true });
log.addEventListener('touchmove', looksBack, { passive: true });
log.addEventListener('keydown', (event) => {
  if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) setTimeout(looksBack, 200);
  if (event.key === 'End') follow(true);
});

const wanted = () => decodeURIComponent(location.hash.slice(1)) || 'build.demo';
addEventListener('hashchange', () => open(wanted()));
open(wanted());
