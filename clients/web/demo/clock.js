import { $, jsonOf, readHistory, show, showConnection, urlOf } from './demo.js';

const SVG = 'http://www.w3.org/2000/svg';
const counts = { before: 0, since: 0 };

// Sixty marks, one for each second of a minute.
const marks = Array.from({ length: 60 }, (_, second) => {
  const mark = document.createElementNS(SVG, 'line');
  const long = second % 5 === 0;
  for (const [name, value] of Object.entries({ x1: 200, x2: 200, y1: 14, y2: long ? 42 : 34, transform: `rotate(${second * 6} 200 200)` }))
    mark.setAttribute(name, value);
  $('ring').append(mark);
  return mark;
});

function tick(text, when) {
  const second = Number(text.split(':')[2]);
  for (const mark of marks) mark.classList.remove('now');
  marks[second]?.setAttribute('class', `${when} now`);
  $('time').textContent = text;
  $(when).textContent = (counts[when] += 1).toLocaleString('en');
}

function hint(text) {
  $('hint').hidden = !text;
  $('hint').textContent = text;
}

async function start() {
  const past = await readHistory('clock', 'last=60');
  for (const event of past?.events ?? []) tick(event.data, 'before');
  if (past === null) hint('Nobody runs this clock. scripts/run.sh starts one.');
  const source = new EventSource(urlOf('clock', `events${past ? `?last_event_id=${past.cursor}` : ''}`));
  showConnection(source, $('state'));
  source.addEventListener('message', (event) => {
    hint('');
    if (event.data === '[DONE]') {
      source.close();
      show($('state'), 'ended');
    } else {
      tick(event.data, 'since');
    }
  });
  source.addEventListener('sluice.gap', (event) => {
    hint(`Some ticks are lost (${jsonOf(event).reason}): the clock goes on.`);
  });
}

start().catch((error) => show($('state'), 'failed', error.message));
